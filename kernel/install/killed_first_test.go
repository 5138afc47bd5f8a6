package install

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

// TestAFirstInstallationKilledBeforeItsList leaves folders that no list of installed files names. Uninstall removes them,
// and so does that of an installation that was made in them.
func TestAFirstInstallationKilledBeforeItsList(t *testing.T) {
	states := map[string][]string{ // a separator at the end marks a folder
		"no root":       {"lib/"},
		"no lock":       {"lib/headstart/"},
		"no list":       {"lib/headstart/.lock"},
		"half the list": {"lib/headstart/.lock", "lib/headstart/.headstart-new-ABCDEFGH/1-manifest.json"},
	}
	for name, left := range states {
		for _, again := range []bool{false, true} {
			title := name + ", uninstalled"
			if again {
				title = name + ", installed again"
			}
			t.Run(title, func(t *testing.T) {
				h, prefix := testHost(t), filepath.Join(t.TempDir(), "prefix")
				place := Place{Prefix: prefix}
				fill(t, prefix, left)
				if again {
					fill(t, h.home, []string{"pjrt_c_api_cpu_plugin.so"})
					h.pluginPath, h.tools = h.home, nil
					source := fstest.MapFS{"package.json": {Data: []byte(`{"name": "lab"}`)}}
					if err := installOn(t.Context(), h, Options{Place: place, Device: DeviceCPU, Labextension: source, Source: source}); err != nil {
						t.Fatal(err)
					}
				}
				if err := Uninstall(t.Context(), place, "", true, nil); err != nil {
					t.Fatal(err)
				}
				if len(snapshot(t, prefix)) < len(left) {
					t.Fatal("a dry run removed something")
				}
				if err := Uninstall(t.Context(), place, "", false, nil); err != nil {
					t.Fatal(err)
				}
				if rest := snapshot(t, prefix); len(rest) > 0 {
					t.Errorf("uninstall left %v", rest)
				}
			})
		}
	}
}

// TestFoldersOfOthersStay where nothing is installed: those that hold something, and links.
func TestFoldersOfOthersStay(t *testing.T) {
	for name, there := range map[string][]string{
		"beside the root": {"lib/theirs"}, "in the root": {"lib/headstart/theirs"}, "an empty folder beside it": {"lib/theirs/"},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := t.TempDir()
			fill(t, prefix, there)
			if err := Uninstall(t.Context(), Place{Prefix: prefix}, "", false, nil); err != nil {
				t.Fatal(err)
			}
			if !exists(filepath.Join(prefix, there[0])) {
				t.Errorf("%s was removed", there[0])
			}
		})
	}
	t.Run("a link", func(t *testing.T) {
		prefix := t.TempDir()
		fill(t, prefix, []string{"lib64/"})
		if err := os.Symlink("lib64", filepath.Join(prefix, "lib")); err != nil {
			t.Fatal(err)
		}
		if err := Uninstall(t.Context(), Place{Prefix: prefix}, "", false, nil); err != nil {
			t.Fatal(err)
		}
		if !exists(filepath.Join(prefix, "lib")) {
			t.Error("the link was removed")
		}
	})
}

// fill makes files, and folders where a name ends in a separator.
func fill(t *testing.T, dir string, names []string) {
	t.Helper()
	for _, name := range names {
		path, parent := filepath.Join(dir, name), filepath.Join(dir, filepath.Dir(name))
		if err := os.MkdirAll(parent, 0o755); err != nil {
			t.Fatal(err)
		}
		if name[len(name)-1] != '/' {
			write(t, path, "")
		}
	}
}
