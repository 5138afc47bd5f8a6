package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// KernelName is the kernelspec's name, by which notebooks ask for the kernel.
const KernelName = "headstart"

// Where Jupyter looks for a kernelspec, below its folder.
const (
	kernelsFolder = "kernels"
	specName      = "kernel.json"
)

// A Place says where to install. The zero value is the user's own folders.
type Place struct {
	User      bool   // into the user's own folders, said out loud
	SysPrefix bool   // into the prefix of the Python interpreter, which for a virtual environment is its folder
	Prefix    string // into this folder
	Checkout  string // into .headstart of this checkout of the project, with a virtual environment for Jupyter

	// Source is a folder with the module's source for Go cells to import, used as it is. Empty: an unpacked copy.
	Source string
}

// A Layout is where everything of one installation lies.
type Layout struct {
	Prefix   string // what Jupyter calls a prefix
	Share    string // where Jupyter looks for kernelspecs and extensions: a folder named jupyter
	Root     string // programs, libraries and the manifest
	Home     string // the state folder that the kernelspec sets; empty leaves the kernel's default
	Source   string // the module's source, where it is not an unpacked copy
	Checkout string // the project's checkout, where this installation belongs to one
	Wheel    bool   // pip brought it, from a wheel
}

// NewLayout resolves a place to absolute paths. It asks the Python interpreter for its prefix where the place needs it.
func NewLayout(ctx context.Context, place Place, python string) (Layout, error) {
	chosen := 0
	for _, set := range []bool{place.User, place.SysPrefix, place.Prefix != "", place.Checkout != ""} {
		if set {
			chosen++
		}
	}
	if chosen > 1 {
		return Layout{}, errors.New("more than one place to install to was given: choose one of --user, --sys-prefix, --prefix and --checkout")
	}
	source, err := absolute(place.Source)
	if err != nil {
		return Layout{}, err
	}
	if source != "" && !exists(filepath.Join(source, "go.mod")) {
		return Layout{}, fmt.Errorf("the source folder %s holds no go.mod: name the root of a checkout of the project", source)
	}
	switch {
	case place.Checkout != "":
		return checkoutLayout(place.Checkout)
	case place.SysPrefix:
		if python == "" {
			python = "python3"
		}
		prefix, err := sysPrefix(ctx, python)
		return prefixLayout(prefix, source), err
	case place.Prefix != "":
		prefix, err := absolute(place.Prefix)
		return prefixLayout(prefix, source), err
	}
	return userLayout(source)
}

// Here is the layout of the installation that the running program belongs to.
func Here() (Layout, bool) {
	running, err := os.Executable()
	if err == nil {
		running, err = filepath.EvalSymlinks(running)
	}
	if err != nil {
		return Layout{}, false
	}
	root := filepath.Dir(filepath.Dir(running)) // ROOT/bin/headstart
	if !exists(filepath.Join(root, transaction.ManifestName)) && !fromWheel(root) {
		return Layout{}, false
	}
	if filepath.Base(root) == ".headstart" {
		layout, err := checkoutLayout(filepath.Dir(root))
		return layout, err == nil
	}
	prefix := filepath.Dir(filepath.Dir(root)) // PREFIX/lib/headstart
	return prefixLayout(prefix, "").Installed(), true
}

// Installed is the layout as the installation in its root was asked for, where one is there.
func (l Layout) Installed() Layout {
	installed, err := readManifest(l)
	if err != nil || installed.Asked.Share == "" || l.Checkout != "" {
		return l
	}
	l.Share, l.Source = installed.Asked.Share, installed.Asked.Source
	return l
}

// Command is what installs to the layout again.
func (l Layout) Command() string {
	if l.Wheel {
		return "pip install --force-reinstall " + WheelProject
	}
	line := "headstart install"
	switch user, err := userLayout(l.Source); {
	case l.Checkout != "":
		return "make setup (in " + l.Checkout + ")"
	case err != nil || user != l:
		line += " --prefix " + command.ShellQuote(l.Prefix)
	}
	if l.Source != "" {
		line += " --source " + command.ShellQuote(l.Source)
	}
	return line
}

func absolute(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	abs, err := homepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("resolving the folder %s: %w", dir, err)
	}
	return abs, nil
}

