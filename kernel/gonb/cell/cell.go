// Package cell reads the text of a cell as GoNB does.
package cell

import (
	"slices"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Cell is what is being run.
type Cell struct {
	Code     string
	Count    int               // the user's execution count; 0 where it is not known
	Origin   []report.Position // for a replayed cell: where its lines came from
	commands []command
}

// New reads a cell. Count is 0 where it is not known.
func New(code string, count int) Cell {
	return Cell{Code: code, Count: count, commands: commands(code)}
}

// IsTest tells a cell that GoNB builds as a test.
func (c Cell) IsTest() bool {
	return slices.ContainsFunc(c.commands, func(c command) bool { return c.name == "test" })
}

// IsWasm tells a cell that GoNB builds for the browser.
func (c Cell) IsWasm() bool {
	return slices.ContainsFunc(c.commands, func(c command) bool { return c.name == "wasm" })
}

// Removed are the declarations that the cell's commands make GoNB forget; all says that it forgets everything.
func (c Cell) Removed() (names []string, all bool) {
	for _, command := range c.commands {
		switch command.name {
		case "reset":
			all = all || len(command.args) == 0
		case "rm", "remove":
			names = append(names, command.args...)
		}
	}
	return names, all
}

// Lists tells whether a cell asks GoNB what it remembers.
func (c Cell) Lists() bool {
	return slices.ContainsFunc(c.commands, func(command command) bool {
		return command.mark == '%' && (command.name == "ls" || command.name == "list")
	})
}

// Check refuses what GoNB would warn about only, take for an empty cell, or not survive. The error for an unknown name is unknown's.
func (c Cell) Check(unknown func(name string, others ...string) error) *wire.Error {
	for _, command := range c.commands {
		switch {
		case command.mark == '!' && len(command.args) == 0:
			return refuse(command, "the shell command after the exclamation mark is missing")
		case command.mark == '!':
		case command.name == "":
			return refuse(command, "the name of the magic after the percent sign is missing; %help lists all")
		case command.name == "%script" && len(command.args) == 0:
			return refuse(command, "%%script needs the program that the cell is passed to, such as %%script python3")
		case slices.Contains(lineCommands, command.name), slices.Contains(cellCommands, "%"+command.name):
		default:
			return refuse(command, unknown(command.name, CommandNames()...).Error())
		}
	}
	return c.unclosed()
}
