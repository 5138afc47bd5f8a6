package cell

import (
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
)

// hang is far above what linear time takes on a busy machine, and far below what quadratic time takes.
const hang = 30 * time.Second

// What a client sends is judged in about linear time: is_complete is answered in the loop that reads requests.
func TestCompletenessOfLongCellsIsQuick(t *testing.T) {
	for _, unit := range []string{"\\\n", "!\\\n", "%\\\n", "(", "{", "[", "`", "\"", "'", "/*", "//gonb:!\\\n", "%%\n", "x\n", "x+", "1 +", "func(", "-", "!", "a.", "if x {\n", "[]", "*", "func f() {}\n", "/**/", "\\", "%x \\\n", "!!\n", "a,"} {
		for _, prefix := range []string{"", "!", "%%\n", "%cd \\\n"} {
			code := prefix + strings.Repeat(unit, 100_000/len(unit))
			begin := time.Now()
			Completeness(code)
			if took := time.Since(begin); took > hang {
				t.Errorf("completeness of %q and many %q took %v", prefix, unit, took)
			}
			begin = time.Now()
			registry.ParseCell(code, func(string) bool { return false }, &goScan{})
			if took := time.Since(begin); took > hang {
				t.Errorf("parsing %q and many %q took %v", prefix, unit, took)
			}
			begin = time.Now()
			_ = New(code, 0).Check(registry.New().Unknown)
			if took := time.Since(begin); took > hang {
				t.Errorf("the commands of %q and many %q took %v", prefix, unit, took)
			}
		}
	}
}
