package keep

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

func TestQuota(t *testing.T) {
	dir := folder(t)
	small, large := 1, make([]byte, 1<<20)
	o := Options{Quota: 1 << 20, allFiles: true}
	losses := Open(dir, o).Save(variable("large", &large), variable("small", &small))
	if len(losses) != 1 || losses[0].Name != "large" || !strings.Contains(losses[0].Reason, "may be kept") {
		t.Errorf("lost %q", losses)
	}
	large = large[: 1<<19 : 1<<19]
	save(t, dir, o, variable("large", &large))
	text := strings.Repeat("x", 1<<19)
	if losses = Open(dir, o).Save(variable("text", &text)); len(losses) != 1 || losses[0].Name != "text" {
		t.Errorf("lost %q", losses)
	}
	many := make([]string, 1<<16) // the graph alone
	for i := range many {
		many[i] = strings.Repeat("y", 20)
	}
	if losses = Open(dir, o).Save(variable("many", &many)); len(losses) != 1 || losses[0].Name != "many" {
		t.Errorf("lost %q", losses)
	}
	if losses = Open(dir, Options{}).Save(variable("small", &small)); len(losses) != 1 {
		t.Errorf("without a quota: lost %q", losses)
	}
	if got := len(files(t, dir)); got != 3 { // manifest, graph and numbers of large; small went with the quota of 0
		t.Errorf("files: %q", files(t, dir))
	}
}

func TestResetAndDrop(t *testing.T) {
	dir := folder(t)
	x, y := 1, 2
	save(t, dir, options(), variable("x", &x), variable("y", &y))
	running := Open(dir, options())
	checkLosses(t, running.Load(variable("x", &x)))
	if err := running.Drop("x", "z"); err != nil {
		t.Fatal(err)
	}
	if list, err := running.List(); err != nil || len(list) != 1 || list[0].Name != "y" || list[0].Text != "2" {
		t.Errorf("%+v, %v", list, err)
	}
	checkLosses(t, running.Save(variable("x", &x))) // unchanged: it stays dropped
	if list, _ := running.List(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if err := Open(dir, options()).Reset(); err != nil {
		t.Fatal(err)
	}
	if list, err := running.List(); err != nil || len(list) != 0 || len(files(t, dir)) != 1 {
		t.Errorf("%+v, %v, files %q", list, err, files(t, dir))
	}
	x = 5
	checkLosses(t, running.Save(variable("x", &x)), "keep values in "+dir+": kept values were removed while this program ran; what was kept before stays")
	save(t, dir, options(), variable("x", &x))
}

func TestStrangeFoldersAreRefused(t *testing.T) {
	x := 1
	missing := filepath.Join(t.TempDir(), "missing")
	if losses := Open(missing, options()).Load(variable("x", &x)); losses != nil {
		t.Errorf("Load from a folder that does not exist lost %q", losses)
	}
	if list, err := Open(missing, options()).List(); list != nil || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	if losses := Open(missing, options()).Save(variable("x", &x)); len(losses) != 1 {
		t.Errorf("Save to a folder that does not exist lost %q", losses)
	}
	for name, spoil := range map[string]func(dir string) error{
		"open to others":     func(dir string) error { return os.Chmod(dir, 0o755) },
		"graph for all":      func(dir string) error { return os.Chmod(graphPath(t, dir), 0o644) },
		"manifest for all":   func(dir string) error { return os.Chmod(filepath.Join(dir, manifestName), 0o604) },
		"graph is a link":    func(dir string) error { return linked(graphPath(t, dir)) },
		"manifest is a link": func(dir string) error { return linked(filepath.Join(dir, manifestName)) },
		"lock is a link":     func(dir string) error { return linked(filepath.Join(dir, lockName)) },
		"folder is a link":   linked,
		"graph is a pipe": func(dir string) error {
			path := graphPath(t, dir)
			if err := os.Remove(path); err != nil {
				return err
			}
			return syscall.Mkfifo(path, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			save(t, dir, options(), variable("x", &x))
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			got := 0
			if losses := Open(dir, options()).Load(variable("x", &got)); len(losses) != 1 || got != 0 {
				t.Errorf("lost %q, x is %d", losses, got)
			}
		})
	}
}

func graphPath(t testing.TB, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+graphEnding))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	return found[0]
}

