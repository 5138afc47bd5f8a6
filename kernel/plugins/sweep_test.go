package plugins

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics"
)

func TestFoldersOfKilledPluginsAreSwept(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shortFolder(t))
	sockets, err := socketFolder("")
	if err != nil {
		t.Fatal(err)
	}
	folder := func(name string, listens bool, age time.Duration) string {
		path := filepath.Join(sockets, name)
		if err := os.MkdirAll(filepath.Join(path, "tmp", "headstart-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("unix", filepath.Join(path, "s"))
		if err != nil {
			t.Fatal(err)
		}
		listener.(*net.UnixListener).SetUnlinkOnClose(false)
		t.Cleanup(func() { _ = listener.Close() })
		if !listens {
			_ = listener.Close() // as the end of the process does
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want := map[string]bool{
		folder("plugin-dir1", false, time.Hour):  false,
		folder("plugin-dir2", true, time.Hour):   true,
		folder("plugin-dir3", false, 0):          true,
		folder("not-a-plugin", false, time.Hour): true,
	}
	record := filepath.Join(runningFolder(t.TempDir()), "toy-1.json")
	if err := os.MkdirAll(filepath.Dir(record), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(record, []byte(`{"pid": 0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	want[record] = false
	sweep(filepath.Dir(record))
	for path, want := range want {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: there is %t, want %t", filepath.Base(path), err == nil, want)
		}
	}
}

// temporaries is a plugin that says where its temporary files are, and leaves one.
func temporaries() []magics.Magic {
	return []magics.Magic{magicFunc("temp", func(_ context.Context, _ magics.Call, h magics.Host) error {
		file, err := os.CreateTemp("", "left-")
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(h.Stdout(), file.Name())
		return err
	})}
}

func TestTemporaryFilesOfAPluginGoWithIt(t *testing.T) {
	shared := shortFolder(t)
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", shared)
	k := loaded(t, "temporaries")
	file := k.mustRun(t, "%temp").Output()
	if !strings.Contains(file, string(filepath.Separator)+ownFolder) || !strings.HasPrefix(file, shared) {
		t.Errorf("the temporary file is %s", file)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	k.Close(0)
	if _, err := os.Stat(file); err == nil {
		t.Errorf("%s is still there", file)
	}
}
