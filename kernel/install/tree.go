package install

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// labextensionOrigin is what JupyterLab shows as the way to remove an extension that pip does not know.
var labextensionOrigin = []byte(`{
  "packageManager": "headstart",
  "packageName": "headstart",
  "uninstallInstructions": "Run headstart uninstall"
}
`)

// A tree is a folder of files that the program carries.
type tree struct {
	title string
	dest  string
	from  fs.FS
	last  string // the file that makes the others visible
	extra map[string][]byte
}

func (t *tree) name() string { return t.title }

// contents reads every file, by its path below dest, in the order in which they are put in place.
func (t *tree) contents() (names []string, content map[string][]byte, err error) {
	content = maps.Clone(t.extra)
	if content == nil {
		content = map[string][]byte{}
	}
	err = fs.WalkDir(t.from, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content[path], err = fs.ReadFile(t.from, path)
		return err
	})
	names = slices.Sorted(maps.Keys(content))
	if i := slices.Index(names, t.last); i >= 0 {
		names = append(slices.Delete(names, i, i+1), t.last)
	}
	return names, content, err
}

func (t *tree) files() []string {
	names, _, err := t.contents()
	if err != nil {
		return nil
	}
	for i, name := range names {
		names[i] = filepath.Join(t.dest, filepath.FromSlash(name))
	}
	return names
}

func (t *tree) ready() bool {
	names, content, err := t.contents()
	if err != nil {
		return false
	}
	for _, name := range names {
		if !holds(filepath.Join(t.dest, filepath.FromSlash(name)), content[name]) {
			return false
		}
	}
	return true
}

func holds(file string, content []byte) bool {
	data, err := safefile.ReadFile(file, int64(len(content)))
	return err == nil && bytes.Equal(data, content)
}

func (t *tree) stage(_ context.Context, tx *transaction.Transaction) error {
	names, content, err := t.contents()
	if err != nil {
		return err
	}
	for _, name := range names {
		dest := filepath.Join(t.dest, filepath.FromSlash(name))
		if holds(dest, content[name]) {
			continue
		}
		if err := tx.WriteBytes(dest, 0o644, content[name]); err != nil {
			return err
		}
	}
	return nil
}
