package peer_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/peer"
)

// listenAs listens as another user, which the system remembers of the thread that asks.
func listenAs(t *testing.T, user uintptr, path string) net.Listener {
	t.Helper()
	if os.Getuid() != 0 {
		need.Lack(t, need.Root, "to act as another user")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := listener.(*net.UnixListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const same = ^uintptr(0)
	_ = raw.Control(func(fd uintptr) {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, user, same); errno != 0 {
			t.Fatal(errno)
		}
		err = syscall.Listen(int(fd), 8) // again, which takes over who asks
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, 0, same); errno != 0 {
			panic(errno)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func TestAnotherUsersProcessIsRefused(t *testing.T) {
	folder, err := os.MkdirTemp("", "hs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "s")
	listener := listenAs(t, 54321, path)
	defer listener.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var foreign *peer.ForeignError
	if err := peer.Check(conn.(*net.UnixConn), 0); !errors.As(err, &foreign) || foreign.Found.User != 54321 {
		t.Errorf("got %v", err)
	}
}
