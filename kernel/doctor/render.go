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
		width = max(width, len(check.Name))
	}
	for _, check := range r.Checks {
		fmt.Fprintf(&text, "%-8s %-*s  %s\n", check.State, width, check.Name, check.Found)
		if check.Repair != "" {
			fmt.Fprintf(&text, "%-8s %-*s  repair: %s\n", "", width, "", check.Repair)
		}
	}
	if failed := r.Failed(); failed > 0 {
		fmt.Fprintf(&text, "%d of %d checks failed.\n", failed, len(r.Checks))
	} else {
		text.WriteString("Everything that is needed works.\n")
	}
	return text.String()
}
