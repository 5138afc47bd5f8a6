package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics/commandline"
)

//go:embed plugintemplate
var pluginTemplates embed.FS

// module is the path of this project's module.
const module = "github.com/headstart-nb/headstart"

func newPluginNewCommand() *cobra.Command {
	var dir, source string
	command := &cobra.Command{
		Use:     "new NAME",
		Short:   "Write the module of a new plugin with one magic, %NAME",
		Example: "  headstart plugin new hello && headstart plugin install headstart-hello",
		Args:    commandline.Args(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			name := strings.TrimLeft(args[0], "%")
			if dir == "" {
				dir = "headstart-" + name
			}
			if err := writePlugin(command.Context(), name, dir, source); err != nil {
				return fmt.Errorf("write the plugin %s into %s: %w", name, dir, err)
			}
			return say(command, "wrote %s: change %s.go, then run headstart plugin install %s", dir, name, dir)
		},
	}
	command.Flags().StringVar(&dir, "dir", "", "the folder to write; default: headstart-NAME")
	command.Flags().StringVar(&source, "source", os.Getenv(sourceVar), "a checkout of Headstart to build against; default: the source that this program carries")
	return command
}

// writePlugin writes a module into a folder that does not exist yet.
func writePlugin(ctx context.Context, name, dir, source string) (err error) {
	if !registry.ValidName(name) || strings.Trim(name, "-") != name {
		return errors.New("the name of a magic must begin with a letter and consist of letters, digits, '_' and '-'")
	}
	if source == "" {
		if source, err = carriedSource(); err != nil {
			return err
		}
	}
	if source, err = filepath.Abs(source); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(source, "magics", "plugin")); err != nil {
		return fmt.Errorf("%s is not a checkout of Headstart: set --source to one", source)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir) // half a module is of no use
		}
	}()
	ident := identifier(name)
	for file, tmpl := range map[string]string{"main.go": "main.go.tmpl", name + ".go": "magic.go.tmpl", name + "_test.go": "magic_test.go.tmpl"} {
		if err := writeTemplate(filepath.Join(dir, file), tmpl, map[string]string{"Name": name, "Ident": ident}); err != nil {
			return err
		}
	}
	return writeModule(ctx, dir, name, source)
}

// identifier is a Go name for the magic's constructor.
func identifier(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	for i, p := range parts {
		if i > 0 {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	ident := strings.ToLower(parts[0][:1]) + parts[0][1:] + strings.Join(parts[1:], "")
	if token.IsKeyword(ident) || ident == "main" || ident == "plugin" || ident == "magics" {
		ident += "Magic"
	}
	return ident
}

func writeTemplate(file, name string, data any) error {
	t, err := template.ParseFS(pluginTemplates, "plugintemplate/"+name)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, data); err != nil {
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o666)
}

// writeModule writes go.mod and go.sum. It begins with the requirements of Headstart itself, so that whatever built
// Headstart builds the plugin, offline too.
func writeModule(ctx context.Context, dir, name, source string) error {
	text, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		return err
	}
	_, requirements, _ := strings.Cut(string(text), "require (")
	mod := fmt.Sprintf("module headstart-%s\n\ngo 1.26.5\n\nreplace %s => %s\n\nrequire %s v0.0.0\n\nrequire (%s",
		name, module, source, module, requirements)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o666); err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "go.sum"), sums, 0o666); err != nil {
		return err
	}
	return runGo(ctx, dir, "list", "-deps", "-test", ".") // go mod tidy would ask the network for tests of other modules
}

// carriedSource unpacks the source inside this program, once for each build of it.
func carriedSource() (string, error) {
	home, err := paths.State()
	if err != nil {
		return "", err
	}
	source := headstart.Source()
	digest := sha256.New()
	err = fs.WalkDir(source, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(source, path)
		fmt.Fprintf(digest, "%s %d\n", path, len(text))
		digest.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	folder := filepath.Join(home, "source", hex.EncodeToString(digest.Sum(nil)[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return "", err
	}
	unpacking, err := os.MkdirTemp(filepath.Dir(folder), ".unpacking-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(unpacking) }() // gone when the rename below went well
	if err := os.CopyFS(unpacking, source); err != nil {
		return "", err
	}
	if err := os.Rename(unpacking, folder); err != nil {
		if _, ready := os.Stat(folder); ready == nil {
			return folder, nil // another has been faster
		}
		return "", err
	}
	return folder, os.Chmod(folder, 0o755)
}
