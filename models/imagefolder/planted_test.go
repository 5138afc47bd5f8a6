package imagefolder

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// TestTheLogOfEditsIsNotWhatAStrangerPutThere plants something of a stranger's in the place of the log.
func TestTheLogOfEditsIsNotWhatAStrangerPutThere(t *testing.T) {
	for _, content := range []string{"", "export A=1\n", "ghp_token", `{"number":1,"action":"keep","path":"a/aa.png"}` + "\n"} {
		dir := testfile.Write(t, someFiles(t, 2, "a", "b"))
		d := mustLoad(t, dir, DefaultOptions())
		victim := filepath.Join(t.TempDir(), ".bash_profile")
		if err := os.WriteFile(victim, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, d.EditsFile()); err != nil {
			t.Fatal(err)
		}
		wantError(t, d.Edit(Keep, []int{0}, ""), "symbolic link")
		wantError(t, d.Undo(0), "symbolic link")
		_, err := Load(t.Context(), dir, DefaultOptions())
		wantError(t, err, "symbolic link")
		if got, err := os.ReadFile(victim); err != nil || string(got) != content {
			t.Errorf("the file behind the link was %q and is %q, %v", content, got, err)
		}
	}
	for name, plant := range map[string]func(file string) error{
		"a pipe":                  func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"a link to a device":      func(file string) error { return os.Symlink("/dev/zero", file) },
		"a link to nothing":       func(file string) error { return os.Symlink(file+".made", file) },
		"a folder":                func(file string) error { return os.Mkdir(file, 0o700) },
		"a file without an end":   func(file string) error { return errorsOf(os.WriteFile(file, nil, 0o600), os.Truncate(file, 1<<40)) },
		"a file that is no log":   func(file string) error { return os.WriteFile(file, []byte("a token"), 0o600) },
		"a file of another kind":  func(file string) error { return os.WriteFile(file, []byte("[1]"), 0o600) },
		"a line that is cut only": func(file string) error { return os.WriteFile(file, []byte(`{"number":1,"acti`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := testfile.Write(t, someFiles(t, 2, "a", "b"))
			d := mustLoad(t, dir, DefaultOptions())
			if err := plant(d.EditsFile()); err != nil {
				need.Lack(t, need.System, "this file system does not hold it: "+err.Error())
			}
			before, _ := os.Lstat(d.EditsFile())
			if err := hostile.InTime(t, "edit", func() error { return d.Edit(Keep, []int{0}, "") }); err == nil {
				t.Error("an edit was written")
			}
			err := hostile.InTime(t, "load", func() error { _, err := Load(t.Context(), dir, DefaultOptions()); return err })
			if err == nil || !strings.Contains(err.Error(), "log of edits") {
				t.Errorf("load: %v", err)
			}
			if after, err := os.Lstat(d.EditsFile()); err != nil || after.Size() != before.Size() {
				t.Errorf("it was changed: %v", err)
			}
			if _, err := os.Lstat(d.EditsFile() + ".made"); err == nil {
				t.Error("the target of the link was made")
			}
		})
	}
}

func errorsOf(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestAnEntryWithoutItsLineEndIsKept(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 3, "a", "b"))
	d := mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/aa.png", "")
	log, err := os.ReadFile(d.EditsFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.EditsFile(), log[:len(log)-1], 0o644); err != nil { // as an editor saves it
		t.Fatal(err)
	}
	d = mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/ab.png", "")
	if d = mustLoad(t, dir, DefaultOptions()); len(d.Edits) != 2 {
		t.Errorf("edits %+v", d.Edits)
	}
}

func TestListsAndArchivesThatArePipesDoNotHang(t *testing.T) {
	for _, name := range []string{"list.csv", "images.zip", "images.tar", "images.tgz"} {
		file := filepath.Join(t.TempDir(), name)
		if err := syscall.Mkfifo(file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := hostile.InTime(t, name, func() error {
			_, err := Load(t.Context(), file, options(func(o *Options) { o.StateDir = t.TempDir() }))
			return err
		}); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
}
