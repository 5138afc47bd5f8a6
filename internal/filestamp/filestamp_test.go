package filestamp_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/filestamp"
)

func stamp(t *testing.T, file string) filestamp.Stamp {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return filestamp.Of(info)
}

func TestStamp(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	when := time.Unix(1_700_000_000, 0)
	for _, name := range []string{file, other} {
		if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, when, when); err != nil {
			t.Fatal(err)
		}
	}
	before := stamp(t, file)
	if before.Size != 1 || before.Time != when.UnixNano() || before.Changed == 0 || before.Inode == 0 || before != stamp(t, file) {
		t.Errorf("%+v", before)
	}
	time.Sleep(20 * time.Millisecond) // a tick of the clock that the file system uses
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if after := stamp(t, file); after == before || after.WithoutAttributes() != before.WithoutAttributes() {
		t.Errorf("after chmod %+v, before %+v", after, before)
	}
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	if after := stamp(t, file); after.WithoutAttributes() == before.WithoutAttributes() {
		t.Errorf("a file in its place has the same stamp: %+v", after)
	}
}
