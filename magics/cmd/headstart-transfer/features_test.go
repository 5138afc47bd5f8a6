package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
)

// A file of features has the labels that the dataset has, also where an edit or a list gives others than the folders.
func TestFeaturesKeepLabelsThatFoldersDoNotGive(t *testing.T) {
	dir := t.TempDir()
	modeltest.WriteImages(t, dir, 2, "red", "green")
	load := func(source string) *imagefolder.Dataset {
		t.Helper()
		o := imagefolder.DefaultOptions()
		o.Val = 0
		data, err := imagefolder.Load(t.Context(), source, o)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := load(dir)
	if paths, labels := pathsAndLabels(data); len(paths) != 4 || labels != nil {
		t.Errorf("of folders alone: paths %q, labels %q", paths, labels)
	}
	if err := data.Edit(imagefolder.Relabel, []int{3}, "green"); err != nil {
		t.Fatal(err)
	}
	if paths, labels := pathsAndLabels(load(dir)); !slices.Equal(labels, []string{"green", "green", "red", "green"}) {
		t.Errorf("of %q, after an edit: labels %q", paths, labels)
	}
	list := filepath.Join(dir, "l.csv")
	if err := os.WriteFile(list, []byte("path,label\nred/000.png,a\nred/001.png,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if paths, labels := pathsAndLabels(load(list)); !slices.Equal(labels, []string{"a", "b"}) {
		t.Errorf("of %q, by a list: labels %q", paths, labels)
	}
}
