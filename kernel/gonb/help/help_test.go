package help

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
)

func TestEveryCommandHasHelp(t *testing.T) {
	for _, name := range cell.CommandNames() {
		if summaries[name] == "" {
			t.Errorf("%%%s has none", name)
		}
	}
}

// Cells come from strangers' notebooks: no cursor in one may stop the kernel.
func FuzzCommand(f *testing.F) {
	for _, code := range []string{"%%\nx := 1", "!\\\n%", "//gonb:%%\\\n\\", "%env A=\nvar a, b = f()", "`%\n%%\n", "%😀"} {
		f.Add(code, 3)
	}
	f.Fuzz(func(t *testing.T, code string, cursor int) {
		_, _ = Inspect(code, cursor)
		_, _ = CommandAt(code, cursor)
	})
}
