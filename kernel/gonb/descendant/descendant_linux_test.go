package descendant

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

func TestDescendants(t *testing.T) {
	cmd := exec.Command("sh", "-c", "sleep 1000 & wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, p := range append(Of(cmd.Process.Pid), Process{ID: cmd.Process.Pid}) {
			if child, err := os.FindProcess(p.ID); err == nil {
				_ = child.Kill()
			}
		}
		_ = cmd.Wait()
	}()
	isSleep := func(p Process) bool { return p.Name == "sleep" && p.Parent == cmd.Process.Pid }
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if slices.ContainsFunc(Of(os.Getpid()), isSleep) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("sleep is not among %v", Of(os.Getpid()))
		}
	}
}

func TestParseStat(t *testing.T) {
	for _, test := range []struct {
		text, name string
		parent     int
		ok         bool
	}{
		{"12 (sh) S 11 12 12 0", "sh", 11, true},
		{"12 (a) b ( c) R 7 1", "a) b ( c", 7, true},
		{"12 (sh) S", "", 0, false},
		{"", "", 0, false},
		{"12 )x( S 1", "", 0, false},
	} {
		name, parent, ok := parseStat([]byte(test.text))
		if ok != test.ok || ok && (name != test.name || parent != test.parent) {
			t.Errorf("%q: %q, %d, %v", test.text, name, parent, ok)
		}
	}
}
