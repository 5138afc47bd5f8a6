package firstuse

import (
	"go/ast"
	"go/types"
	"slices"
)

// usualMethods are those that functions of the standard library look for in a value of any type.
var usualMethods = []string{"Error", "Format", "GoString", "MarshalJSON", "MarshalText", "String"}

// arguments follows the methods that a call can reach through the interfaces that it takes. A conversion to an interface calls nothing.
func (u *uses) arguments(n *ast.CallExpr) {
	if fun := u.info.Types[n.Fun]; fun.IsType() && len(n.Args) == 1 {
		u.box(n.Args[0], fun.Type)
		return
	}
	signature, ok := u.info.Types[n.Fun].Type.(*types.Signature)
	if !ok {
		return
	}
	parameters := signature.Params()
	for i, argument := range n.Args {
		last := parameters.Len() - 1
		if last < 0 || i > last && !signature.Variadic() {
			return // such a call does not compile
		}
		t := parameters.At(min(i, last)).Type()
		if slice, isSlice := t.(*types.Slice); isSlice && i >= last && signature.Variadic() && !n.Ellipsis.IsValid() {
			t = slice.Elem()
		}
		wanted, isInterface := t.Underlying().(*types.Interface)
		if !isInterface {
			continue
		}
		u.box(argument, t)
		methods := usualMethods
		if wanted.NumMethods() > 0 {
			methods = nil
			for method := range wanted.Methods() {
				methods = append(methods, method.Name())
			}
		}
		u.dispatch(methods, u.info.TypeOf(argument))
	}
}

// box notes the type of a value that becomes one of an interface.
func (u *uses) box(value ast.Expr, target types.Type) {
	t := u.info.TypeOf(value)
	if t == nil || target == nil || !types.IsInterface(target) || types.IsInterface(t) || slices.ContainsFunc(u.boxed, func(b types.Type) bool { return types.Identical(b, t) }) {
		return
	}
	u.boxed = append(u.boxed, t)
}

// boxElements notes what becomes a value of an interface in a literal of a slice, a map or a struct.
func (u *uses) boxElements(n *ast.CompositeLit) {
	t := u.info.TypeOf(n)
	if t == nil {
		return
	}
	for i, element := range n.Elts {
		pair, keyed := element.(*ast.KeyValueExpr)
		if keyed {
			element = pair.Value
		}
		switch t := t.Underlying().(type) {
		case *types.Struct:
			switch {
			case keyed:
				u.box(element, u.info.TypeOf(pair.Key))
			case i < t.NumFields():
				u.box(element, t.Field(i).Type())
			}
		case *types.Map:
			u.box(element, t.Elem())
			if keyed {
				u.box(pair.Key, t.Key())
			}
		case interface{ Elem() types.Type }:
			u.box(element, t.Elem())
		}
	}
}

// dispatch follows methods of a type, or, where it is an interface, of all types that became one so far.
func (u *uses) dispatch(names []string, t types.Type) {
	if t == nil {
		return
	}
	candidates := []types.Type{t}
	if types.IsInterface(t) {
		candidates = u.boxed
	}
	for _, t := range candidates {
		u.methods(t, names, map[types.Type]bool{})
	}
}

// methods follows methods of a type and of those of its parts: printing a list prints its elements. Nothing may call them.
func (u *uses) methods(t types.Type, names []string, seen map[types.Type]bool) {
	t = types.Unalias(t)
	if seen[t] {
		return
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		for method := range t.Methods() {
			object := method.Origin()
			if f := u.bodies[object]; f != nil && !u.seen[object] && slices.Contains(names, object.Name()) {
				u.seen[object] = true
				u.function(object.Type(), f.Body, u.perhaps)
			}
		}
		if t.Obj().Pkg() == u.pkg {
			u.methods(t.Underlying(), names, seen)
		}
	case *types.Struct:
		for field := range t.Fields() {
			u.methods(field.Type(), names, seen)
		}
	case *types.Map:
		u.methods(t.Key(), names, seen)
		u.methods(t.Elem(), names, seen)
	case interface{ Elem() types.Type }:
		u.methods(t.Elem(), names, seen)
	}
}
