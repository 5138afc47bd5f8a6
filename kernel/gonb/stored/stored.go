// Package stored keeps the values of variables that outlast the kernel, each with how it is declared.
package stored

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

const (
	// quota bounds the values that outlast the kernel: they are in a folder that people rarely look into.
	quota = 2 << 30
	// declarationsFile says how the stored variables are declared. It lies beside their values.
	declarationsFile = "declarations.json"
	maxDeclarations  = 16 << 20 // bytes of that file
)

// Values are the folder of values that outlast the kernel.
type Values struct {
	folder string
	Store  *keep.Store
}

// Open makes the folder where there is none.
func Open(dir string) (Values, error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return Values{}, fmt.Errorf("make a folder for stored values: %w", err)
	}
	folder, err := paths.Private(dir)
	if err != nil {
		return Values{}, fmt.Errorf("make a folder for stored values: %w", err)
	}
	return Values{folder, keep.Open(folder, keep.Options{Quota: quota})}, nil
}

// Key tells the declarations of one variable apart: its value may be older than the newest of them.
func Key(name, typ string) string { return name + " " + typ }

// Declarations say how the variables are declared, by Key.
func (s Values) Declarations() (map[string]program.Variable, error) {
	known := map[string]program.Variable{}
	file := filepath.Join(s.folder, declarationsFile)
	text, err := safefile.ReadFile(file, maxDeclarations)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read how stored variables are declared: %w", err)
	}
	if err := json.Unmarshal(text, &known); err != nil {
		return nil, fmt.Errorf("read %s: %w; %%store NAME writes it again once it is removed", file, err)
	}
	return known, nil
}

// Declare adds declarations, and drops those of values that are no longer there. It comes before the values, so that a
// kernel that dies between the two leaves no value without a declaration.
func (s Values) Declare(ctx context.Context, added map[string]program.Variable) error {
	lock, err := filelock.Acquire(ctx, filepath.Join(s.folder, declarationsFile+".lock"), nil)
	if err != nil {
		return err
	}
	defer lock.Close()
	known, err := s.Declarations()
	if err != nil {
		return err
	}
	entries, err := s.Store.List()
	if err != nil {
		return err
	}
	used := map[string]bool{}
	for _, entry := range entries {
		used[Key(entry.Name, entry.Type)] = true
	}
	maps.DeleteFunc(known, func(k string, _ program.Variable) bool { return !used[k] })
	maps.Copy(known, added)
	text, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return atomicfile.WriteFile(filepath.Join(s.folder, declarationsFile), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// OwnTypes are the names in a type that cells declare.
func OwnTypes(expression ast.Expr) (names []string) {
	fields := map[*ast.Ident]bool{}
	ast.Inspect(expression, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr: // of a package
			return false
		case *ast.Field: // of a struct, a function or an interface
			for _, name := range n.Names {
				fields[name] = true
			}
		case *ast.Ident:
			if !fields[n] && types.Universe.Lookup(n.Name) == nil {
				names = append(names, n.Name)
			}
		}
		return true
	})
	return names
}
