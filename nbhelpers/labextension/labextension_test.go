package labextension

import (
	"encoding/json"
	"io/fs"
	"path"
	"testing"
)

// maxBytes bounds what every page of a notebook loads.
const maxBytes = 1 << 20

func TestCarriesWhatItsPackageNames(t *testing.T) {
	data, err := fs.ReadFile(FS(), "package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct {
		Name       string
		Jupyterlab struct {
			Build struct{ Load string } `json:"_build"`
		}
	}
	if err := json.Unmarshal(data, &pkg); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{pkg.Jupyterlab.Build.Load, path.Join("schemas", pkg.Name, "settings.json")} {
		if info, err := fs.Stat(FS(), name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsSmall(t *testing.T) {
	total := int64(0)
	err := fs.WalkDir(FS(), ".", func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > maxBytes {
		t.Errorf("the built extension has %d bytes, more than %d", total, maxBytes)
	}
}
