package plugins

import (
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
)

// listening takes the place of a plugin's socket and counts the bytes that a kernel sends to it.
func listening(t *testing.T, socket string) *atomic.Int64 {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	received := &atomic.Int64{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				buffer := make([]byte, 1024)
				for {
					n, err := conn.Read(buffer)
					received.Add(int64(n))
					if err != nil {
						return
					}
				}
			}()
		}
	}()
	return received
}

// shortFolder is a private folder for sockets.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "hs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// leftRecord is what a kernel has left of a process of the plugin toy, with the launch that would adopt it.
func leftRecord(t *testing.T, pid int, socket string) (launch, string) {
	t.Helper()
	home := t.TempDir()
	install(t, home, "toy")
	l := launch{
		binary: Binary{"toy", filepath.Join(Folder(home), "headstart-toy")}, running: runningFolder(home), detached: true,
		timeout: 2 * time.Second, log: slog.New(slog.DiscardHandler),
	}
	b, err := buildOf(l.binary.Path)
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(runningRecord{b, pid, socket, here})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.running, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.running, "toy-1.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return l, path
}

// sleeper is a process that lives while the test runs.
func sleeper(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	return cmd.Process.Pid
}

func wantNotAdopted(t *testing.T, l launch, path string, received *atomic.Int64) {
	t.Helper()
	if p := adopt(l); p != nil {
		t.Errorf("process %d was adopted", p.pid)
	}
	time.Sleep(50 * time.Millisecond) // for what was sent to arrive
	if n := received.Load(); n > 0 {
		t.Errorf("the kernel sent %d bytes", n)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the record is still there")
	}
}

func TestAForeignProcessIsNotAdopted(t *testing.T) {
	t.Run("another process at the socket", func(t *testing.T) {
		socket := filepath.Join(shortFolder(t), "s")
		received := listening(t, socket)
		l, path := leftRecord(t, sleeper(t), socket)
		wantNotAdopted(t, l, path, received)
	})
	t.Run("the recorded process has ended", func(t *testing.T) {
		ended := exec.Command("true")
		if err := ended.Run(); err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(shortFolder(t), "s")
		received := listening(t, socket)
		l, path := leftRecord(t, ended.Process.Pid, socket)
		wantNotAdopted(t, l, path, received)
	})
	t.Run("a folder that others can write to", func(t *testing.T) {
		folder := shortFolder(t)
		if err := os.Chmod(folder, 0o777); err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(folder, "s")
		received := listening(t, socket)
		l, path := leftRecord(t, os.Getpid(), socket)
		wantNotAdopted(t, l, path, received)
	})
	t.Run("another user's socket", func(t *testing.T) {
		if os.Getuid() != 0 {
			need.Lack(t, need.Root, "to make a socket of another user")
		}
		socket := filepath.Join(shortFolder(t), "s")
		received := listening(t, socket)
		if err := os.Chown(socket, 54321, 54321); err != nil {
			t.Fatal(err)
		}
		l, path := leftRecord(t, os.Getpid(), socket)
		wantNotAdopted(t, l, path, received)
	})
}

func TestARecordThatIsNoFileIsLeftAlone(t *testing.T) {
	socket := filepath.Join(shortFolder(t), "s")
	received := listening(t, socket)
	l, path := leftRecord(t, os.Getpid(), socket)
	elsewhere := filepath.Join(t.TempDir(), "record")
	if err := os.Rename(path, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(l.running, "toy-2.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan *instance, 1)
	go func() { done <- adopt(l) }()
	select {
	case p := <-done:
		if p != nil || received.Load() > 0 {
			t.Errorf("a record behind a link was used: %v", p)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a pipe in the place of a record blocks the kernel")
	}
}

func TestTheRecordGoesWithItsProcess(t *testing.T) {
	k := loaded(t, "background")
	k.mustRun(t, "%work 1h")
	records := func() []string {
		left, err := filepath.Glob(filepath.Join(runningFolder(k.home), "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	if len(records()) != 1 {
		t.Fatalf("records of a running process: %v", records())
	}
	if err := syscall.Kill(k.Plugins()[0].Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the record is removed", func() bool { return len(records()) == 0 })
}

func TestSocketsLieInAPrivateFolder(t *testing.T) {
	open := shortFolder(t)
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"", open} {
		folder, err := socketFolder(wanted)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(folder)
		if err != nil || folder == open || info.Mode().Perm() != 0o700 {
			t.Errorf("%q: %s, %v, %v", wanted, folder, info, err)
		}
	}
	if folder, err := socketFolder(shortFolder(t)); err != nil || folder == "" {
		t.Errorf("a private folder: %q, %v", folder, err)
	}
}
