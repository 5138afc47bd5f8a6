package filelock

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// holderPath names the file that a child process of this test locks until it is killed.
const holderPath = "HEADSTART_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(holderPath); path != "" {
		if _, err := Try(path); err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString("locked\n")
		select {}
	}
	os.Exit(m.Run())
}

// hold starts a process that holds the lock of a file.
func hold(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), holderPath+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	if _, err := out.Read(make([]byte, 7)); err != nil {
		t.Fatal(err)
	}
	return child
}

func TestALockEndsWithItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	holder := hold(t, path)
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Fatalf("a second lock gave %v", err)
	}
	if !Held(path) {
		t.Error("a held lock was reported free")
	}
	waited := false
	go func() {
		time.Sleep(100 * time.Millisecond)
		_ = holder.Process.Kill()
	}()
	lock, err := Acquire(t.Context(), path, func() { waited = true })
	if err != nil || !waited {
		t.Fatalf("after the holder's end: %v, waited %v", err, waited)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if Held(path) {
		t.Error("a lock that was given back was reported held")
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	hold(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Acquire(ctx, path, nil); !errors.Is(err, ErrHeld) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestARemovedFileIsNoLock: a process that waits for a lock whose file is then removed must not hold a lock that nobody sees.
func TestARemovedFileIsNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	second, err := Try(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Try(path); !errors.Is(err, ErrHeld) {
		t.Errorf("a third lock gave %v", err)
	}
}

func TestLinksAndPipesAreRefused(t *testing.T) {
	dir := t.TempDir()
	link, pipe := filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Try(link); err == nil {
		t.Error("a link was followed")
	}
	if _, err := os.Stat(filepath.Join(dir, "elsewhere")); err == nil {
		t.Error("the link's target was made")
	}
	if lock, err := Try(pipe); err == nil { // it did not wait, which is what counts
		lock.Close()
	}
}