func linked(path string) error {
	if err := os.Rename(path, path+"-moved"); err != nil {
		return err
	}
	return os.Symlink(path+"-moved", path)
}

func TestFilesOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		need.Lack(t, need.Root, "giving a file to another user")
	}
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	if err := os.Chown(graphPath(t, dir), 1234, -1); err != nil {
		t.Fatal(err)
	}
	if losses := Open(dir, options()).Load(variable("x", &x)); len(losses) != 1 || !strings.Contains(losses[0].Reason, "another user") {
		t.Errorf("lost %q", losses)
	}
}

func TestDamagedManifest(t *testing.T) {
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	path := filepath.Join(dir, manifestName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string][]byte{
		"empty": {}, "cut": data[:len(data)/2], "flipped": bytes.Replace(data, []byte("int"), []byte("inT"), 1),
	} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		store := Open(dir, options())
		if _, err := store.List(); err == nil || store.Drop("x") == nil {
			t.Errorf("%s: it was read", name)
		}
		if losses := store.Load(variable("x", &x)); len(losses) != 1 || losses[0].Name != "" || !strings.Contains(losses[0].Reason, "damaged") {
			t.Errorf("%s: lost %q", name, losses)
		}
		x = 2
		if losses := store.Save(variable("x", &x)); len(losses) != 1 || losses[0].Name != "" {
			t.Errorf("%s: lost %q", name, losses)
		}
		load(t, dir, options(), variable("x", &x))
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Open(dir, options()).Reset(); err != nil || len(files(t, dir)) != 1 {
		t.Errorf("Reset: %v, files %q", err, files(t, dir))
	}
}

func TestTwoProgramsSaveAtOnce(t *testing.T) {
	dir := folder(t)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			name := string(rune('a' + i))
			for n := range 20 {
				value := []int{i, n}
				store := Open(dir, options())
				store.Load(variable(name, &value))
				if value[1] = n; len(store.Save(variable(name, &value))) > 0 {
					t.Errorf("%s was lost", name)
				}
			}
		})
	}
	wait.Wait()
	list, err := Open(dir, options()).List()
	if err != nil || len(list) != 8 || len(files(t, dir)) != 9 {
		t.Errorf("%+v, %v, files %q", list, err, files(t, dir))
	}
	for i, e := range list {
		var value []int
		load(t, dir, options(), variable(e.Name, &value))
		if value[0] != i || value[1] != 19 {
			t.Errorf("%s is %v", e.Name, value)
		}
	}
}

func TestBadVariables(t *testing.T) {
	store := Open(folder(t), options())
	var nothing *int
	for _, pointer := range []any{nil, 1, nothing} {
		if losses := store.Save(Variable{Name: "x", Pointer: pointer}); len(losses) != 1 {
			t.Errorf("%v: lost %q", pointer, losses)
		}
		if losses := store.Load(Variable{Name: "x", Pointer: pointer}); len(losses) != 1 {
			t.Errorf("%v: lost %q", pointer, losses)
		}
	}
}

func TestFailedSave(t *testing.T) {
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	if err := os.MkdirAll(filepath.Join(dir, tempName, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	x = 2
	store := Open(dir, options())
	if losses := store.Save(variable("x", &x)); len(losses) != 1 || !strings.Contains(losses[0].Reason, "what was kept before stays") {
		t.Errorf("lost %q", losses)
	}
	load(t, dir, options(), variable("x", &x))
	if x != 1 {
		t.Errorf("x is %d", x)
	}
	x = 2
	if err := os.RemoveAll(filepath.Join(dir, tempName)); err != nil {
		t.Fatal(err)
	}
	checkLosses(t, store.Save(variable("x", &x)))
	load(t, dir, options(), variable("x", &x))
	if x != 2 || len(files(t, dir)) != 2 {
		t.Errorf("x is %d, files %q", x, files(t, dir))
	}
}
