package transaction

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

// A Manifest lists what an installation put where; uninstall removes that and nothing else.
type Manifest struct {
	// Files are absolute paths. One that ends in a separator is a whole folder.
	Files []string `json:"files"`
	// Folders are the folders that were made for them; uninstall removes those that are empty by then.
	Folders []string `json:"folders"`
	// Asked is what the installation was asked for, so that a repair asks for the same.
	Asked Request `json:"asked"`

	// Foreign are entries of the file that are not the installation's; nothing is done about them.
	Foreign []string `json:"-"`
}

// A Request is what the place of an installation alone does not tell.
type Request struct {
	Share  string `json:"share"` // JUPYTER_DATA_DIR may be another by now
	Source string `json:"source,omitempty"`
	Device string `json:"device,omitempty"`
}

// MissingFolders lists the folders that have to be made for files, which are those that uninstall may remove.
func MissingFolders(files []string) []string {
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

// ManifestName is the manifest's file in an installation's root.
const ManifestName = "manifest.json"

func (s Site) manifest() string { return filepath.Join(s.Root, ManifestName) }

// Read returns the manifest of an installation, an empty one where there is none.
func Read(site Site) (Manifest, error) {
	data, err := safefile.ReadFile(site.manifest(), maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, nil
	}
	if err != nil {
		return Manifest{}, &Error{"reading the list of installed files", err}
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("the list of installed files %s is damaged (%w): remove that file and install again", site.manifest(), err)
	}
	kept, foreign := ownedBy(site, m.Asked).keep(m)
	kept.Foreign = foreign
	return kept, nil
}

func (m Manifest) equal(other Manifest) bool {
	return slices.Equal(m.Files, other.Files) && slices.Equal(m.Folders, other.Folders) && m.Asked == other.Asked
}

// union has the files and folders of both, and asks for what the other one asks for, if anything.
func (m Manifest) union(other Manifest) Manifest {
	return Manifest{
		Files: merge(m.Files, other.Files), Folders: merge(m.Folders, other.Folders), Asked: cmp.Or(other.Asked, m.Asked),
	}
}

func merge(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func (m Manifest) missingFrom(other Manifest) []string {
	var missing []string
	for _, file := range m.Files {
		if !slices.Contains(other.Files, file) {
			missing = append(missing, file)
		}
	}
	return missing
}

func (m Manifest) write(tx *Transaction) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	dest := tx.site.manifest()
	from, err := tx.Scratch(dest)
	if err != nil {
		return err
	}
	if err := os.WriteFile(from, append(bytes.TrimSpace(data), '\n'), 0o644); err != nil {
		return err
	}
	return replace(from, dest)
}
