package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func openFolder(t *testing.T, connectionFile string) *runtimeFolder {
	t.Helper()
	folder, err := openRuntimeFolder(connectionFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = folder.lock.Close() }) // some tests have closed it
	return folder
}

func useTemporaryBase(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	base, err := os.MkdirTemp("", "hs") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	t.Setenv("TMPDIR", base)
}

func TestRuntimeFolderIsForTheUserAlone(t *testing.T) {
	useTemporaryBase(t)
	first := openFolder(t, "kernel-1.json")
	if other := openFolder(t, "kernel-2.json"); other.path == first.path {
		t.Error("two kernels share a folder")
	}
	if err := first.close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(first.path); err == nil {
		t.Error("the folder is still there")
	}
	if again := openFolder(t, "kernel-1.json"); again.path != first.path {
		t.Errorf("after a restart: %s, want %s", again.path, first.path)
	}
	if err := os.Chmod(filepath.Dir(first.path), 0o777); err != nil {
		t.Fatal(err)
	}
	if other := openFolder(t, "kernel-1.json"); filepath.Dir(other.path) == filepath.Dir(first.path) {
		t.Errorf("in a folder for everybody: %s", other.path)
	}
}

func TestFoldersOfKilledKernelsAreSwept(t *testing.T) {
	useTemporaryBase(t)
	own := openFolder(t, "own.json")
	living := openFolder(t, "living.json")
	killed := openFolder(t, "killed.json")
	outlived := openFolder(t, "outlived.json")
	young := openFolder(t, "young.json")
	for _, folder := range []*runtimeFolder{killed, outlived, young} {
		_ = folder.lock.Close() // as the end of the process does
	}
	stale, err := net.Listen("unix", filepath.Join(killed.path, "stale.sock"))
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	plugin, err := net.Listen("unix", filepath.Join(outlived.path, "plugin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer plugin.Close()
	long := time.Now().Add(-2 * sweepAge)
	for _, folder := range []*runtimeFolder{own, living, killed, outlived} {
		if err := os.Chtimes(folder.path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := own.sweep(); err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[*runtimeFolder]bool{own: true, living: true, killed: false, outlived: true, young: true} {
		if _, err := os.Stat(folder.path); (err == nil) != want {
			t.Errorf("%s: there is %t, want %t", folder.path, err == nil, want)
		}
	}
}
