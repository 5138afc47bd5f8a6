// Package keeptest holds what tests of kept values share: a comparison of values with all that they refer to, for one.
package keeptest

import (
	"testing"

	"fmt"
	"math"
	"reflect"
)

// place is an address as a type sees it.
type place struct {
	at  uintptr
	typ reflect.Type
}

// sameness compares two graphs of values: each place in the one must have one place in the other. Every element and field
// that is visited is a place, so that pointers into slices and structs and slices that overlap are compared as well.
type sameness struct {
	there, back map[place]uintptr
}

// pair says whether a pair of places was seen before.
func (s *sameness) pair(a, b uintptr, t reflect.Type, path string) (seen bool, err error) {
	if t.Size() == 0 {
		return false, nil
	}
	was, seen := s.there[place{a, t}]
	from, known := s.back[place{b, t}]
	if seen != known || seen && (was != b || from != a) {
		return false, fmt.Errorf("%s: %s at %#x is shared in one of the two values only", path, t, a)
	}
	s.there[place{a, t}], s.back[place{b, t}] = b, a
	return seen, nil
}

func (s *sameness) compare(a, b reflect.Value, path string) error {
	if a.Type() != b.Type() {
		return fmt.Errorf("%s: %s and %s", path, a.Type(), b.Type())
	}
	if a.CanAddr() && b.CanAddr() {
		seen, err := s.pair(a.UnsafeAddr(), b.UnsafeAddr(), a.Type(), path)
		if seen || err != nil {
			return err
		}
	}
	switch a.Kind() {
	case reflect.Float32, reflect.Float64:
		if math.Float64bits(a.Float()) != math.Float64bits(b.Float()) {
			return fmt.Errorf("%s: %s and %s", path, text(a), text(b))
		}
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface:
		if a.IsNil() != b.IsNil() {
			return fmt.Errorf("%s: %s and %s", path, text(a), text(b))
		}
		if a.IsNil() {
			return nil
		}
		return s.inside(a, b, path)
	case reflect.Array:
		for i := range a.Len() {
			if err := s.compare(a.Index(i), b.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if err := s.compare(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); err != nil {
				return err
			}
		}
	default:
		if !a.Equal(b) {
			return fmt.Errorf("%s: %s and %s", path, text(a), text(b))
		}
	}
	return nil
}

func (s *sameness) inside(a, b reflect.Value, path string) error {
	switch a.Kind() {
	case reflect.Interface, reflect.Pointer:
		if a.Kind() == reflect.Pointer && a.Type().String() == "*time.Location" && a.Pointer() == b.Pointer() {
			return nil // time.Local itself
		}
		return s.compare(a.Elem(), b.Elem(), path)
	case reflect.Slice:
		if a.Len() != b.Len() || a.Cap() != b.Cap() {
			return fmt.Errorf("%s: length %d and %d, capacity %d and %d", path, a.Len(), b.Len(), a.Cap(), b.Cap())
		}
		x, y := a.Slice(0, a.Cap()), b.Slice(0, b.Cap())
		for i := range x.Len() {
			if err := s.compare(x.Index(i), y.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Map:
		seen, err := s.pair(a.Pointer(), b.Pointer(), a.Type(), path)
		if seen || err != nil {
			return err
		}
		if a.Len() != b.Len() {
			return fmt.Errorf("%s: %d and %d entries", path, a.Len(), b.Len())
		}
		for iter := a.MapRange(); iter.Next(); {
			other := b.MapIndex(iter.Key())
			if !other.IsValid() {
				if iter.Key().Kind() == reflect.Pointer || !iter.Key().Equal(iter.Key()) {
					continue // it has no equal in the other map
				}
				return fmt.Errorf("%s[%v] is missing", path, iter.Key())
			}
			if err := s.compare(iter.Value(), other, fmt.Sprintf("%s[%v]", path, iter.Key())); err != nil {
				return err
			}
		}
	}
	return nil
}

// text is a value that refers to nothing; of one that does, whether it is nil.
func text(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func, reflect.Interface, reflect.Chan:
		if v.IsNil() {
			return "nil"
		}
		return "a " + v.Type().String()
	}
	return fmt.Sprintf("%.60q", fmt.Sprint(v))
}

// Same compares values, and what shares memory in them.
func Same[T any](t testing.TB, want, got T) {
	t.Helper()
	s := &sameness{there: map[place]uintptr{}, back: map[place]uintptr{}}
	if err := s.compare(reflect.ValueOf(&want).Elem(), reflect.ValueOf(&got).Elem(), "x"); err != nil {
		t.Error(err)
	}
}
