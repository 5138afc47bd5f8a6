package transaction

import (
	"os"
	"path/filepath"
	"testing"
)

func aSite(t *testing.T) Site {
	t.Helper()
	prefix := t.TempDir()
	return Site{Root: filepath.Join(prefix, "lib"), Share: filepath.Join(prefix, "share"), Bases: []string{prefix}}
}

func begin(t *testing.T, site Site, files ...string) *Transaction {
	t.Helper()
	tx, err := Begin(t.Context(), site, MissingFolders(files), func() { t.Error("it waits") })
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// TestNothingIsInPlaceBeforeCommit ends one transaction without a commit and the next one with it, then removes everything.
func TestNothingIsInPlaceBeforeCommit(t *testing.T) {
	site := aSite(t)
	file := filepath.Join(site.Share, "kernels", "file")
	for _, commit := range []bool{false, true} {
		tx := begin(t, site, file)
		if err := tx.WriteBytes(file, 0o644, []byte("text")); err != nil {
			t.Fatal(err)
		}
		if exists(file) {
			t.Fatal("the file is in place before the commit")
		}
		if commit {
			if err := tx.Commit([]string{file}, Request{Share: site.Share}); err != nil {
				t.Fatal(err)
			}
		}
		tx.Discard()
		if exists(file) != commit {
			t.Errorf("committed: %t; the file is there: %t", commit, exists(file))
		}
	}
	tx := begin(t, site)
	defer tx.Discard()
	if files, _, err := tx.Uninstall(nil); files != 1 || err != nil {
		t.Errorf("removed %d files, %v", files, err)
	}
	for _, dir := range []string{site.Share, filepath.Join(site.Root, ManifestName), filepath.Join(site.Root, lockName)} {
		if exists(dir) {
			t.Errorf("%s is still there", dir)
		}
	}
}

// TestBeginClearsLeftovers also in a folder whose name is a pattern.
func TestBeginClearsLeftovers(t *testing.T) {
	site := aSite(t)
	site.Share = filepath.Join(filepath.Dir(site.Share), "[share]*")
	left, other := filepath.Join(site.Share, stagingPrefix+"x", "file"), filepath.Join(site.Share, "file")
	for _, file := range []string{left, other} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, site).Discard()
	if exists(filepath.Dir(left)) || !exists(other) {
		t.Errorf("the leftover is there: %t; the other file is there: %t", exists(filepath.Dir(left)), exists(other))
	}
}
