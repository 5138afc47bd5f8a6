package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

const (
	kernelProgram   = "headstart"
	transferProgram = "headstart-transfer"
)

// ownPrograms are the project's programs with their packages, from the module's root. Only the one that bridges to XLA
// needs a C compiler.
func ownPrograms() []ownProgram {
	return []ownProgram{
		{kernelProgram, "kernel/cmd/headstart", false, "the kernel"},
		{"headstart-go", "kernel/cmd/headstart-go", false, "Go cells that keep their variables and build fast, with the project's packages without a network"},
		{transferProgram, "magics/cmd/headstart-transfer", true, "%dataset, %model and %train"},
	}
}

type ownProgram struct {
	program, pkg string
	cgo          bool
	brings       string
}

// programs puts the project's own programs into the bin folder: built there in a checkout, else copied from beside the
// running one.
type programs struct {
	layout Layout
	host   host
	log    *progress
}

func (c *programs) name() string { return "headstart's programs" }

func (c *programs) files() []string {
	var files []string
	for _, own := range ownPrograms() {
		files = append(files, c.layout.Program(own.program+exeSuffix()))
	}
	return files
}

// ready leaves the decision to stage, since only go can tell whether a build is fresh.
func (c *programs) ready() bool { return false }

func (c *programs) stage(ctx context.Context, tx *transaction.Transaction) error {
	if c.layout.Checkout != "" {
		for _, own := range ownPrograms() {
			if err := c.build(ctx, tx, own); err != nil {
				return err
			}
		}
		return c.fetchGraph(ctx)
	}
	return c.copyAll(ctx, tx)
}

// fetchGraph brings the go.mod files of all modules that a cell's own module leads to. A build needs fewer of them, but go get
// in a cell, and a cell below a workspace of the user's, load the whole graph, and would fail without a network.
func (c *programs) fetchGraph(ctx context.Context) error {
	err := command.Run(ctx, c.layout.Checkout, nil, c.host.goTool, "mod", "graph")
	if err != nil && ctx.Err() == nil {
		c.log.line("the go.mod files of some modules could not be fetched: go get in a cell needs a network")
	}
	return ctx.Err()
}

func (c *programs) build(ctx context.Context, tx *transaction.Transaction, own ownProgram) error {
	if err := needGo(c.host.goTool, "building "+own.program); err != nil {
		return err
	}
	env := []string{"CGO_ENABLED=0"}
	if own.cgo {
		env = append(Vectors(ctx, c.layout.Checkout, c.host.goTool), "CGO_ENABLED=1")
		if c.host.compiler == "" {
			return command.Fault(nil, "building %s needs a C compiler, which was not found: %s", own.program, CompilerHint())
		}
	}
	dest := c.layout.Program(own.program + exeSuffix())
	built, err := tx.Scratch(dest)
	if err != nil {
		return err
	}
	err = c.log.during("building "+own.program, func() error {
		return command.Run(ctx, c.layout.Checkout, env, c.host.goTool, "build", "-o", built, "./"+own.pkg)
	})
	if err != nil {
		return err
	}
	return c.placeIfNew(ctx, tx, built, dest)
}

func (c *programs) placeIfNew(ctx context.Context, tx *transaction.Transaction, built, dest string) error {
	if same, err := sameContent(ctx, built, dest); err != nil || same {
		return err
	}
	tx.Place(built, dest)
	return nil
}

// copyAll takes what lies beside the running program. Without the others the kernel still runs Go cells.
func (c *programs) copyAll(ctx context.Context, tx *transaction.Transaction) error {
	running, err := os.Executable()
	if err == nil {
		running, err = filepath.EvalSymlinks(running)
	}
	if err != nil {
		return fmt.Errorf("finding the running program: %w", err)
	}
	var missing []string
	for _, own := range ownPrograms() {
		from := running
		if own.program != kernelProgram {
			from = filepath.Join(filepath.Dir(running), own.program+exeSuffix())
		}
		if !exists(from) {
			missing = append(missing, own.program+" ("+own.brings+")")
			continue
		}
		if err := c.copy(ctx, tx, from, c.layout.Program(own.program+exeSuffix())); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return &optionalError{fmt.Errorf("not beside %s, and therefore not installed: %s; put them there and install again",
			running, strings.Join(missing, ", "))}
	}
	return nil
}

func (c *programs) copy(ctx context.Context, tx *transaction.Transaction, from, dest string) error {
	if same, err := sameContent(ctx, from, dest); err != nil || same {
		return err
	}
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return tx.Write(dest, 0o755, file)
}

func sameContent(ctx context.Context, a, b string) (bool, error) {
	hashA, _, err := digest.File(ctx, a)
	if err != nil {
		return false, err
	}
	hashB, _, err := digest.File(ctx, b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return hashA == hashB, err
}
