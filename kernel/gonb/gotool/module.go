package gotool

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// initModule creates GoNB's module and makes it know this project's module, and all that that one needs, at the versions
// that it needs: a cell imports them without `go get` and without a network.
func (t *Tool) initModule() int {
	path, err := t.realGo()
	if err != nil {
		fmt.Fprintln(t.Stderr, "go:", err)
		return 1
	}
	// Before the module is there, go would take the toolchain from a go.mod in a parent folder.
	env := append(t.Env[:len(t.Env):len(t.Env)], "GOTOOLCHAIN=local")
	if status := t.exec(t.Stdout, t.Stderr, env, path, t.Args...); status != 0 {
		return status
	}
	if err := t.rememberGo(); err != nil {
		fmt.Fprintln(t.Stderr, "go:", err)
		return 1
	}
	source := t.getenv(SourceVar)
	if source == "" {
		return 0
	}
	if err := t.adopt(source); err != nil {
		fmt.Fprintf(t.Stderr, "go: prepare the module of the cells: %v; cells cannot import this project's packages\n", err)
	}
	return 0
}

// adopt adds the module in the folder source to GoNB's go.mod and go.sum.
func (t *Tool) adopt(source string) error {
	theirs, err := readModule(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}
	ours, err := readModule(filepath.Join(t.Dir, "go.mod"))
	if err != nil {
		return err
	}
	if theirs.Go != nil && ours.Go != nil && version.Compare("go"+ours.Go.Version, "go"+theirs.Go.Version) < 0 {
		if err := ours.AddGoStmt(theirs.Go.Version); err != nil { // a module is at least at the release of what it requires
			return err
		}
	}
	own := module.Version{Path: theirs.Module.Mod.Path, Version: "v0.0.0"}
	ours.AddNewRequire(own.Path, own.Version, false)
	for _, r := range theirs.Require {
		ours.AddNewRequire(r.Mod.Path, r.Mod.Version, true)
	}
	// GoNB watches every folder that a replacement names by an absolute path, and tells gopls of all its files. This one
	// does not change under a kernel, so a relative path, which it does not watch, spares that.
	relative, err := relativePath(t.Dir, source)
	if err != nil {
		return err
	}
	if err := ours.AddReplace(own.Path, "", relative, ""); err != nil {
		return err
	}
	for _, r := range theirs.Replace {
		target := r.New
		if target.Version == "" && !filepath.IsAbs(target.Path) {
			target.Path = filepath.Join(source, target.Path)
		}
		if err := ours.AddReplace(r.Old.Path, r.Old.Version, target.Path, target.Version); err != nil {
			return err
		}
	}
	text, err := ours.Format()
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(t.Dir, "go.sum"), sums, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(t.Dir, "go.mod"), text, 0o600)
}

func readModule(file string) (*modfile.File, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parsed, err := modfile.Parse(file, text, nil)
	if err == nil && parsed.Module == nil {
		err = fmt.Errorf("%s names no module", file)
	}
	return parsed, err
}

// relativePath is the way from one folder to another, as go.mod wants it: beginning with ./ or ../.
func relativePath(from, to string) (string, error) {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return "", err
	}
	to, err = filepath.EvalSymlinks(to)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(from, to)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(relative, "..") {
		relative = "./" + relative
	}
	return filepath.ToSlash(relative), nil
}

// goEnv is what the go command says of itself, asked once for the life of GoNB's module.
type goEnv struct {
	GOROOT, GOVERSION, GOMODCACHE, GOTOOLDIR string
	GOFLAGS                                  string // those that the user's file sets, not the environment
}

func (t *Tool) envFile() string { return filepath.Join(t.Dir, ".headstart-go.json") }

func (t *Tool) rememberGo() error {
	path, err := t.realGo()
	if err != nil {
		return err
	}
	var out strings.Builder
	env := append(t.Env[:len(t.Env):len(t.Env)], "GOFLAGS=")
	if t.exec(&out, t.Stderr, env, path, "env", "-json", "GOROOT", "GOVERSION", "GOMODCACHE", "GOTOOLDIR", "GOFLAGS") != 0 {
		return errors.New("ask the go command for its settings: it failed")
	}
	return os.WriteFile(t.envFile(), []byte(out.String()), 0o600)
}

func (t *Tool) goEnv() (goEnv, error) {
	var env goEnv
	text, err := os.ReadFile(t.envFile())
	if err != nil {
		return env, err
	}
	return env, json.Unmarshal(text, &env)
}

// resolved tells whether `go get` has nothing to do: every import of the module's files comes from the standard library, or
// from a module in go.mod whose folder holds the package, and go.mod and go.sum name all that these packages import.
func (t *Tool) resolved() bool {
	files, err := t.parse(true)
	if err != nil {
		return false
	}
	mod, err := readModule(filepath.Join(t.Dir, "go.mod"))
	if err != nil {
		return false
	}
	env, err := t.goEnv()
	if err != nil || exists(filepath.Join(t.Dir, "go.work")) {
		return false
	}
	standard := true
	for _, imported := range files.imports {
		if imported == "C" || isStandard(imported, env.GOROOT) {
			continue
		}
		standard = false
		folder, ok := t.packageFolder(imported, mod, env.GOMODCACHE)
		if !ok || !exists(folder) {
			return false
		}
	}
	return standard || t.planned(files, env) || t.complete()
}

// planned tells whether the same imports were built before from the same go.mod and go.sum.
func (t *Tool) planned(f files, env goEnv) bool {
	folder, err := t.planFolder(f, env)
	if err != nil {
		return false
	}
	_, ok := loadPlan(folder)
	return ok
}

// complete asks the real go, which may not change go.mod or go.sum for it, whether it finds all packages of the program.
func (t *Tool) complete() bool {
	args := []string{"list", "-mod=readonly", "-deps"}
	if len(t.Args) > 1 { // go get -t
		args = append(args, "-test")
	}
	return t.run(io.Discard, io.Discard, append(args, ".")...) == 0
}

func isStandard(importPath, goroot string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && exists(filepath.Join(goroot, "src", filepath.FromSlash(importPath)))
}

// packageFolder is where a package of a required module lies: of the one with the longest path, as Go's rule is.
func (t *Tool) packageFolder(importPath string, mod *modfile.File, cache string) (string, bool) {
	var found module.Version
	for _, r := range mod.Require {
		if under(importPath, r.Mod.Path) && len(r.Mod.Path) > len(found.Path) {
			found = r.Mod
		}
	}
	if found.Path == "" {
		return "", false
	}
	rest := strings.TrimPrefix(importPath, found.Path)
	for _, r := range mod.Replace {
		if r.Old.Path == found.Path && (r.Old.Version == "" || r.Old.Version == found.Version) {
			if r.New.Version == "" {
				return t.absolute(r.New.Path) + filepath.FromSlash(rest), true
			}
			found = r.New
		}
	}
	escaped, err := module.EscapePath(found.Path)
	if err != nil {
		return "", false
	}
	version, err := module.EscapeVersion(found.Version)
	if err != nil {
		return "", false
	}
	return filepath.Join(cache, filepath.FromSlash(path.Join(escaped+"@"+version, rest))), true
}

func under(importPath, modulePath string) bool {
	rest, ok := strings.CutPrefix(importPath, modulePath)
	return ok && (rest == "" || rest[0] == '/')
}

func (t *Tool) absolute(folder string) string {
	if filepath.IsAbs(folder) {
		return folder
	}
	return filepath.Join(t.Dir, filepath.FromSlash(folder))
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
