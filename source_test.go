package headstart_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	headstart "github.com/headstart-nb/headstart"
)

// TestSourceBuilds unpacks the embedded source and builds a program that imports it from there, as a Go cell does.
func TestSourceBuilds(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "src")
	if err := os.CopyFS(source, headstart.Source()); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.go") || entry.Name() == "testdata" || entry.Name() == "node_modules" {
			t.Errorf("%s was embedded", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	cell := `package main

import "github.com/headstart-nb/headstart/nbhelpers/display"

func main() { println(display.MIMEText) }
`
	if err := os.Mkdir(filepath.Join(source, "cell"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "cell", "main.go"), []byte(cell), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", os.DevNull, "./cell")
	build.Dir = source
	build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSourceHasWhatItImports follows the imports of what cells import: each package of this module has to be embedded.
func TestSourceHasWhatItImports(t *testing.T) {
	source, all := headstart.Source(), imports(t)
	seen := map[string]bool{}
	var follow func(pkg, by string)
	follow = func(pkg, by string) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		if _, err := fs.Stat(source, pkg); err != nil {
			t.Errorf("a cell cannot import %s, since %s is not embedded: %v", by, pkg, err)
		}
		for _, imported := range all[pkg] {
			if own, ok := strings.CutPrefix(imported, module); ok {
				imported = own
			} else if _, ok := all[imported]; !ok {
				continue
			}
			follow(imported, pkg)
		}
	}
	for pkg := range all {
		if pkg == "models" || strings.HasPrefix(pkg, "models/") || pkg == "nbhelpers" || pkg == "magics" || pkg == "magics/plugin" {
			follow(pkg, pkg)
		}
	}
}

// TestSourceIsComplete looks for every Go file of what cells import.
func TestSourceIsComplete(t *testing.T) {
	source := headstart.Source()
	for _, root := range []string{"nbhelpers", "models"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (path == filepath.Join("nbhelpers", "labextension") || entry.Name() == "testdata"):
				return filepath.SkipDir
			case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			if _, err := fs.Stat(source, filepath.ToSlash(path)); err != nil {
				t.Errorf("a cell cannot import %s: %v", path, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := fs.Stat(source, "nbhelpers/labextension"); err == nil {
		t.Error("the JupyterLab extension is carried as source of cells")
	}
}
