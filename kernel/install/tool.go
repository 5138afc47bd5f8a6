package install

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/gonbrepair"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// A tool is a Go program of others that a session needs on its PATH.
type tool struct {
	program string // the file's name
	pkg     string // the main package
	module  string // the module that has it
	version string
	pins    string // the folder, from the checkout's root, of the tool module that pins it and all it depends on
	// repaired is the folder of its corrected source, in the module that it is built in; empty where it needs none.
	repaired string
}

// Delve is the program of the debugger of Go cells.
const Delve = "dlv"

// tools are at the versions of the tool modules in tools/, which a test compares.
//
// GoNB runs goimports before every cell, and gopls for completion and inspection; the kernel runs Delve for a
// cell that is debugged. gopls v0.24 needs Go 1.27.
func tools() []tool {
	return []tool{
		{"gonb", "github.com/janpfeifer/gonb", "github.com/janpfeifer/gonb", "v0.11.4", "tools/gonb", gonbrepair.Folder},
		{"goimports", "golang.org/x/tools/cmd/goimports", "golang.org/x/tools", "v0.52.0", "tools/gonb", ""},
		{"gopls", "golang.org/x/tools/gopls", "golang.org/x/tools/gopls", "v0.23.0", "tools/gopls", ""},
		{Delve, "github.com/go-delve/delve/cmd/dlv", "github.com/go-delve/delve", "v1.27.2", "tools/delve", ""},
	}
}

// Tools are the programs of others that belong to an installation, with their versions.
func Tools() map[string]string {
	versions := map[string]string{}
	for _, t := range tools() {
		versions[t.program] = t.version
	}
	return versions
}

type toolComponent struct {
	layout Layout
	tool   tool
	goTool string
	log    *progress
}

func (c *toolComponent) name() string    { return c.tool.program + " " + c.tool.version }
func (c *toolComponent) dest() string    { return c.layout.Program(c.tool.program + exeSuffix()) }
func (c *toolComponent) files() []string { return []string{c.dest()} }
func (c *toolComponent) ready() bool     { return c.tool.builtAs(c.dest()) }

// builtAs reports whether a file is the tool at its version, with its corrections.
func (t tool) builtAs(file string) bool {
	info, err := buildinfo.ReadFile(file)
	if err != nil || info.Main.Version != t.version {
		return false
	}
	return t.repaired == "" || info.Main.Replace != nil && info.Main.Replace.Path == "./"+t.repaired
}

// Repaired reports whether a program has the corrections that this release makes to it; those of other programs do.
func Repaired(program, file string) bool {
	for _, t := range tools() {
		if t.program == program && t.repaired != "" {
			return t.builtAs(file)
		}
	}
	return true
}

// CorrectSource makes the module in a folder build a program from its corrected source, where this release corrects it.
func CorrectSource(ctx context.Context, goTool, module, program string) error {
	for _, t := range tools() {
		if t.program == program {
			return t.repair(ctx, goTool, module)
		}
	}
	return nil
}

func (t tool) repair(ctx context.Context, goTool, module string) error {
	if t.repaired == "" {
		return nil
	}
	env := []string{"GOFLAGS=-mod=mod -buildvcs=false"}
	if err := command.Run(ctx, module, env, goTool, "mod", "download", t.module); err != nil { // which says what is wrong
		return err
	}
	download := exec.CommandContext(ctx, goTool, "mod", "download", "-json", t.module)
	download.Dir, download.Env = module, command.Environment(env...)
	output, err := download.Output()
	var source struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(output, &source)
	}
	if err != nil {
		return fmt.Errorf("find the source of %s: %w", t.program, err)
	}
	if err := gonbrepair.Apply(source.Dir, filepath.Join(module, t.repaired)); err != nil {
		return err
	}
	return command.Run(ctx, module, env, goTool, "mod", "edit", "-replace="+t.module+"=./"+t.repaired)
}

func exeSuffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

func (c *toolComponent) stage(ctx context.Context, tx *transaction.Transaction) error {
	if err := needGo(c.goTool, "building "+c.name()); err != nil {
		return err
	}
	built, err := tx.Scratch(c.dest())
	if err != nil {
		return err
	}
	err = c.log.during("building "+c.name(), func() error {
		module, err := c.module(ctx, tx)
		if err == nil {
			err = c.tool.repair(ctx, c.goTool, module)
		}
		if err != nil {
			return err
		}
		return command.Run(ctx, module, []string{"GOFLAGS=-mod=mod -buildvcs=false", "CGO_ENABLED=0"}, c.goTool, "build", "-o", built, c.tool.pkg)
	})
	if err != nil {
		return err
	}
	tx.Place(built, c.dest())
	return nil
}

// module returns the folder to build in: the tool module of the sources where they are at hand, else a module made for
// the purpose, in which go resolves the dependencies from the tool's own go.mod and checks them as it always does.
func (c *toolComponent) module(ctx context.Context, tx *transaction.Transaction) (string, error) {
	if c.layout.Source != "" {
		if dir := filepath.Join(c.layout.Source, filepath.FromSlash(c.tool.pins)); exists(filepath.Join(dir, "go.mod")) {
			return c.copyPins(tx, dir)
		}
	}
	dir, err := tx.Scratch(filepath.Join(c.layout.Root, c.tool.program+"-module"))
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	text := fmt.Sprintf("module tool\n\ngo %s\n\nrequire %s %s\n", MinimumGo, c.tool.module, c.tool.version)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o644); err != nil {
		return "", err
	}
	return dir, command.Run(ctx, dir, []string{"GOFLAGS=-mod=mod -buildvcs=false"}, c.goTool, "get", c.tool.pkg+"@"+c.tool.version)
}

// copyPins keeps go from touching the checkout's own files, and lets it build from a read-only one.
func (c *toolComponent) copyPins(tx *transaction.Transaction, pins string) (string, error) {
	dir, err := tx.Scratch(filepath.Join(c.layout.Root, c.tool.program+"-module"))
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(pins, name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}
