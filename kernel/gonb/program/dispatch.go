package program

import (
	"go/ast"
	"go/types"
	"slices"
)

// usualMethods are those that functions of the standard library look for in a value of any type.
var usualMethods = []string{"Error", "Format", "GoString", "MarshalJSON", "MarshalText", "String"}

// arguments follows the methods that a call can reach through the interfaces that it takes.
func (u *uses) arguments(n *ast.CallExpr) {
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
		value := u.info.Types[argument].Type
		if !isInterface || value == nil {
			continue
		}
		methods := usualMethods
		if wanted.NumMethods() > 0 {
			methods = nil
			for method := range wanted.Methods() {
				methods = append(methods, method.Name())
			}
		}
		u.methods(value, methods, map[types.Type]bool{})
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
				u.perhaps(f.Body)
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
