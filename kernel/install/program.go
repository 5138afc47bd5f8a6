package install

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	kernelProgram   = "headstart"
	transferProgram = "headstart-transfer"
	transferPackage = "magics/cmd/headstart-transfer"
)

// programs puts the project's own programs into the bin folder: built there in a checkout, else copied from beside the
// running one.
type programs struct {
	layout Layout
	host   host
	log    *progress
}

func (c *programs) name() string { return "headstart's programs" }

func (c *programs) files() []string {
	return []string{c.layout.Program(kernelProgram + exeSuffix()), c.layout.Program(transferProgram + exeSuffix())}
}

// ready leaves the decision to stage, since only go can tell whether a build is fresh.
func (c *programs) ready() bool { return false }

func (c *programs) stage(ctx context.Context, tx *transaction) error {
	running, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding the running program: %w", err)
	}
	if running, err = filepath.EvalSymlinks(running); err != nil {
		return fmt.Errorf("finding the running program: %w", err)
	}
	if err := c.copy(tx, running, kernelProgram); err != nil {
		return err
	}
	if c.layout.Checkout != "" {
		return c.build(ctx, tx)
	}
	beside := filepath.Join(filepath.Dir(running), transferProgram+exeSuffix())
	if !exists(beside) {
		return &optionalError{fmt.Errorf("%s is not beside %s: %%dataset, %%model and %%train will be missing; build it with "+
			"go build -o %s ./%s and install again", transferProgram, running, filepath.Dir(running), transferPackage)}
	}
	return c.copy(tx, beside, transferProgram)
}

func (c *programs) copy(tx *transaction, from, program string) error {
	dest := c.layout.Program(program + exeSuffix())
	if same, err := sameContent(from, dest); err != nil || same {
		return err
	}
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return tx.write(dest, 0o755, file)
}

func (c *programs) build(ctx context.Context, tx *transaction) error {
	if !exists(filepath.Join(c.layout.Checkout, filepath.FromSlash(transferPackage))) {
		return nil
	}
	if err := needGo(c.host.goTool, "building "+transferProgram); err != nil {
		return err
	}
	if c.host.compiler == "" {
		return fault(nil, "building %s needs a C compiler, which was not found: %s", transferProgram, CompilerHint())
	}
	dest := c.layout.Program(transferProgram + exeSuffix())
	built, err := tx.scratch(dest)
	if err != nil {
		return err
	}
	build := func() error {
		return run(ctx, c.layout.Checkout, []string{"CGO_ENABLED=1"}, c.host.goTool, "build", "-o", built, "./"+transferPackage)
	}
	if exists(dest) {
		err = build() // go's cache makes this a second or two
	} else {
		err = c.log.during("building "+transferProgram, build)
	}
	if err != nil {
		return err
	}
	if same, err := sameContent(built, dest); err != nil || same {
		return err
	}
	tx.place(built, dest)
	return nil
}

func sameContent(a, b string) (bool, error) {
	hashA, err := fileHash(a)
	if err != nil {
		return false, err
	}
	hashB, err := fileHash(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return hashA == hashB, err
}

func fileHash(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", hash.Sum(nil)), nil
}
