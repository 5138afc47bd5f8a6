package position

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

func TestOf(t *testing.T) {
	code := "import \"os\"\nfunc f() {}\n%%\nif true {\n\tfmt.Prin"
	if at := Of(code, len([]rune(code))); at.Line != 5 || at.Character != 9 {
		t.Errorf("the cursor is at %v", at)
	}
}

// Cells come from strangers' notebooks: no cursor in one may stop the kernel.
func FuzzCursor(f *testing.F) {
	for _, code := range []string{"%%\nx := 1", "func f[T any](", "!\\\n%", "//gonb:%%\\\n\\", "%env A=\nvar a, b = f()", "`%\n%%\n", "x := \"\U0001F600\""} {
		f.Add(code, 3)
	}
	f.Fuzz(func(t *testing.T, code string, cursor int) {
		at := Of(code, cursor)
		cursor = min(max(cursor, 0), len([]rune(code)))
		if got := Back(code, cursor, gopls.Position{Line: at.Line}, at); cursor-got > at.Character {
			t.Errorf("the cursor went from %d to %d, its line begins %d units before it", cursor, got, at.Character)
		}
		_ = IdentifierBefore(code, cursor)
		_ = Name(code, cursor)
	})
}
