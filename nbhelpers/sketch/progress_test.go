package sketch

import (
	"strings"
	"testing"
)

func TestNotesBelowAProgress(t *testing.T) {
	p := Progress{Label: "features", Done: 3, Total: 4, Unit: "images"}
	if got := p.Noted(40, nil); got != p.Text(40) {
		t.Errorf("without notes it is %q", got)
	}
	lines := strings.Split(p.Noted(40, []string{"Fine-tuning takes about 12 minutes on this machine.", "It may stop earlier."}), "\n")
	if len(lines) != 4 || lines[0] != p.Text(40) || lines[3] != "It may stop earlier." {
		t.Errorf("with notes it is %q", lines)
	}
	for _, line := range lines {
		if Width(line) > 40 {
			t.Errorf("%q is wider than 40 columns", line)
		}
	}
}
