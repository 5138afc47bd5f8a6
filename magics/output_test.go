package magics_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/magictest"
)

// A cell has no shell that replaces the ~ of a path.
func TestOutputGoesBelowTheHomeFolder(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(t.TempDir())
	for _, line := range []string{"%data list > ~/out.txt", "%data list >> ~/out.txt"} {
		if err := (&magictest.Host{}).Run(t.Context(), group, line); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(home, "out.txt"))
	if half := len(text) / 2; err != nil || half == 0 || string(text[:half]) != string(text[half:]) {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTheInterruptEndsAPipeline also has to end what the shell has started.
func TestTheInterruptEndsAPipeline(t *testing.T) {
	h := &magictest.Host{}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx, group, "%data list | sleep 1000 & echo $!; wait") }()
	deadline := time.Now().Add(30 * time.Second)
	for !strings.HasSuffix(h.Output(), "\n") && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	child, err := strconv.Atoi(strings.TrimSpace(h.Output()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(child, syscall.SIGKILL) }()
	interrupt()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the magic still runs")
	}
	for runs(child) {
		if time.Now().After(deadline) {
			t.Fatal("what the shell has started still runs")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func runs(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ") // a container may leave it unreaped
}
