package gotool

import (
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// files are the Go files of GoNB's module and what they import.
type files struct {
	names   []string
	imports []string // sorted, each once
}

// errNotPlain says that a module needs more than the compiler and the linker.
var errNotPlain = errors.New("the module needs the go command itself")

// moduleFiles are files whose content decides about a build, but not as sources.
var moduleFiles = []string{"go.mod", "go.sum", "go.work", "go.work.sum"}

// parse lists the files of the module. It fails with errNotPlain where one of them embeds files, is cgo, has build
// constraints or other directives that the go command reads, or is not Go at all.
func (t *Tool) parse(tests bool) (files, error) {
	entries, err := os.ReadDir(t.Dir)
	if err != nil {
		return files{}, err
	}
	var found files
	seen := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir() && name == "vendor", name == "default.pgo":
			return files{}, errNotPlain
		case entry.IsDir(), strings.HasPrefix(name, "."), strings.HasPrefix(name, "_"), slices.Contains(moduleFiles, name):
			continue
		case strings.HasSuffix(name, "_test.go") && !tests:
			continue
		case !strings.HasSuffix(name, ".go"):
			if ext := filepath.Ext(name); slices.Contains(otherSources, ext) {
				return files{}, errNotPlain
			}
			continue
		case strings.Contains(strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test"), "_"):
			return files{}, errNotPlain // the name may hold a build constraint
		}
		text, err := os.ReadFile(filepath.Join(t.Dir, name))
		if err != nil {
			return files{}, err
		}
		if name == mainFile && t.program != "" {
			text = []byte(t.program)
		}
		if hasDirective(string(text)) {
			return files{}, errNotPlain
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			return files{}, err
		}
		found.names = append(found.names, name)
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return files{}, err
			}
			if !seen[imported] {
				seen[imported] = true
				found.imports = append(found.imports, imported)
			}
		}
	}
	slices.Sort(found.imports)
	return found, nil
}

// otherSources are what the go command compiles besides Go.
var otherSources = []string{".s", ".S", ".c", ".cc", ".cpp", ".cxx", ".m", ".h", ".hh", ".hpp", ".f", ".F", ".swig", ".swigcxx", ".syso"}

// hasDirective tells whether a file has a line that the go command, not the compiler, acts on. A false alarm, such as
// such a line in a raw string, costs time only.
func hasDirective(text string) bool {
	for line := range strings.Lines(text) {
		for _, directive := range []string{"//go:build", "//go:embed", "//go:debug", "// +build", "//go:cgo", "//line ", "//export "} {
			if strings.HasPrefix(line, directive) {
				return true
			}
		}
	}
	return false
}
