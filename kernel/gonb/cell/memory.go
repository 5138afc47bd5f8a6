package cell

import (
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
)

// Memory is what GoNB remembers of the cells that it built, kept here as well so that it survives GoNB: declarations,
// of which a later one replaces an earlier one of the same name, and settings.
type Memory struct {
	declarations []declaration
	settings     []setting
}

// A declaration is a stretch of a cell: an import, a type, a group of constants, variables, or a function.
type declaration struct {
	kind  string
	names []string
	doc   string // its comment with the line's end, which gopls shows and GoNB does not need
	lines []string
	at    report.Position // of the first line
}

// A setting is a command whose effect lasts, such as %env NAME VALUE. Key says which earlier one it replaces.
type setting struct {
	key, line string
}

// Add takes over a cell that GoNB has built.
func (m *Memory) Add(c Cell) {
	for _, command := range c.commands {
		m.command(command)
	}
	if len(c.commands) > 0 && slices.Contains(cellCommands, "%"+c.commands[0].name) {
		return
	}
	for _, d := range declarations(c) {
		m.declarations = slices.DeleteFunc(m.declarations, func(old declaration) bool {
			return old.kind == d.kind && slices.ContainsFunc(old.names, func(name string) bool {
				return slices.Contains(d.names, name)
			})
		})
		m.declarations = append(m.declarations, d)
	}
}

func (m *Memory) command(c command) {
	line := "%" + strings.Join(append([]string{c.name}, c.args...), " ")
	switch c.name {
	case "reset":
		if len(c.args) == 0 {
			m.declarations = nil
		}
	case "rm", "remove":
		m.declarations = slices.DeleteFunc(m.declarations, func(d declaration) bool {
			return slices.ContainsFunc(d.names, func(name string) bool { return slices.Contains(c.args, name) })
		})
	case "env":
		if len(c.args) > 0 {
			name, _, _ := strings.Cut(c.args[0], "=")
			m.set("env "+name, line)
		}
	case "goflags", "cd":
		if len(c.args) > 0 {
			m.set(c.name, line)
		}
	case "autoget", "noautoget":
		m.set("autoget", line)
	case "track", "untrack":
		if len(c.args) > 0 {
			m.set("track "+c.args[0], line)
		}
	}
}

// Remove forgets declarations, and returns the names of those that were known.
func (m *Memory) Remove(names ...string) (known []string) {
	m.declarations = slices.DeleteFunc(m.declarations, func(d declaration) bool {
		for _, name := range d.names {
			if d.kind != "import" && slices.Contains(names, name) {
				known = append(known, name)
				return true
			}
		}
		return false
	})
	return known
}

// RemoveAdded forgets the imports that no cell holds, and returns their names.
func (m *Memory) RemoveAdded() (names []string) {
	m.declarations = slices.DeleteFunc(m.declarations, func(d declaration) bool {
		added := d.kind == "import" && d.at.Line == 0
		if added {
			names = append(names, d.names...)
		}
		return added
	})
	return names
}

// Variables are those among names that are declared as variables.
func (m *Memory) Variables(names ...string) []string {
	var found []string
	for _, d := range m.declarations {
		for _, name := range d.names {
			if d.kind == "var" && slices.Contains(names, name) {
				found = append(found, name)
			}
		}
	}
	return found
}

// Declares tells whether a cell has declared a name as a type, var, const or func.
func (m *Memory) Declares(kind, name string) bool {
	return slices.ContainsFunc(m.declarations, func(d declaration) bool { return d.kind == kind && slices.Contains(d.names, name) })
}

// Has tells whether a declaration of one line is known.
func (m *Memory) Has(line string) bool {
	return slices.ContainsFunc(m.declarations, func(d declaration) bool { return len(d.lines) == 1 && d.lines[0] == line })
}

// Origin is where a variable is declared; at where the cells declare none.
func (m *Memory) Origin(name string, at report.Position) report.Position {
	if at.Line > 0 {
		return at
	}
	for _, d := range m.declarations {
		if d.kind == "var" && slices.Contains(d.names, name) {
			return d.at
		}
	}
	return at
}

func (m *Memory) set(key, line string) {
	m.settings = slices.DeleteFunc(m.settings, func(s setting) bool { return s.key == key })
	m.settings = append(m.settings, setting{key, line})
}

// Replay is a cell that makes GoNB remember all of it again; ok is false where there is nothing.
func (m *Memory) Replay() (c Cell, ok bool) {
	var lines []string
	add := func(line string, at report.Position) {
		lines = append(lines, line)
		c.Origin = append(c.Origin, at)
	}
	for _, s := range m.settings {
		add(s.line, report.Position{})
	}
	for _, kind := range []string{"import", "type", "const", "var", "func"} {
		for _, d := range m.declarations {
			if d.kind != kind {
				continue
			}
			for i, line := range d.lines {
				add(line, report.Position{Count: d.at.Count, Line: d.at.Line + i})
			}
		}
	}
	c.Code = strings.Join(lines, "\n")
	c.commands = commands(c.Code)
	return c, len(lines) > 0
}
