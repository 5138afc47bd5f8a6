package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/peer"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

const stranger = 54321 // a user ID that nobody has

// as runs a function on a thread of another user.
func as(t *testing.T, user uintptr, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		need.Lack(t, need.Root, "to act as another user")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const same = ^uintptr(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, user, same); errno != 0 {
		t.Fatal(errno)
	}
	defer func() {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, same, 0, same); errno != 0 {
			panic(errno)
		}
	}()
	do()
}

func TestAClientSendsNothingToAnotherUsersServer(t *testing.T) {
	folder := shortDir(t)
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	path := warm.SocketPath(folder)
	var listener net.Listener
	var err error
	as(t, stranger, func() { listener, err = net.Listen("unix", path) })
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var received atomic.Int64
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		n, _ := conn.Read(make([]byte, 1024))
		received.Add(int64(n))
		_ = conn.Close()
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	err = warm.NewClient(path).Call(ctx, warm.MethodModels, nil, nil)
	var foreign *peer.ForeignError
	if !errors.As(err, &foreign) || received.Load() > 0 {
		t.Errorf("%d bytes were sent; %v", received.Load(), err)
	}
}

func TestAServerAnswersNoOtherUser(t *testing.T) {
	path := serve(t, scripted)
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	var err error
	as(t, stranger, func() { conn, err = net.Dial("unix", path) })
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = conn.Write([]byte(`{"id":1,"method":"models"}` + "\n"))
	if n, err := conn.Read(make([]byte, 1024)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes came; %v", n, err)
	}
}

func TestAServerListensInNoOpenFolder(t *testing.T) {
	folder := shortDir(t)
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	var untrusted *paths.UntrustedError
	if _, err := Listen(warm.SocketPath(folder)); !errors.As(err, &untrusted) {
		t.Errorf("got %v", err)
	}
}
