package transfer_test

import (
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// Beside a training run what looks at runs, and nothing that would change a dataset, a model or the device.
func TestWhichMagicsRunBesideACell(t *testing.T) {
	want := []string{"runs", "runs list --json", "runs compare a b", "attach", "attach a --stop"}
	for _, line := range append(want, "runs rm a", "runs prune", "train", "dataset sample", "model resnet50", "device cpu", "clean", "tune", "load x") {
		name, rest := line, ""
		for i, c := range line {
			if c == ' ' {
				name, rest = line[:i], line[i:]
				break
			}
		}
		list := transfertest.Open(t, t.TempDir()).Magics()
		i := slices.IndexFunc(list, func(m magics.Magic) bool { return m.Name() == name })
		if i < 0 {
			t.Fatalf("no %%%s", name)
		}
		if got := magics.RunsBeside(list[i], rest); got != slices.Contains(want, line) {
			t.Errorf("%%%s runs beside a cell: %t", line, got)
		}
	}
}
