package program

import (
	"go/ast"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// redeclared are the names that the cell declares and that declarations of earlier cells mention, by names alone: it declares
// them anew.
func (r *rewriting) redeclared() map[string]bool {
	own, found := map[string]bool{}, map[string]bool{}
	for _, key := range r.cell.Declared {
		own[key[strings.IndexByte(key, '~')+1:]] = true // of a method, the part that others mention
	}
	if len(own) == 0 {
		return found
	}
	for _, d := range r.earlier() {
		for name := range own {
			if d.mentions(name) {
				found[name] = true
			}
		}
	}
	return found
}

// An earlierDeclaration is one that the cell does not declare itself.
type earlierDeclaration struct {
	names []string
	words map[string]bool // that it mentions
}

func (d earlierDeclaration) mentions(name string) bool { return d.words[name] }

// earlier are the declarations of the program that are not the cell's, without imports.
func (r *rewriting) earlier() []earlierDeclaration {
	var list []earlierDeclaration
	add := func(names []string, parts ...ast.Node) {
		d := earlierDeclaration{names: names, words: map[string]bool{}}
		for _, part := range parts {
			ast.Inspect(part, func(node ast.Node) bool {
				if name, ok := node.(*ast.Ident); ok {
					d.words[name.Name] = true
				}
				return true
			})
		}
		list = append(list, d)
	}
	own := func(key string) bool { return slices.Contains(r.cell.Declared, key) }
	for _, decl := range r.main.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d == r.entry || own(FuncKey(d)) {
				continue
			}
			parts := []ast.Node{d.Type}
			if d.Recv != nil {
				parts = append(parts, d.Recv)
			}
			if d.Body != nil {
				parts = append(parts, d.Body)
			}
			add([]string{d.Name.Name}, parts...)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if !own(s.Name.Name) {
						add([]string{s.Name.Name}, s.Type)
					}
				case *ast.ValueSpec:
					var names []string
					for _, name := range s.Names {
						names = append(names, name.Name)
					}
					var parts []ast.Node
					if s.Type != nil {
						parts = append(parts, s.Type)
					}
					for _, value := range s.Values {
						parts = append(parts, value)
					}
					if !slices.ContainsFunc(names, own) {
						add(names, parts...)
					}
				}
			}
		}
	}
	return list
}

// redeclarations say of each name that depends on what the cell declares anew why a function that mentions it may have to go.
func (r *rewriting) redeclarations() map[string]string {
	why := map[string]string{}
	if len(r.problems) == 0 || slices.Contains(importPaths(r.all), "C") { // of C, no types are known
		return why
	}
	for name := range r.redeclared() {
		why[name] = "it uses " + name + ", which this cell declares anew"
	}
	earlier := r.earlier()
	for more := len(why) > 0; more; {
		more = false
		for _, d := range earlier {
			for _, changed := range slices.Sorted(maps.Keys(why)) {
				for _, name := range d.names {
					if d.mentions(changed) && why[name] == "" {
						why[name], more = "it uses "+name+", which depends on "+changed, true
					}
				}
			}
		}
	}
	return why
}

// mainName finds the names of package main in the name of a type.
var mainName = regexp.MustCompile(`\bmain\.([\pL_][\pL\pN_]*)`)

// retyped are the kept variables whose types, or the dynamic types of whose values, depend on a type that the cell declares:
// the program has to look whether their values still fit.
func (r *rewriting) retyped(found *reach) []string {
	isType := func(name string) bool {
		return slices.ContainsFunc(found.bodies[name], func(node ast.Node) bool { _, is := node.(*ast.TypeSpec); return is })
	}
	declared := slices.DeleteFunc(slices.Clone(r.cell.Declared), func(name string) bool { return !isType(name) })
	if len(declared) == 0 || r.cell.Store == "" {
		return nil
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(r.cell.Stored)) {
		spec := found.vars[name]
		if spec == nil || !r.loads(name) {
			continue
		}
		depends := &reach{bodies: found.bodies, vars: map[string]*ast.ValueSpec{}, seen: map[string]bool{}}
		depends.follow(spec)
		for _, dynamic := range r.cell.Stored[name].Types {
			for _, match := range mainName.FindAllStringSubmatch(dynamic, -1) {
				depends.follow(ast.NewIdent(match[1]))
			}
		}
		if slices.ContainsFunc(declared, func(name string) bool { return depends.seen[name] }) {
			list = append(list, name)
		}
	}
	return list
}
