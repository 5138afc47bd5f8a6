package install

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// requirementsFile pins Jupyter and everything below it, in a checkout, with the hash of each file.
const requirementsFile = "scripts/requirements.txt"

// venvFolder is named after what the environment holds. The scripts of an environment contain its path, so one cannot be
// made elsewhere and moved: each set of requirements gets a folder of its own, and the link named venv changes to it once
// everything is there.
func venvFolder(root string, requirements []byte) string {
	sum := sha256.Sum256(requirements)
	return filepath.Join(root, "venvs", fmt.Sprintf("%x", sum[:6]))
}

// A venv is the checkout's virtual environment with Jupyter.
type venv struct {
	layout Layout
	python string
	log    *progress
}

func (v *venv) name() string { return "Jupyter" }

func (v *venv) files() []string {
	return []string{filepath.Dir(v.layout.Prefix) + string(filepath.Separator)}
}

// marker is the file that is written when everything is in the environment. It holds the place for which that was true.
func (v *venv) marker() string { return filepath.Join(v.layout.Prefix, "complete") }

func (v *venv) ready() bool {
	return holds(v.marker(), []byte(v.layout.Prefix+"\n")) && exists(filepath.Join(v.layout.Prefix, "bin", "python"))
}

// stage makes the environment from nothing: a part that an interrupted run left is of no use, a moved one neither.
func (v *venv) stage(ctx context.Context, tx *transaction.Transaction) error {
	folder := v.layout.Prefix
	if err := transaction.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return err
	}
	err := v.log.during("making a virtual environment", func() error {
		return command.Run(ctx, "", nil, v.python, python.Module("venv", folder)...)
	})
	if err != nil {
		return v.explainVenv(err)
	}
	err = v.log.during("installing Jupyter into it", func() error {
		return command.Run(ctx, "", nil, filepath.Join(folder, "bin", "python"), python.Module("pip", "install", "--no-input",
			"--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", filepath.Join(v.layout.Checkout, requirementsFile))...)
	})
	if err != nil {
		return command.Explain(err, "installing Jupyter with pip")
	}
	return os.WriteFile(v.marker(), []byte(folder+"\n"), 0o644)
}

func (v *venv) explainVenv(err error) error {
	if !strings.Contains(err.Error(), "ensurepip") {
		return command.Explain(err, "making a virtual environment")
	}
	hint := "install Python's venv and ensurepip modules"
	if exists("/usr/bin/apt-get") {
		hint = "sudo apt-get install python3-venv"
	}
	return command.Fault(err, "making a virtual environment: %s lacks its venv module: %s", v.python, hint)
}

// A venvLink makes the finished environment the one that is used.
type venvLink struct{ layout Layout }

func (l *venvLink) name() string    { return "the link to Jupyter" }
func (l *venvLink) path() string    { return filepath.Join(l.layout.Root, "venv") }
func (l *venvLink) target() string  { return filepath.Join("venvs", filepath.Base(l.layout.Prefix)) }
func (l *venvLink) files() []string { return []string{l.path()} }

func (l *venvLink) ready() bool {
	target, err := os.Readlink(l.path())
	return err == nil && target == l.target()
}

func (l *venvLink) stage(_ context.Context, tx *transaction.Transaction) error {
	next, err := tx.Scratch(l.path())
	if err != nil {
		return err
	}
	if err := os.Symlink(l.target(), next); err != nil {
		return err
	}
	tx.Place(next, l.path())
	all, err := os.ReadDir(filepath.Dir(l.layout.Prefix))
	if err != nil {
		return err
	}
	for _, entry := range all {
		if entry.Name() != filepath.Base(l.layout.Prefix) {
			tx.Drop(filepath.Join(filepath.Dir(l.layout.Prefix), entry.Name()) + string(filepath.Separator))
		}
	}
	return nil
}
