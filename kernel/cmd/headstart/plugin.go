package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/builtin"
	"github.com/headstart-nb/headstart/magics/commandline"
)

func newPluginCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "plugin",
		Short: "Write, install, list and remove plugins",
		Long:  "A plugin is a program of its own that provides magics. Kernels find those that were installed here, when they start and at %plugins rescan.",
		Example: `  headstart plugin new hello
  headstart plugin install headstart-hello`,

		PersistentPreRunE: useInstallation,
	}
	command.AddCommand(newPluginNewCommand(), newPluginInstallCommand(), newPluginListCommand(), newPluginRemoveCommand())
	return command
}

// pluginShelf is the plugins as a kernel would find them.
type pluginShelf struct {
	home     string
	shipped  string
	registry *registry.Registry
	manager  *plugins.Manager
}

func newPluginShelf() (*pluginShelf, error) {
	home, err := paths.State()
	if err != nil {
		return nil, err
	}
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	s := &pluginShelf{home: home, shipped: filepath.Join(bin, transferProgram), registry: registry.New()}
	s.manager = plugins.NewManager(s.registry, plugins.Options{Home: home, Shipped: []string{s.shipped}})
	err = s.registry.Add("headstart", builtin.Magics(builtin.Config{Registry: s.registry, Plugins: s.manager})...)
	return s, err
}

func newPluginListCommand() *cobra.Command {
	asJSON := false
	command := &cobra.Command{
		Use:     "list",
		Short:   "List the installed plugins with their magics",
		Example: "  headstart plugin list --json",
		Args:    commandline.Args(0, 0),
		RunE: func(command *cobra.Command, _ []string) error {
			shelf, err := newPluginShelf()
			if err != nil {
				return err
			}
			_ = shelf.manager.Load(command.Context()) // what is wrong with a plugin stands in its line
			return shelf.list(command, asJSON)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return command
}

// listedPlugin is one line of the list.
type listedPlugin struct {
	Name    string   `json:"name"`
	Version string   `json:"version"`
	Magics  []string `json:"magics"`
	Path    string   `json:"path"`
	Shipped bool     `json:"shipped"` // it comes with the kernel
	Error   string   `json:"error,omitempty"`
}

func (s *pluginShelf) list(command *cobra.Command, asJSON bool) error {
	list := []listedPlugin{}
	for _, p := range s.manager.Plugins() {
		list = append(list, listedPlugin{p.Name, p.Version, p.Magics, p.Path, p.Path == s.shipped, p.Error})
	}
	if asJSON {
		return json.NewEncoder(command.OutOrStdout()).Encode(list)
	}
	w := tabwriter.NewWriter(command.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tVERSION\tMAGICS\tPATH")
	for _, p := range list {
		said := percentNames(p.Magics)
		if p.Error != "" {
			said = "cannot be used: " + strings.ReplaceAll(p.Error, "\n", " ")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Name, p.Version, said, p.Path)
	}
	return w.Flush()
}

func newPluginRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Short:   "Remove an installed plugin",
		Example: "  headstart plugin remove headstart-hello",
		Args:    commandline.Args(1, 1),
		RunE: func(command *cobra.Command, args []string) error {
			shelf, err := newPluginShelf()
			if err != nil {
				return err
			}
			return shelf.remove(command, args[0])
		},
	}
}

func (s *pluginShelf) remove(command *cobra.Command, name string) error {
	files, err := plugins.Installed(plugins.Folder(s.home), name)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("remove the plugin %s: %w", name, err)
		}
	}
	if len(files) > 0 {
		return say(command, "removed the plugin %s (%s); kernels that run keep it until they restart", name, strings.Join(files, ", "))
	}
	found, err := plugins.Discover(plugins.Folder(s.home), s.shipped)
	if len(found) == 0 && err != nil {
		return err
	}
	var names []string
	for _, b := range found {
		if b.Name == name { // it is not among the installed ones
			return fmt.Errorf("remove the plugin %s: it comes with Headstart; headstart uninstall removes all of it", name)
		}
		names = append(names, b.Name)
	}
	if near := magics.Nearest(name, names); near != "" {
		return fmt.Errorf("remove the plugin %s: there is none of that name; did you mean %s?", name, near)
	}
	return errors.New("remove the plugin " + name + ": there is none of that name; headstart plugin list shows them")
}

// percentNames are magics as a cell calls them.
func percentNames(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "%" + strings.Join(names, " %")
}

// say prints a line for the user.
func say(command *cobra.Command, format string, args ...any) error {
	_, err := fmt.Fprintf(command.OutOrStdout(), format+"\n", args...)
	return err
}
