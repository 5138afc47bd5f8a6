package transfertest

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// masked is what differs from one machine or hour to the next.
var masked = regexp.MustCompile(`"weights_digest":"[0-9a-f]+"`)

// Transcript is what a cell shows, as text. What a clock or a processor decides is left out.
func Transcript(host *magictest.Host, err error) string {
	var b strings.Builder
	fmt.Fprint(&b, host.Output(), host.Errors())
	for _, shown := range host.Outputs() {
		last := shown.Bundles[len(shown.Bundles)-1].Data
		text, _ := last[display.MIMEText].(string)
		if _, isRun := last[figure.MIMERun]; isRun || strings.HasPrefix(text, "Epochs") || strings.HasPrefix(text, "comparison of") {
			text, _, _ = strings.Cut(text, "\n") // numbers and times follow
		}
		fmt.Fprintf(&b, "[%s]\n%s\n", strings.Join(slices.Sorted(maps.Keys(last)), " "), strings.TrimRight(text, "\n"))
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return masked.ReplaceAllString(b.String(), `"weights_digest":"..."`)
}

// TextOf is the text of the output whose first line starts with a title.
func TextOf(t *testing.T, host *magictest.Host, title string) string {
	t.Helper()
	for _, shown := range host.Outputs() {
		data := shown.Bundles[len(shown.Bundles)-1].Data
		if text, _ := data[display.MIMEText].(string); strings.HasPrefix(text, title) {
			if data[display.MIMEPNG] == nil {
				t.Errorf("%s has no image", title)
			}
			return text
		}
	}
	t.Fatalf("nothing is shown that starts with %q", title)
	return ""
}

// TextShown is the text of all that is shown.
func TextShown(host *magictest.Host) string {
	var b strings.Builder
	for _, shown := range host.Outputs() {
		text, _ := shown.Bundles[len(shown.Bundles)-1].Data[display.MIMEText].(string)
		b.WriteString(text + "\n")
	}
	return b.String()
}

// CompareGolden compares what was shown with a golden file, or writes it there.
func CompareGolden(t *testing.T, file, got string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := safefile.ReadFile(file, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: the cells show something else (-want +got); -update where that is meant:\n%s", file, diff)
	}
}
