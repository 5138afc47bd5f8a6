package workshop

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// refuses expects that nothing is prepared, with an error that holds each text.
func refuses(t *testing.T, o Options, texts ...string) {
	t.Helper()
	_, err := Prepare(t.Context(), o)
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("prepared %s: %.400v, want %q in it", o.Out, err, text)
		}
	}
}

func link(t *testing.T, to string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrepareInsideOfADataset: the copies would be copied until their paths are too long.
func TestPrepareInsideOfADataset(t *testing.T) {
	o := options(t)
	photos, class := o.Datasets[0], o.Out
	for _, o.Out = range []string{photos, filepath.Join(photos, "class"), filepath.Join(photos, "deep", "class"), filepath.Join(link(t, photos), "class")} {
		refuses(t, o, photos, o.Out)
	}
	o.Out, o.Datasets = class, []string{filepath.Join(class, "datasets")}
	refuses(t, o, o.Datasets[0], class)
	if entries, err := os.ReadDir(photos); err != nil || len(entries) != 2 {
		t.Errorf("the dataset has %v, %v", entries, err)
	}
}

// TestTwoDatasetsWithOneName: the second would be mixed into the first, or replace it. That is said before anything is downloaded.
func TestTwoDatasetsWithOneName(t *testing.T) {
	o := options(t)
	photos, other := o.Datasets[0], filepath.Join(t.TempDir(), "photos")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	o.Datasets = append(o.Datasets, other+string(filepath.Separator))
	_, err := Prepare(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), photos) || !strings.Contains(err.Error(), other) {
		t.Errorf("prepared two of one name: %v", err)
	}
	if entries, err := os.ReadDir(o.Out); len(entries) > 0 {
		t.Errorf("before it was refused, it made %v, %v", entries, err)
	}
}

// TestCopyOfALinkedDataset: a link that is named is followed, and its own name is that of the copy.
func TestCopyOfALinkedDataset(t *testing.T) {
	to := t.TempDir()
	if err := copyAll(t.Context(), []string{link(t, options(t).Datasets[0])}, to); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(to, "link", "cat", "1.png")); err != nil {
		t.Error(err)
	}
}

// TestPrepareForOtherAccounts: students enter every folder, whatever the umask of who prepares them.
func TestPrepareForOtherAccounts(t *testing.T) {
	o := options(t)
	defer syscall.Umask(syscall.Umask(0o077))
	if _, err := Prepare(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", "datasets", "datasets/photos/cat", "lessons", "start.sh", "datasets/photos/cat/1.png"} {
		info, err := os.Stat(filepath.Join(o.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o644)
		if info.IsDir() {
			want = 0o755
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has the mode %v, want %v", name, got, want)
		}
	}
}
