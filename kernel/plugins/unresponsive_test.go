package plugins

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/magictest"
)

func init() {
	programs["halfway"] = func() { unanswering(func(net.Conn) {}) }
	programs["settings"] = func() {
		unanswering(func(c net.Conn) { _, _ = c.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}) }) // HTTP/2's empty SETTINGS
	}
}

// unanswering is a program that says where it listens, greets who connects, and answers nothing.
func unanswering(greet func(net.Conn)) {
	path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	fmt.Printf("1|1|unix|%s|grpc\n", path)
	for {
		c, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		greet(c)
	}
}

// within fails the test when work takes far longer than any patience with a plugin.
func within(t *testing.T, what string, work func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-time.After(45 * time.Second):
		t.Fatalf("%s: not done within 45 s", what)
		return nil
	}
}

// stopProcess makes a plugin answer nothing more, as one that swaps or hangs.
func stopProcess(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	eventually(t, "the process stops", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
}

func TestAPluginThatAnswersNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	install(t, home, "halfway", "settings")
	k := newKernel(t, home)
	k.options.StartTimeout = 500 * time.Millisecond
	wantError(t, within(t, "loading", func() error { return k.Load(t.Context()) }),
		"start the plugin halfway", "it did not answer within 500ms", "the plugin settings")
}

func TestAPluginThatHangsIsEndedByTheInterrupt(t *testing.T) {
	t.Parallel()
	k := loaded(t, "toy")
	k.mustRun(t, "%count")
	pid := k.Plugins()[0].Pid
	stopProcess(t, pid)
	ctx, interrupt := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer interrupt()
	long := strings.Repeat("x", 300<<10) // more than gRPC sends without an answer
	err := within(t, "the cell", func() error { return k.run(ctx, &magictest.Host{}, "%%echo\n"+long) })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	eventually(t, "the process is gone", func() bool { return !exists(pid) })
}

func TestAnAdoptedPluginThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	k := loaded(t, "background")
	k.mustRun(t, "%work 1h")
	pid := k.Plugins()[0].Pid
	k.Close(time.Minute)
	next := newKernel(t, k.home)
	if err := next.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := next.Warm(t.Context()); err != nil || !next.Plugins()[0].Adopted {
		t.Fatalf("not adopted: %v", err)
	}
	stopProcess(t, pid)
	if err := within(t, "restart", func() error { return next.Restart(t.Context(), "background") }); err != nil {
		t.Error(err)
	}
	eventually(t, "the process is gone", func() bool { return !exists(pid) })
}
