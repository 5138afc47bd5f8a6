package builtin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/kernel/plugins"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

func pluginsMagic(plugins Plugins) magics.Magic {
	names := func(context.Context, []string, string) []string {
		var list []string
		for _, p := range plugins.Plugins() {
			list = append(list, p.Name)
		}
		return list
	}
	one := magics.Args{Min: 1, Max: 1, Complete: names}
	return &magics.Group{
		Use:     "plugins",
		Short:   "Lists, restarts and rescans the plugins",
		Long:    "A plugin is a program that provides magics. Its process starts at the first use of one of them, and again when it has ended.\nheadstart plugin install PATH adds one, headstart plugin new NAME writes one.",
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use: "list", Short: "Shows version, process, memory and state of each plugin", JSON: true, Concurrent: true,
				Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
					list := plugins.Plugins()
					return in.Result(pluginEntries(list), func() (display.Bundle, error) { return pluginTable(list), nil })
				},
			},
			&magics.Command[struct{}]{
				Use: "restart NAME", Short: "Restarts a plugin with its current program", Args: one,
				Do: func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
					if err := plugins.Restart(ctx, in.Args[0]); err != nil {
						return err
					}
					return in.Printf("The plugin %s was restarted.\n", in.Args[0])
				},
			},
			&magics.Command[struct{}]{
				Use: "log NAME", Short: "Prints a plugin's own log", Args: one, Concurrent: true,
				Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
					text, err := plugins.Log(in.Args[0])
					if err != nil {
						return err
					}
					return in.Printf("%s", text)
				},
			},
			&magics.Command[struct{}]{
				Use: "rescan", Short: "Finds plugins that were installed after the kernel started",
				Do: func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
					before := usable(plugins.Plugins())
					problem := plugins.Load(ctx) // of single plugins: the others can be used
					return errors.Join(in.Printf("%d new.\n", usable(plugins.Plugins())-before), problem)
				},
			},
		},
	}
}

func usable(list []plugins.Info) int {
	n := 0
	for _, p := range list {
		if p.Error == "" {
			n++
		}
	}
	return n
}

// pluginEntry is one plugin for programs.
type pluginEntry struct {
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	State      string   `json:"state"`
	Path       string   `json:"path"`
	Magics     []string `json:"magics"`
	Pid        int      `json:"pid,omitempty"`
	Memory     int64    `json:"memory_bytes,omitempty"`
	AgeSeconds float64  `json:"age_seconds,omitempty"`
	Starts     int      `json:"starts"`
	Adopted    bool     `json:"adopted,omitempty"`
	Error      string   `json:"error,omitempty"`
}

func pluginEntries(list []plugins.Info) []pluginEntry {
	entries := make([]pluginEntry, len(list))
	for i, p := range list {
		entries[i] = pluginEntry{
			Name: p.Name, Version: p.Version, State: string(p.State), Path: p.Path, Magics: p.Magics, Pid: p.Pid,
			Memory: p.Memory, AgeSeconds: p.Age.Seconds(), Starts: p.Starts, Adopted: p.Adopted, Error: p.Error,
		}
	}
	return entries
}

func pluginTable(list []plugins.Info) display.Bundle {
	t := sketch.Table{
		Title:  "Plugins",
		Header: []string{"plugin", "version", "state", "process", "memory", "for", "starts", "magics"},
		Right:  []int{3, 4, 5, 6},
	}
	if len(list) == 0 {
		t.Notes = []string{"No plugins are installed. headstart plugin install PATH adds one."}
	}
	for _, p := range list {
		row := []string{p.Name, p.Version, string(p.State), "", "", "", strconv.Itoa(p.Starts), percent(p.Magics)}
		if p.Pid != 0 {
			row[3], row[5] = strconv.Itoa(p.Pid), p.Age.Round(time.Second).String()
		}
		if p.Memory != 0 {
			row[4] = fmt.Sprintf("%d MiB", p.Memory>>20)
		}
		if p.Adopted {
			t.Notes = append(t.Notes, fmt.Sprintf("The process of %s was started by an earlier kernel.", p.Name))
		}
		if p.Error != "" {
			t.Notes = append(t.Notes, p.Name+": "+p.Error)
		}
		t.Rows = append(t.Rows, row)
	}
	return table(t)
}

func percent(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "%" + strings.Join(names, " %")
}
