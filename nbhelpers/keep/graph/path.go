package graph

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Obstacles returns the loss of each variable that cannot be kept on its own.
func (g *Program) Obstacles(variables []Variable) (losses []Loss) {
	for _, v := range variables {
		if sc := g.Scan([]Variable{v}); len(sc.obstacles) > 0 {
			l := sc.loss(sc.obstacles[0])
			l.Name = v.Name
			losses = append(losses, l)
		}
	}
	return losses
}

// Kept says whether all parts of the variables can be kept.
func (sc *Scan) Kept() bool { return len(sc.obstacles) == 0 }

// LossesOfSets returns a loss for each variable that shares memory with an obstacle.
func (sc *Scan) LossesOfSets() (losses []Loss) {
	for _, o := range sc.obstacles {
		for i, root := range sc.roots {
			if root >= 0 && sc.setOf(root) == sc.setOf(o.node) {
				losses = append(losses, Loss{Name: sc.Variables[i].Name, Path: sc.loss(o).Path, Reason: reason(o.typ, o.what)})
			}
		}
	}
	return losses
}

// loss says which part of a variable cannot be kept. People know the fields of their own types and the exported fields of
// others: the path ends where it would enter the internals of the standard library.
func (sc *Scan) loss(o obstacle) Loss {
	var chain []step
	at := o.at
	for i := o.node; i >= 0; i = sc.nodes[i].from {
		chain = append(chain, step{i, at})
		at = sc.nodes[i].at
	}
	root := chain[len(chain)-1].node
	result := Loss{}
	if r := sc.nodes[root].root; r >= 0 {
		result.Name = sc.Variables[r].Name
	}
	path := &path{text: result.Name}
	for i := len(chain) - 1; i >= 0 && !path.ended; i-- {
		if i == 0 {
			path.last = o.typ
		}
		sc.extend(path, chain[i])
	}
	result.Path = path.text
	result.Reason = reason(o.typ, o.what)
	if path.ended {
		result.Reason = path.end + " cannot be kept"
	}
	return result
}

type step struct {
	node int32
	at   uintptr
}

func reason(t reflect.Type, what string) string {
	switch what {
	case "":
		return t.String() + " cannot be kept"
	case "locked":
		return "a locked " + t.String() + " cannot be kept"
	}
	return t.String() + " cannot be kept: it is " + what
}

type path struct {
	text  string
	ended bool
	end   string       // the type at the end
	last  reflect.Type // where it has to end
}

func (sc *Scan) extend(p *path, s step) {
	n := sc.nodes[s.node]
	switch {
	case n.kind == nodeMap:
		keys := reflect.SliceOf(n.typ.Key())
		key := reflect.NewAt(keys, unsafe.Pointer(&sliceHeader{n.keys, n.n, n.n})).Elem().Index(int(s.at / 2))
		p.text += "[" + Short(key, 40) + "]"
	case n.kind == nodeBox:
		p.enter(n.typ, s.at, "")
	case n.root >= 0:
		p.enter(reflect.TypeOf(sc.Variables[n.root].Pointer).Elem(), s.at, "")
	case n.list || n.n > 1:
		p.text += "[" + strconv.Itoa(int(s.at/n.l.Size)) + "]"
		p.enter(n.l.Type, s.at%n.l.Size, "")
	default:
		p.enter(n.l.Type, s.at, "*")
	}
}

// enter adds the fields and indexes that lead to an offset in a value.
func (p *path) enter(t reflect.Type, at uintptr, star string) {
	for {
		switch {
		case t.Kind() == reflect.Array && t.Elem().Size() > 0:
			p.text += "[" + strconv.Itoa(int(at/t.Elem().Size())) + "]"
			at %= t.Elem().Size()
			t = t.Elem()
		case t.Kind() == reflect.Struct:
			f, ok := fieldAt(t, at)
			first, _ := utf8.DecodeRuneInString(f.Name)
			if !ok || t == p.last || standard(t.PkgPath()) && !unicode.IsUpper(first) {
				p.ended = standard(t.PkgPath()) && !isLock(t)
				p.end = star + t.String()
				return
			}
			p.text += "." + f.Name
			at -= f.Offset
			t = f.Type
		default:
			return
		}
		star = ""
	}
}

func isLock(t reflect.Type) bool {
	return t.PkgPath() == "sync" && (t.Name() == "Mutex" || t.Name() == "RWMutex")
}

func fieldAt(t reflect.Type, at uintptr) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Offset <= at && at < f.Offset+f.Type.Size() {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// standard says whether a package is one of Go's own.
func standard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return pkg != "" && pkg != "main" && !strings.Contains(first, ".")
}
