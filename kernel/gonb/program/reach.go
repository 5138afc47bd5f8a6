package program

import (
	"go/ast"
	"go/token"
	"strings"
)

// reach finds the names that the program mentions, from func main on through what it mentions of the package, by names
// alone: it may find too many, never too few.
type reach struct {
	bodies  map[string][]ast.Node // what a name of the package, or of a method, stands for
	methods []ast.Node
	vars    map[string]*ast.ValueSpec // the variables of the package in main.go
	seen    map[string]bool

	followed []ast.Node // what was mentioned, and therefore followed
}

// reachable follows all mentions but those of the names in apart.
func (r *rewriting) reachable(apart ...string) *reach {
	found := &reach{bodies: map[string][]ast.Node{}, vars: map[string]*ast.ValueSpec{}, seen: map[string]bool{}}
	for _, file := range r.all {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d == r.entry {
					continue
				}
				found.bodies[d.Name.Name] = append(found.bodies[d.Name.Name], d)
				if d.Recv != nil { // called through an interface, it is not mentioned, but its type is
					found.methods = append(found.methods, d)
					receiver, _, _ := strings.Cut(FuncKey(d), "~")
					found.bodies[receiver] = append(found.bodies[receiver], d)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					found.addSpec(spec, file == r.main && d.Tok == token.VAR)
				}
			}
		}
	}
	for name, stored := range r.cell.Stored { // a value may hold functions
		for _, f := range stored.Funcs {
			if match := mainName.FindStringSubmatch(f); match != nil {
				found.bodies[name] = append(found.bodies[name], ast.NewIdent(match[1]))
			}
		}
	}
	for _, name := range apart {
		found.seen[name] = true
	}
	found.follow(r.entry.Body)
	return found
}

func (r *reach) addSpec(spec ast.Spec, isVar bool) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		r.bodies[s.Name.Name] = append(r.bodies[s.Name.Name], s)
	case *ast.ValueSpec:
		for _, name := range s.Names {
			r.bodies[name.Name] = append(r.bodies[name.Name], s)
			if isVar && name.Name != "_" {
				r.vars[name.Name] = s
			}
		}
	}
}

func (r *reach) follow(node ast.Node) {
	ast.Inspect(node, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		if !ok || r.seen[name.Name] {
			return true
		}
		r.seen[name.Name] = true
		for _, body := range r.bodies[name.Name] {
			r.mention(body)
		}
		if r.vars[name.Name] != nil { // its value may be of any type, and be called through an interface
			methods := r.methods
			r.methods = nil
			for _, method := range methods {
				r.mention(method)
			}
		}
		return true
	})
}

func (r *reach) mention(node ast.Node) {
	r.followed = append(r.followed, node)
	r.follow(node)
}
