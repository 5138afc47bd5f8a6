package program

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// naming writes types as the program may name them.
type naming struct {
	pkg      *types.Package
	imported map[string]Import // by path: those of main.go, and those that were added
	taken    map[string]bool   // names that an import cannot have
	added    []Import          // imports that the program lacks
}

func newNaming(pkg *types.Package, main *ast.File, info *types.Info) *naming {
	n := &naming{pkg: pkg, imported: map[string]Import{}, taken: map[string]bool{}}
	for _, spec := range main.Imports {
		path := unquoted(spec.Path)
		switch {
		case spec.Name == nil:
			for _, p := range pkg.Imports() {
				if p.Path() == path {
					n.imported[path] = Import{p.Name(), path, true}
				}
			}
		case spec.Name.Name != "." && spec.Name.Name != "_":
			n.imported[path] = Import{spec.Name.Name, path, false}
		}
	}
	for _, i := range n.imported {
		n.taken[i.Name] = true
	}
	for ident := range info.Defs {
		n.taken[ident.Name] = true
	}
	for ident := range info.Uses {
		n.taken[ident.Name] = true
	}
	return n
}

// importAs is the name of an import. Where the program lacks it, it is given one: name, or one like it.

func (n *naming) importAs(path, name string) string { return n.importOf(path, name, false).Name }

func (n *naming) importOf(path, name string, own bool) Import {
	if known, ok := n.imported[path]; ok {
		return known
	}
	chosen := name
	for i := 2; n.taken[chosen]; i++ {
		chosen = fmt.Sprintf("%s%d", name, i)
	}
	added := Import{chosen, path, own && chosen == name}
	n.imported[path], n.taken[chosen] = added, true
	n.added = append(n.added, added)
	return added
}

// write is a type as Go source, and the imports that it needs; ok is false where it has no name here: it is not exported, or
// belongs to a function, or to a package that may not be imported.
func (n *naming) write(t types.Type) (text string, needs []Import, ok bool) {
	if !n.hasName(t, map[types.Type]bool{}) {
		return "", nil, false
	}
	text = types.TypeString(t, func(p *types.Package) string {
		if p == n.pkg {
			return ""
		}
		need := n.importOf(p.Path(), p.Name(), true)
		if !slices.Contains(needs, need) {
			needs = append(needs, need)
		}
		return need.Name
	})
	return text, needs, true
}

func (n *naming) hasName(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return true
	}
	seen[t] = true
	object := func(o *types.TypeName) bool {
		switch {
		case o.Pkg() == nil: // error, comparable
			return true
		case o.Parent() != o.Pkg().Scope():
			return false
		case o.Pkg() == n.pkg:
			return true
		}
		path := o.Pkg().Path()
		return o.Exported() && !strings.HasPrefix(path, "internal/") && !strings.Contains(path, "/internal") && !strings.HasPrefix(path, "vendor/")
	}
	arguments := func(list *types.TypeList) bool {
		for argument := range list.Types() {
			if !n.hasName(argument, seen) {
				return false
			}
		}
		return true
	}
	switch t := t.(type) {
	case *types.Basic:
		return t.Kind() != types.Invalid && t.Info()&types.IsUntyped == 0
	case *types.Alias:
		return object(t.Obj()) && arguments(t.TypeArgs())
	case *types.Named:
		return object(t.Obj()) && arguments(t.TypeArgs())
	case *types.Pointer:
		return n.hasName(t.Elem(), seen)
	case *types.Slice:
		return n.hasName(t.Elem(), seen)
	case *types.Array:
		return n.hasName(t.Elem(), seen)
	case *types.Chan:
		return n.hasName(t.Elem(), seen)
	case *types.Map:
		return n.hasName(t.Key(), seen) && n.hasName(t.Elem(), seen)
	case *types.Signature:
		return n.allNamed(t.Params(), seen) && n.allNamed(t.Results(), seen)
	case *types.Struct:
		for field := range t.Fields() {
			if !field.Exported() && field.Pkg() != n.pkg || !n.hasName(field.Type(), seen) {
				return false
			}
		}
		return true
	case *types.Interface:
		for method := range t.Methods() {
			if !method.Exported() && method.Pkg() != n.pkg || !n.hasName(method.Type(), seen) {
				return false
			}
		}
		return t.IsMethodSet()
	}
	return false
}

func (n *naming) allNamed(list *types.Tuple, seen map[types.Type]bool) bool {
	for v := range list.Variables() {
		if !n.hasName(v.Type(), seen) {
			return false
		}
	}
	return true
}