func checkoutLayout(dir string) (Layout, error) {
	checkout, err := absolute(dir)
	if err != nil {
		return Layout{}, err
	}
	requirements, err := os.ReadFile(filepath.Join(checkout, requirementsFile))
	if err != nil || !exists(filepath.Join(checkout, "go.mod")) {
		return Layout{}, fmt.Errorf("%s is not a checkout of the project: go.mod or %s is missing", checkout, requirementsFile)
	}
	root := filepath.Join(checkout, ".headstart")
	prefix := venvFolder(root, requirements)
	return Layout{
		Prefix: prefix, Share: filepath.Join(prefix, "share", "jupyter"),
		Root: root, Home: root, Source: checkout, Checkout: checkout,
	}, nil
}

func prefixLayout(prefix, source string) Layout {
	root := filepath.Join(prefix, "lib", "headstart")
	return Layout{
		Prefix: prefix, Share: filepath.Join(prefix, "share", "jupyter"), Root: root, Source: source, Wheel: fromWheel(root),
	}
}

// userLayout follows jupyter_core's rules for the user's data folder.
func userLayout(source string) (Layout, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return Layout{}, fmt.Errorf("finding the home folder: %w; set HOME or name a folder with --prefix", err)
	}
	layout := prefixLayout(filepath.Join(home, ".local"), source)
	switch {
	case os.Getenv("JUPYTER_DATA_DIR") != "":
		layout.Share, err = absolute(os.Getenv("JUPYTER_DATA_DIR"))
	case runtime.GOOS == "darwin":
		layout.Share = filepath.Join(home, "Library", "Jupyter")
	case os.Getenv("XDG_DATA_HOME") != "":
		layout.Share, err = absolute(filepath.Join(os.Getenv("XDG_DATA_HOME"), "jupyter"))
	}
	return layout, err
}

func sysPrefix(ctx context.Context, interpreter string) (string, error) {
	out, err := command.Output(ctx, "", interpreter, python.Code("import sys; print(sys.prefix)")...)
	if err != nil {
		return "", fmt.Errorf("asking %s for its prefix: %w; name the interpreter of your Jupyter with --python", interpreter, err)
	}
	prefix := strings.TrimSpace(out)
	if !filepath.IsAbs(prefix) {
		return "", fmt.Errorf("asking %s for its prefix: it gave no folder, but %q; name the interpreter of your Jupyter with --python", interpreter, prefix)
	}
	return prefix, nil
}

// Bin holds the programs; the kernelspec puts it first on PATH.
func (l Layout) Bin() string { return filepath.Join(l.Root, "bin") }

// Lib holds the PJRT plugins that the installation brought.
func (l Layout) Lib() string { return filepath.Join(l.Root, "lib") }

// SourceDir is where Go cells find the module's source.
func (l Layout) SourceDir() string {
	if l.Source != "" {
		return l.Source
	}
	return filepath.Join(l.Root, "src")
}

// Kernelspec is the folder of kernel.json.
func (l Layout) Kernelspec() string { return filepath.Join(l.Share, kernelsFolder, KernelName) }

func (l Layout) manifest() string { return filepath.Join(l.Root, transaction.ManifestName) }

// site says what an installation to the layout may remove. In the user's own place, and nowhere else, that includes the
// data folder that Jupyter had at the time.
func (l Layout) site() transaction.Site {
	site := transaction.Site{Root: l.Root, Share: l.Share, Bases: []string{l.Prefix}}
	if l.Checkout != "" {
		site.Bases = []string{l.Root}
	}
	if user, err := userLayout(l.Source); err == nil && user.Root == l.Root {
		// Deepest first: the user's own folders may be links to another disk.
		site.Bases, site.AskedShare = []string{l.Root, user.Share, l.Share, l.Prefix}, true
	}
	return site
}

func readManifest(layout Layout) (transaction.Manifest, error) {
	installed, err := transaction.Read(layout.site())
	return installed, command.ExplainStep(err)
}

// Program is the path of an installed program.
func (l Layout) Program(name string) string { return filepath.Join(l.Bin(), name) }

// Labextension is the folder of the extension, named as its package.json says.
func (l Layout) Labextension(built fs.FS) (string, error) {
	data, err := fs.ReadFile(built, "package.json")
	if err != nil {
		return "", fmt.Errorf("reading the built JupyterLab extension: %w; build the program with the extension in it", err)
	}
	var pkg struct{ Name string }
	if err := json.Unmarshal(data, &pkg); err != nil {
		return "", fmt.Errorf("reading the JupyterLab extension's package.json: %w", err)
	}
	clean := path.Clean("/" + pkg.Name)[1:]
	if clean == "" || clean != pkg.Name {
		return "", fmt.Errorf("the JupyterLab extension's package.json gives the name %q, which is not a valid folder name", pkg.Name)
	}
	return filepath.Join(l.Share, "labextensions", filepath.FromSlash(clean)), nil
}
