package cell_test

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/registry"
)

func TestWithFlagFindsCalls(t *testing.T) {
	for _, c := range []struct {
		code, want string
		calls      int
	}{
		{"%train --lr 0.1\n%training", "%train --lr 0.1 --epochs=3\n%training", 1},
		{"%train \\\n  --lr 0.1\nx := 1", "%train \\\n  --lr 0.1 --epochs=3\nx := 1", 1},
		{"%train\n%train\n", "%train --epochs=3\n%train --epochs=3\n", 2},
		{"x := `\n%train`\n", "x := `\n%train`\n", 0},
		{"/*\n%train\n*/\n%train", "/*\n%train\n*/\n%train --epochs=3", 1},
		{"%%train\n%train", "%%train --epochs=3\n%train", 1},
		{"%%timeit\n%train", "%%timeit\n%train --epochs=3", 1},
		{"!echo \\\n%train", "!echo \\\n%train", 0},
		{"%train\r\nx", "%train --epochs=3\nx", 1},
		{"x", "x", 0},
	} {
		got, calls := registry.WithFlag(c.code, "train", "epochs", "3", cell.NewScanner())
		if got != c.want || calls != c.calls {
			t.Errorf("%q: %q in %d calls, want %q in %d", c.code, got, calls, c.want, c.calls)
		}
	}
}
