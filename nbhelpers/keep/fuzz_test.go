package keep

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

func FuzzManifest(f *testing.F) {
	dir := folder(f)
	x, y := 1, []any{Pair{}}
	save(f, dir, options(), variable("x", &x), variable("y", &y))
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:len(data)-pack.ChecksumBytes])
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := func() (m *manifest, err error) {
			defer pack.Catch(&err)
			return parseManifest(data), nil
		}()
		if err != nil {
			return
		}
		m.list()
		m.bytes()
		m.remove([]string{"x"})
		if _, err := func() (m2 *manifest, err error) {
			defer pack.Catch(&err)
			written := m.append()
			return parseManifest(written[:len(written)-pack.ChecksumBytes]), nil
		}(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDamagedFile damages what is on the disk: the variable is not touched.
func TestDamagedFile(t *testing.T) {
	dir := folder(t)
	value, large := []any{1, "x", true}, make([]int32, mapped.LargeBytes)
	save(t, dir, options(), variable("x", &value), variable("large", &large))
	paths, err := filepath.Glob(filepath.Join(dir, "*.*"))
	if err != nil || len(paths) != 3 {
		t.Fatalf("%q, %v", paths, err)
	}
	for _, path := range paths {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, damaged := range map[string][]byte{
			"empty": {}, "cut": good[:len(good)-1], "longer": append(bytes.Clone(good), 0), "first byte": append([]byte{1}, good[1:]...),
		} {
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			got, gotLarge := []any{"initial"}, []int32{1}
			losses := Open(dir, options()).Load(variable("x", &got), variable("large", &gotLarge))
			if len(losses) != 1 || (len(got) == 1) == (len(gotLarge) == 1) {
				t.Errorf("%s of %s: lost %q, got %v and %d numbers", name, filepath.Base(path), losses, got, len(gotLarge))
			}
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
