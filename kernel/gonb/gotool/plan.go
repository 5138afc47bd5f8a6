package gotool

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// A plan is what the real go found out when it built a module: which compiled packages its program is made of. Its
// folder also holds their import configurations.
type plan struct {
	folder string

	Module   string          // the name of the module that it was made for
	Packages []string        // the files of the compiled packages, in Go's build cache
	Local    []localPackages // packages whose sources the user may change
	External bool            // the linker refused to link without the C linker
}

// localPackages is a folder whose files are part of the program, and its state when the plan was made.
type localPackages struct {
	Folder string
	State  string
}

const (
	compileConfig = "importcfg"
	linkConfig    = "importcfg.link"
	planFile      = "plan.json"
	planAge       = 30 * 24 * time.Hour // an older plan is removed; Go trims its build cache sooner
)

// plans is the folder that holds the plans.
func (t *Tool) plans() string {
	if folder := t.getenv(PlansVar); folder != "" {
		return folder
	}
	return filepath.Join(t.Dir, ".headstart-plans")
}

// planFolder is where the plan for these imports lies. Its name depends on all that decides which packages make up the
// program, but for the sources of local packages, whose state stands in the plan.
func (t *Tool) planFolder(f files, env goEnv) (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "1 %q %q\n", env, f.imports)
	for _, name := range moduleFiles {
		text, err := os.ReadFile(filepath.Join(t.Dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		// GoNB's module has another name under every kernel, and no influence on what is imported.
		if name == "go.mod" {
			text = bytes.Replace(text, []byte("module "+moduleName(text)), []byte("module cell"), 1)
		}
		fmt.Fprintf(hash, "%s %q\n", name, text)
	}
	var settings []string
	for _, entry := range t.Env {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "GONB_") && !strings.HasPrefix(name, "GOMLX_") ||
			strings.HasPrefix(name, "CGO_") || name == "CC" || name == "CXX" || strings.HasPrefix(name, "PKG_CONFIG") {
			settings = append(settings, entry)
		}
	}
	slices.Sort(settings)
	fmt.Fprintf(hash, "%q\n", settings)
	config := t.getenv("GOENV")
	if folder, err := os.UserConfigDir(); config == "" && err == nil {
		config = filepath.Join(folder, "go", "env")
	}
	text, _ := os.ReadFile(config) // `go env -w`; it need not exist
	fmt.Fprintf(hash, "%q\n", text)
	return filepath.Join(t.plans(), hex.EncodeToString(hash.Sum(nil)[:16])), nil
}

func moduleName(gomod []byte) string {
	for line := range strings.Lines(string(gomod)) {
		if name, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

// loadPlan reads a plan and checks that it still holds.
func loadPlan(folder string) (*plan, bool) {
	text, err := os.ReadFile(filepath.Join(folder, planFile))
	if err != nil {
		return nil, false
	}
	p := &plan{folder: folder}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, false
	}
	for _, file := range p.Packages {
		if !exists(file) {
			return nil, false
		}
	}
	for _, local := range p.Local {
		if state, err := folderState(local.Folder); err != nil || state != local.State {
			return nil, false
		}
	}
	return p, true
}

// folderState changes when a file in the folder does.
func folderState(folder string) (string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%q %d %d\n", entry.Name(), info.Size(), info.ModTime().UnixNano())
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// keepPlan makes a plan of the import configurations that the real go left in its work folder.
func (t *Tool) keepPlan(folder, work string) error {
	if work == "" {
		return errors.New("the go command named no work folder")
	}
	link, err := os.ReadFile(filepath.Join(work, "b001", linkConfig))
	if err != nil {
		return err
	}
	compile, err := os.ReadFile(filepath.Join(work, "b001", compileConfig))
	if err != nil {
		return err
	}
	p, err := t.newPlan(string(link))
	if err != nil {
		return err
	}
	return p.store(folder, compile, link)
}

// newPlan is a plan with the packages of an import configuration.
func (t *Tool) newPlan(config string) (*plan, error) {
	mod, err := readModule(filepath.Join(t.Dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	p := &plan{Module: mod.Module.Mod.Path}
	locals := t.localModules(mod)
	for line := range strings.Lines(config) {
		entry, ok := strings.CutPrefix(strings.TrimSpace(line), "packagefile ")
		if !ok {
			continue
		}
		importPath, file, _ := strings.Cut(entry, "=")
		if importPath == p.Module {
			continue
		}
		p.Packages = append(p.Packages, file)
		for modulePath, root := range locals {
			if !under(importPath, modulePath) {
				continue
			}
			folder := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(importPath, modulePath)))
			state, err := folderState(folder)
			if err != nil {
				return nil, err
			}
			p.Local = append(p.Local, localPackages{folder, state})
		}
	}
	return p, nil
}

// store writes a plan as a whole: another kernel may be reading the same one.
func (p *plan) store(folder string, compile, link []byte) error {
	parent := filepath.Dir(folder)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	removeOld(parent)
	temp, err := os.MkdirTemp(parent, "new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp) // it is gone after the rename
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{planFile: text, compileConfig: compile, linkConfig: link} {
		if err := os.WriteFile(filepath.Join(temp, name), data, 0o600); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(temp, folder)
}

func removeOld(plans string) {
	entries, err := os.ReadDir(plans)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > planAge {
			_ = os.RemoveAll(filepath.Join(plans, entry.Name())) // the next build tries again
		}
	}
}

// update writes the plan's own file anew.
func (p *plan) update() error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(p.folder, planFile), text)
}

// localModules are the required modules that a folder replaces, by path.
func (t *Tool) localModules(mod *modfile.File) map[string]string {
	found := map[string]string{}
	for _, r := range mod.Replace {
		if r.New.Version == "" {
			found[r.Old.Path] = t.absolute(r.New.Path)
		}
	}
	return found
}
