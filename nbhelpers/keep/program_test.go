package keep

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPrograms keeps values between two programs that were built apart, with their declarations in another order.
func TestPrograms(t *testing.T) {
	dir := folder(t)
	for _, c := range []struct{ program, want string }{
		{"writer", "bad: func() int cannot be kept: it is a closure or method value\n"},
		{"reader", `local: this program does not know type main.inside, which the value has; the value stays kept
2026-01-02 03:04:05.000000006 +0100 HERE read: EOF true
2 true true b.jpg UP 6
(5,6)-(7,8) {9 9 9 255}
4 x
`},
	} {
		program := filepath.Join(t.TempDir(), c.program)
		if out, err := exec.Command("go", "build", "-o", program, "./testdata/"+c.program).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err := exec.Command(program, dir).CombinedOutput()
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", c.program, err, out, c.want)
		}
	}
}
