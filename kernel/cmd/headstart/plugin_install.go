package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/commandline"
)

func newPluginInstallCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "install PATH",
		Short: "Build a plugin and put it where kernels find it",
		Long: `PATH is the folder of a Go program, which is built, or a program in any language that serves magics/plugin/magicpb/magic.proto.
It is started once, to see that it works and that its magics have names of their own. A plugin of the same name is replaced.`,
		Example: "  headstart plugin install headstart-hello",
		Args:    commandline.Args(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			shelf, err := newPluginShelf()
			if err != nil {
				return err
			}
			if err := shelf.install(command, args[0]); err != nil {
				return fmt.Errorf("install the plugin %s: %w", args[0], err)
			}
			return nil
		},
	}
}

func (s *pluginShelf) install(command *cobra.Command, path string) error {
	ctx := command.Context()
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	folder := plugins.Folder(s.home)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	work, err := os.MkdirTemp(folder, ".installing-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }() // the program has left it when all went well
	file := filepath.Base(path)
	if !strings.HasPrefix(file, "headstart-") {
		file = "headstart-" + file
	}
	fresh := filepath.Join(work, file)
	if info.IsDir() {
		err = runGo(ctx, path, "build", "-o", fresh, ".")
	} else {
		err = copyProgram(path, fresh, info)
	}
	if err != nil {
		return err
	}
	b := plugins.Binary{Name: plugins.NameOf(fresh), Path: fresh}
	d, err := plugins.Describe(ctx, b, plugins.Options{Home: s.home})
	if err != nil {
		return err
	}
	if err := s.clash(ctx, b.Name, d); err != nil {
		return err
	}
	if err := replacePlugin(fresh, filepath.Join(folder, file)); err != nil {
		return err
	}
	// The kernel that starts next finds it described already.
	if shelf, err := newPluginShelf(); err == nil {
		_ = shelf.manager.Load(ctx) // what is wrong with other plugins is no matter of this one
	}
	var names []string
	for _, m := range d.Magics {
		names = append(names, m.Name)
	}
	return say(command, "installed the plugin %s %s with %s; kernels that run find it with %%plugins rescan", b.Name, d.Version, percentNames(names))
}

// replacePlugin puts a program in place of all those of the same plugin, whose files may have had another extension.
func replacePlugin(fresh, file string) error {
	if err := os.Rename(fresh, file); err != nil {
		return err
	}
	same, err := plugins.Installed(filepath.Dir(file), plugins.NameOf(file))
	if err != nil {
		return err
	}
	for _, other := range same {
		if other == file {
			continue
		}
		if err := os.Remove(other); err != nil {
			return fmt.Errorf("remove the earlier program %s of the same name: %w", other, err)
		}
	}
	return nil
}

// clash refuses a plugin that provides another's magic, or another's name.
func (s *pluginShelf) clash(ctx context.Context, name string, d plugins.Description) error {
	_ = s.manager.Load(ctx) // plugins that cannot be used have no names to defend
	for _, p := range s.manager.Plugins() {
		switch {
		case p.Name == name && p.Path == s.shipped:
			return fmt.Errorf("the plugin %s comes with Headstart: give yours another name", name)
		case p.Name == name: // its earlier build, which it replaces
			for _, e := range s.registry.Entries() {
				if strings.HasSuffix(e.Origin, "("+p.Path+")") {
					s.registry.Remove(e.Origin)
				}
			}
		}
	}
	var claimed []magics.Magic
	for _, m := range d.Magics {
		claimed = append(claimed, claim(m.Name))
	}
	return s.registry.Add("the plugin "+name, claimed...)
}

// claim is a magic of which only the name matters.
type claim string

func (c claim) Name() string { return string(c) }
func (c claim) Help() string { return "" }
func (c claim) Run(context.Context, magics.Call, magics.Host) error {
	return errors.New("%" + string(c) + " is not installed yet")
}

// copyProgram copies a program that is built already.
func copyProgram(from, to string, info os.FileInfo) error {
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return errors.New("it is neither a folder with a Go program nor a program: chmod +x makes a script one")
	}
	source, err := safefile.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// runGo runs the go command in a module's folder.
func runGo(ctx context.Context, dir string, args ...string) error {
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(goenv.Own(os.Environ()), "GOFLAGS=-mod=mod -buildvcs=false", "GOWORK=off")
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var missing *exec.Error
	if errors.As(err, &missing) {
		return fmt.Errorf("go %s: the go command is not on PATH: install Go", args[0])
	}
	if err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", strings.Join(args, " "), dir, err, strings.TrimSpace(out.String()))
	}
	return nil
}
