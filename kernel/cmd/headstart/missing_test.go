package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// A kernel starts without a home folder, in a working directory that is gone, with a TMPDIR that is not there, and says what
// that costs.
func TestKernelStartsWhereFoldersAreMissing(t *testing.T) {
	for _, test := range []struct {
		name string
		user int // 0: the one of the test
		says []string
	}{
		{"of this user", 0, []string{"the folder that the kernel was started in is gone"}},
		{"of a user without a home", 54321, []string{"the folder that the kernel was started in is gone", "HOME is "}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.user != 0 && os.Getuid() != 0 {
				need.Lack(t, need.Root, "to run as a user without a home")
			}
			startWithoutFolders(t, test.user, test.says)
		})
	}
}

func startWithoutFolders(t *testing.T, user int, says []string) {
	base := shared(t)
	self := filepath.Join(base, "headstart")
	copyFile(t, os.Args[0], self)
	file, gone := filepath.Join(base, "kernel-1.json"), filepath.Join(base, "gone")
	if err := (wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", SignatureScheme: "hmac-sha256", Key: "key"}).Write(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(gone, 0o777); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	kernel := exec.Command("/bin/sh", "-c", `rmdir "$PWD"; exec "$0" kernel --connection-file "$1"`, self, file)
	kernel.Dir = gone
	kernel.Env = []string{asProgram + "=1", "PATH=/usr/bin:/bin", "TMPDIR=" + filepath.Join(base, "missing"), "HOME=" + filepath.Join(base, "nobody")}
	kernel.Stderr = &log
	if user != 0 {
		kernel.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
		for _, path := range []string{file, gone} {
			if err := os.Chown(path, user, user); err != nil {
				t.Fatal(err)
			}
		}
		left := fmt.Sprintf("/tmp/headstart-%d", user)
		if _, err := os.Stat(left); err != nil {
			t.Cleanup(func() { _ = os.RemoveAll(left) })
		}
	} else {
		kernel.Env = append(kernel.Env, paths.HomeVar+"="+t.TempDir())
	}
	if err := kernel.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- kernel.Wait() }()
	client := &testClient{t: t, session: "client"}
	client.connect(file)
	var reply wire.ExecuteReply
	client.ask("execute_request", wire.ExecuteRequest{Code: "%clear", StoreHistory: true}, &reply)
	if reply.Status != wire.StatusOK {
		t.Errorf("%%clear: %v", reply.Error)
	}
	var shutdown wire.Shutdown
	client.ask("shutdown_request", wire.Shutdown{}, &shutdown)
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the kernel ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		_ = kernel.Process.Kill() // the test has failed already
		<-ended
		t.Error("the kernel does not end")
	}
	for _, text := range says {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log lacks %q:\n%s", text, &log)
		}
	}
}

// shared is a folder that every user can write to.
func shared(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "hs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	return folder
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestStateFolderThatCannotBeMade(t *testing.T) {
	useTemporaryBase(t)
	t.Setenv(paths.HomeVar, filepath.Join(os.DevNull, "home"))
	t.Setenv("GOCACHE", "")
	t.Setenv("GOPATH", "/own")
	folder, notice, err := ensureState()
	if err != nil || !strings.HasPrefix(folder, os.TempDir()) || !strings.Contains(notice, os.DevNull) {
		t.Errorf("%s, %q, %v", folder, notice, err)
	}
	if os.Getenv("GOCACHE") != filepath.Join(folder, "go-build") || os.Getenv("GOPATH") != "/own" {
		t.Errorf("GOCACHE is %s, GOPATH is %s", os.Getenv("GOCACHE"), os.Getenv("GOPATH"))
	}
	if again, _, err := ensureState(); err != nil || again != folder {
		t.Errorf("the second time: %s, %v", again, err)
	}
}
