package gonb

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// memory is what GoNB remembers of the cells that it built, kept here as well so that it survives GoNB: declarations,
// of which a later one replaces an earlier one of the same name, and settings.
type memory struct {
	declarations []declaration
	settings     []setting
}

// A declaration is a stretch of a cell: an import, a type, a group of constants, variables, or a function.
type declaration struct {
	kind  string
	names []string
	lines []string
	at    position // of the first line
}

// A setting is a command whose effect lasts, such as %env NAME VALUE. Key says which earlier one it replaces.
type setting struct {
	key, line string
}

// add takes over a cell that GoNB has built.
func (m *memory) add(c cell) {
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

func (m *memory) command(c command) {
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

func (m *memory) set(key, line string) {
	m.settings = slices.DeleteFunc(m.settings, func(s setting) bool { return s.key == key })
	m.settings = append(m.settings, setting{key, line})
}

// replay is a cell that makes GoNB remember all of it again; ok is false where there is nothing.
func (m *memory) replay() (c cell, ok bool) {
	var lines []string
	add := func(line string, at position) {
		lines = append(lines, line)
		c.origin = append(c.origin, at)
	}
	for _, s := range m.settings {
		add(s.line, position{})
	}
	for _, kind := range []string{"import", "type", "const", "var", "func"} {
		for _, d := range m.declarations {
			if d.kind != kind {
				continue
			}
			for i, line := range d.lines {
				add(line, position{count: d.at.count, line: d.at.line + i})
			}
		}
	}
	c.code = strings.Join(lines, "\n")
	c.commands = commands(c.code)
	return c, len(lines) > 0
}

// goSource is the Go code of a cell as a file, each of its lines where it stands in the cell: commands are left blank,
// and what stands below %% is put into func main, as GoNB does.
func goSource(c cell) string {
	lines := strings.Split(c.code, "\n")
	inMain := false
	skip := map[int]command{}
	for _, command := range c.commands {
		skip[command.line-1] = command
	}
	for i := range lines {
		command, isCommand := skip[i]
		switch {
		case isCommand && !inMain && (command.name == "%" || command.name == "main"):
			inMain = true
			lines[i] = "func main() {"
		case isCommand:
			for j := i; ; j++ { // a command that goes on in the next line
				more := strings.HasSuffix(lines[j], `\`) && j+1 < len(lines)
				lines[j] = ""
				if !more {
					break
				}
			}
		case strings.HasPrefix(lines[i], "package"):
			lines[i] = ""
		}
	}
	if inMain {
		lines = append(lines, "}")
	}
	return "package main;" + strings.Join(lines, "\n")
}

// declarations parses a cell. What does not parse has none: GoNB did not build it.
func declarations(c cell) []declaration {
	text := goSource(c)
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "cell.go", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	cut := cutter{files: files, text: text, count: c.count}
	var found []declaration
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if name := functionKey(d); name != "main" {
				found = append(found, cut.declaration("func", []string{name}, "", d))
			}
		case *ast.GenDecl:
			if d.Tok == token.CONST { // values may follow from those before: the group stays together
				found = append(found, cut.declaration("const", specNames(d.Specs...), "", d))
				continue
			}
			for _, spec := range d.Specs {
				found = append(found, cut.declaration(d.Tok.String(), specNames(spec), d.Tok.String()+" ", spec))
			}
		}
	}
	return found
}

// cutter cuts nodes out of a cell's text.
type cutter struct {
	files *token.FileSet
	text  string
	count int
}

func (c cutter) declaration(kind string, names []string, keyword string, node ast.Node) declaration {
	from, to := c.files.Position(node.Pos()), c.files.Position(node.End())
	return declaration{
		kind: kind, names: names,
		lines: strings.Split(keyword+c.text[from.Offset:to.Offset], "\n"),
		at:    position{count: c.count, line: from.Line},
	}
}

// functionKey is a function's name, or Type~Method, as GoNB's %list shows it.
func functionKey(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	if ident, ok := receiver.(*ast.Ident); ok {
		return ident.Name + "~" + d.Name.Name
	}
	return "unknown~" + d.Name.Name
}

// specNames are the names that specs declare; of an import its alias, or its path.
func specNames(specs ...ast.Spec) []string {
	var names []string
	for _, spec := range specs {
		switch s := spec.(type) {
		case *ast.ImportSpec:
			name := strings.Trim(s.Path.Value, "\"`")
			if s.Name != nil && s.Name.Name != "." && s.Name.Name != "_" {
				name = s.Name.Name
			}
			names = append(names, name)
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.Name != "_" {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}
