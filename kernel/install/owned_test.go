package install

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// plantManifest writes a manifest of a stranger's below a prefix.
func plantManifest(t *testing.T, layout Layout, m transaction.Manifest) {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(layout.Root, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, layout.manifest(), string(data))
}

func TestUninstallRemovesNothingOutsideOfItsPrefix(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	outside, prefix := t.TempDir(), filepath.Join(t.TempDir(), "prefix")
	layout := prefixLayout(prefix, "")
	precious, tree, empty := filepath.Join(outside, "precious"), filepath.Join(outside, "tree"), filepath.Join(outside, "empty")
	for _, dir := range []string{tree, empty, filepath.Join(prefix, "share"), layout.Bin()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	own := layout.Program("headstart")
	for _, file := range []string{precious, filepath.Join(tree, "file"), own} {
		write(t, file, "x")
	}
	// Links below the prefix that lead out of it: one in the place of Jupyter's folder, one among the programs.
	for _, link := range []string{layout.Share, filepath.Join(layout.Root, "link")} {
		if err := os.Symlink(outside, link); err != nil {
			t.Fatal(err)
		}
	}
	up := strings.Repeat("/..", strings.Count(prefix, "/"))
	lists := map[string]transaction.Manifest{
		"a path elsewhere":       {Files: []string{precious, tree + "/", empty}, Folders: []string{empty}},
		"a path with ..":         {Files: []string{prefix + up + precious, layout.Root + "/../../" + up + tree + "/"}, Folders: []string{prefix + up + empty}},
		"a path behind a link":   {Files: []string{filepath.Join(layout.Root, "link", "precious"), filepath.Join(layout.Root, "link", "tree") + "/"}},
		"behind Jupyter's link":  {Files: []string{filepath.Join(layout.Share, "precious")}, Folders: []string{filepath.Join(layout.Share, "empty")}},
		"a relative path":        {Files: []string{"precious", "tree/"}, Folders: []string{"empty"}},
		"the prefix itself":      {Files: []string{prefix + "/", prefix, layout.Root + "/"}},
		"another data folder":    {Files: []string{precious, tree + "/"}, Folders: []string{empty}, Asked: transaction.Request{Share: outside}},
		"a folder of the prefix": {Files: []string{filepath.Join(prefix, "share") + "/"}},
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			t.Chdir(outside)
			write(t, own, "x")
			list.Files = append(list.Files, own)
			plantManifest(t, layout, list)
			var said strings.Builder
			_ = Uninstall(t.Context(), Place{Prefix: prefix}, "", true, &said)
			_ = Uninstall(t.Context(), Place{Prefix: prefix}, "", false, &said) // what lies behind a link is an error
			for _, path := range []string{precious, filepath.Join(tree, "file"), empty, filepath.Join(prefix, "share")} {
				if !exists(path) {
					t.Fatalf("%s was removed\n%s", path, said.String())
				}
			}
			if strings.Contains(said.String(), "would remove "+outside) {
				t.Error(said.String())
			}
		})
	}
}

func TestAnInstallationInTheUsersPlaceIsRemovedWhereJupyterWas(t *testing.T) {
	home, data := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("JUPYTER_DATA_DIR", "") // it was data when the installation was made
	layout, err := userLayout("")
	if err != nil {
		t.Fatal(err)
	}
	spec := filepath.Join(data, "kernels", KernelName, "kernel.json")
	if err := os.MkdirAll(filepath.Dir(spec), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, spec, "{}")
	plantManifest(t, layout, transaction.Manifest{Files: []string{spec}, Folders: []string{filepath.Dir(spec)}, Asked: transaction.Request{Share: data}})
	if err := Uninstall(t.Context(), Place{User: true}, "", false, nil); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Dir(spec)) {
		t.Error("the kernelspec is still there")
	}
}
