package install

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// maxManifest bounds the file in bytes.
const maxManifest = 64 << 20

// A manifest lists what an installation put where; uninstall removes that and nothing else.
type manifest struct {
	// Files are absolute paths. One that ends in a separator is a whole folder.
	Files []string `json:"files"`
	// Folders are the folders that were made for them; uninstall removes those that are empty by then.
	Folders []string `json:"folders"`
	// Asked is what the installation was asked for, so that a repair asks for the same.
	Asked request `json:"asked"`

	foreign []string // entries of the file that are not the installation's; nothing is done about them
}

// A request is what the place of an installation alone does not tell.
type request struct {
	Share  string `json:"share"`            // of the layout: JUPYTER_DATA_DIR may be another by now
	Source string `json:"source,omitempty"` // of the layout
	Device Device `json:"device,omitempty"`
}

// missingFolders lists the folders that have to be made for files, which are those that uninstall may remove.
func missingFolders(files []string) []string {
	var folders []string
	seen := map[string]bool{}
	for _, file := range files {
		dir := filepath.Dir(strings.TrimSuffix(file, string(filepath.Separator)))
		for ; !seen[dir] && !exists(dir) && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			seen[dir] = true
			folders = append(folders, dir)
		}
	}
	slices.Sort(folders)
	return folders
}

func readManifest(layout Layout) (manifest, error) {
	data, err := safefile.ReadFile(layout.manifest(), maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, nil
	}
	if err != nil {
		return manifest{}, explain(err, "reading the list of installed files")
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return manifest{}, fmt.Errorf("the list of installed files %s is damaged (%w): remove %s and install again", layout.manifest(), err, layout.Root)
	}
	kept, foreign := ownedBy(layout, m.Asked).keep(m)
	kept.foreign = foreign
	return kept, nil
}

func (m manifest) equal(other manifest) bool {
	return slices.Equal(m.Files, other.Files) && slices.Equal(m.Folders, other.Folders) && m.Asked == other.Asked
}

// union has the files and folders of both, and asks for what the other one asks for, if anything.
func (m manifest) union(other manifest) manifest {
	return manifest{
		Files: merge(m.Files, other.Files), Folders: merge(m.Folders, other.Folders), Asked: cmp.Or(other.Asked, m.Asked),
	}
}

func merge(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (m manifest) missingFrom(other manifest) []string {
	var missing []string
	for _, file := range m.Files {
		if !slices.Contains(other.Files, file) {
			missing = append(missing, file)
		}
	}
	return missing
}

func (m manifest) write(tx *transaction) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	dest := tx.layout.manifest()
	from, err := tx.scratch(dest)
	if err != nil {
		return err
	}
	if err := os.WriteFile(from, append(bytes.TrimSpace(data), '\n'), 0o644); err != nil {
		return err
	}
	return replace(from, dest)
}
