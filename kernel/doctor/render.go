package doctor

import (
	"fmt"
	"strings"
)

// Text is the report for a terminal.
func (r Report) Text() string {
	var text strings.Builder
	width := 0
	for _, check := range r.Checks {
		width = max(width, len(check.Subject))
	}
	for _, check := range r.Checks {
		fmt.Fprintf(&text, "%-8s %-*s  %s\n", check.Severity, width, check.Subject, check.Sentence)
		if check.Fix != "" {
			fmt.Fprintf(&text, "%-8s %-*s  fix: %s\n", "", width, "", check.Fix)
		}
	}
	if failed := r.Failed(); failed > 0 {
		fmt.Fprintf(&text, "%d of %d checks failed.\n", failed, len(r.Checks))
	} else {
		text.WriteString("Everything that is needed works.\n")
	}
	return text.String()
}
