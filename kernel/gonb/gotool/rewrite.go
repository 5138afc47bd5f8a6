package gotool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/program"
)

// The files that GoNB composes of cells.
const (
	mainFile = "main.go"
	testFile = "main_test.go" // of a cell with %test, in place of the other
)

// helpers is the path of this project's packages that the programs of cells import.
const helpers = "github.com/headstart-nb/headstart/nbhelpers"

// compose reads the cell's program and makes of it what is compiled: the kernel's description of the cell says whether its
// variables last.
func (t *Tool) compose() error {
	text, err := os.ReadFile(filepath.Join(t.Dir, mainFile))
	if err != nil {
		return err
	}
	t.program = string(text)
	if err := t.rewrite(); err != nil {
		return err
	}
	t.changed = t.program != string(text)
	return nil
}

// rewrite makes the variables of a cell last, where the kernel has described the cell, and tells the kernel what it found.
func (t *Tool) rewrite() error {
	outcomeFile := filepath.Join(t.Dir, program.OutcomeFile)
	if err := os.Remove(outcomeFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	description, err := os.ReadFile(filepath.Join(t.Dir, program.CellFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var cell program.Cell
	if err := json.Unmarshal(description, &cell); err != nil {
		return err
	}
	others, err := t.otherFiles()
	if err != nil {
		return err
	}
	source := program.Source{
		Text: t.program, Others: others, GoVersion: t.goVersion(), Importer: t.importer,
	}
	if t.getenv(SourceVar) != "" {
		source.Helpers = helpers
	}
	text, outcome, changed, err := program.Rewrite(source, cell)
	var lost *program.LostError
	var broken *brokenPackageError
	switch {
	case errors.As(err, &lost):
		return err
	case errors.As(err, &broken): // the build says the same
		return nil
	case err != nil:
		fmt.Fprintf(t.Stderr, "rewrite the cell's program: %v\n", err) // seen where it does not compile as it is
		return nil
	case !changed:
		return nil
	}
	t.program = text
	found, err := json.Marshal(outcome)
	if err != nil {
		return err
	}
	return os.WriteFile(outcomeFile, found, 0o600)
}

// otherFiles are the Go files of the module besides main.go, which only a user puts there.
func (t *Tool) otherFiles() (map[string]string, error) {
	found, err := t.parse(false)
	if err != nil && !errors.Is(err, errNotPlain) {
		return nil, nil // it is not Go: the compiler says so
	}
	others := map[string]string{}
	for _, name := range found.names {
		if name == mainFile {
			continue
		}
		text, err := os.ReadFile(filepath.Join(t.Dir, name))
		if err != nil {
			return nil, err
		}
		others[name] = string(text)
	}
	return others, nil
}

// goVersion is the language version of the module, as go/types wants it.
func (t *Tool) goVersion() string {
	mod, err := readModule(filepath.Join(t.Dir, "go.mod"))
	if err != nil || mod.Go == nil {
		return ""
	}
	return "go" + language(mod.Go.Version)
}

// importer reads the types of packages from what the compiler has written for them: from files that a plan names, else from
// those that the go command names, which are remembered as a plan of their own.
func (t *Tool) importer(paths []string) (types.Importer, error) {
	exports, err := t.exports(paths)
	if err != nil {
		return nil, err
	}
	lookup := func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("package %s is not among those of the cell", path)
		}
		return os.Open(file)
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", lookup), nil
}

// exports are the files with the types of packages, by import path.
func (t *Tool) exports(paths []string) (map[string]string, error) {
	env, err := t.goEnv()
	if err != nil {
		return nil, err
	}
	var listed []string
	for _, path := range paths {
		if path != "unsafe" && path != "C" {
			listed = append(listed, path)
		}
	}
	if len(listed) == 0 {
		return nil, nil
	}
	folder, err := t.planFolder(files{imports: listed}, env)
	if err != nil {
		return nil, err
	}
	typesFolder := folder + "-types"
	if p, ok := loadPlan(typesFolder); ok {
		if config, err := os.ReadFile(filepath.Join(p.folder, compileConfig)); err == nil {
			return packageFiles(string(config)), nil
		}
	}
	var out, messages bytes.Buffer
	args := append([]string{"list", "-export", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}"}, listed...)
	if t.run(&out, &messages, args...) != 0 {
		text := strings.TrimSpace(messages.String())
		if strings.HasPrefix(text, "# ") {
			return nil, &brokenPackageError{text}
		}
		return nil, fmt.Errorf("list the packages that the cell imports: %s", text)
	}
	p, err := t.newPlan(out.String())
	if err == nil {
		err = p.store(typesFolder, out.Bytes(), nil)
	}
	_ = err // without a plan the next cell asks again
	return packageFiles(out.String()), nil
}

// A brokenPackageError is what the compiler says of a package that a cell imports, such as one that the user is writing.
type brokenPackageError struct{ text string }

func (e *brokenPackageError) Error() string { return "compile what the cell imports: " + e.text }

// packageFiles are the files that an import configuration names, by import path.
func packageFiles(config string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(config) {
		if entry, ok := strings.CutPrefix(strings.TrimSpace(line), "packagefile "); ok {
			path, file, _ := strings.Cut(entry, "=")
			found[path] = file
		}
	}
	return found
}
