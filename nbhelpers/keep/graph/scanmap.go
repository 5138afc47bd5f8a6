package graph

import (
	"cmp"
	"math"
	"reflect"
	"slices"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// mapping adds a map with copies of its entries. They are sorted where their keys have an order, so that the same map is
// encoded to the same bytes.
func (sc *Scan) mapping(t reflect.Type, p unsafe.Pointer) {
	m := reflect.NewAt(t, p).Elem()
	if m.IsNil() {
		return
	}
	i, ok := sc.maps[m.UnsafePointer()]
	if !ok {
		keys, vals := entries(t, m)
		i = sc.add(node{
			kind: nodeMap, ptr: m.UnsafePointer(), typ: t, n: keys.Len(), keys: keys.UnsafePointer(), vals: vals.UnsafePointer(),
		})
		sc.maps[m.UnsafePointer()] = i
	}
	sc.join(sc.reading, i)
}

func entries(t reflect.Type, m reflect.Value) (keys, vals reflect.Value) {
	n := m.Len()
	keys = reflect.MakeSlice(reflect.SliceOf(t.Key()), n, n)
	vals = reflect.MakeSlice(reflect.SliceOf(t.Elem()), n, n)
	order := make([]int, 0, n)
	for iter := m.MapRange(); iter.Next() && len(order) < n; {
		i := len(order)
		keys.Index(i).SetIterKey(iter)
		vals.Index(i).SetIterValue(iter)
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return compare(keys.Index(a), keys.Index(b)) })
	return arranged(keys, order), arranged(vals, order)
}

func arranged(s reflect.Value, order []int) reflect.Value {
	result := reflect.MakeSlice(s.Type(), len(order), len(order))
	for to, from := range order {
		result.Index(to).Set(s.Index(from))
	}
	return result
}

// compare orders keys by value. Pointers and channels have no order that lasts longer than the process.
func compare(a, b reflect.Value) int {
	switch a.Kind() {
	case reflect.String:
		return cmp.Compare(a.String(), b.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return cmp.Compare(a.Int(), b.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return cmp.Compare(a.Uint(), b.Uint())
	case reflect.Float32, reflect.Float64:
		return compareFloats(a.Float(), b.Float())
	case reflect.Complex64, reflect.Complex128:
		x, y := a.Complex(), b.Complex()
		return cmp.Or(compareFloats(real(x), real(y)), compareFloats(imag(x), imag(y)))
	case reflect.Bool:
		switch {
		case a.Bool() == b.Bool():
			return 0
		case b.Bool():
			return -1
		}
		return 1
	case reflect.Array:
		for i := range a.Len() {
			if c := compare(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if c := compare(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	case reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return cmp.Compare(boolInt(!a.IsNil()), boolInt(!b.IsNil()))
		}
		x, y := a.Elem(), b.Elem()
		if x.Type() != y.Type() {
			return cmp.Compare(typetable.Name(x.Type()), typetable.Name(y.Type()))
		}
		return compare(x, y)
	}
	return 0
}

// compareFloats orders NaN by its bits as well.
func compareFloats(a, b float64) int {
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(math.Float64bits(a), math.Float64bits(b)))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
