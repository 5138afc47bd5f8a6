package graph

import (
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

const (
	MaxText  = 80 // characters of a value in a listing
	maxItems = 10 // elements that are looked at
)

// Short writes a value as people do, in at most limit characters or little more. It calls no methods of the value, which may do
// anything.
func Short(v reflect.Value, limit int) string {
	w := &shortener{limit: limit}
	w.value(v, 0)
	return cut(string(w.text), limit)
}

func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return string(runes[:limit-1]) + "…"
}

type shortener struct {
	text  []byte
	limit int
}

func (w *shortener) add(s string) { w.text = append(w.text, s...) }

func (w *shortener) full() bool { return len(w.text) > 4*w.limit }

func (w *shortener) value(v reflect.Value, depth int) {
	if w.full() {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		w.text = strconv.AppendBool(w.text, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Type() == reflect.TypeFor[time.Duration]() {
			w.add(time.Duration(v.Int()).String())
			return
		}
		w.text = strconv.AppendInt(w.text, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		w.text = strconv.AppendUint(w.text, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		w.text = strconv.AppendFloat(w.text, v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Complex64, reflect.Complex128:
		w.add(strconv.FormatComplex(v.Complex(), 'g', -1, v.Type().Bits()))
	case reflect.String:
		s := v.String()
		w.text = strconv.AppendQuote(w.text, s[:min(len(s), 4*w.limit)])
	case reflect.Interface, reflect.Pointer:
		w.pointer(v, depth)
	case reflect.Slice, reflect.Array:
		w.list(v, depth)
	case reflect.Map:
		w.mapping(v, depth)
	case reflect.Struct:
		w.structure(v, depth)
	default: // functions, and what is kept as nil only
		if v.IsZero() {
			w.add("nil")
			return
		}
		w.add(v.Type().String())
	}
}

func (w *shortener) pointer(v reflect.Value, depth int) {
	switch {
	case v.IsNil():
		w.add("nil")
	case v.Kind() == reflect.Interface:
		w.value(v.Elem(), depth)
	case depth > 2:
		w.add("&…")
	default:
		w.add("&")
		w.value(v.Elem(), depth+1)
	}
}

func (w *shortener) list(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		w.add("nil")
		return
	}
	w.add("[")
	for i := range v.Len() {
		if i > 0 {
			w.add(" ")
		}
		if i == maxItems || w.full() || depth > 3 {
			w.add("… " + strconv.Itoa(v.Len()) + " in all")
			break
		}
		w.value(v.Index(i), depth+1)
	}
	w.add("]")
}

func (w *shortener) mapping(v reflect.Value, depth int) {
	if v.IsNil() {
		w.add("nil")
		return
	}
	if v.Len() > maxItems || depth > 3 {
		w.add("map of " + strconv.Itoa(v.Len()))
		return
	}
	keys, vals := entries(reflect.MapOf(v.Type().Key(), v.Type().Elem()), exported(v))
	w.add("map[")
	for i := range keys.Len() {
		if i > 0 {
			w.add(" ")
		}
		w.value(keys.Index(i), depth+1)
		w.add(":")
		w.value(vals.Index(i), depth+1)
	}
	w.add("]")
}

// exported makes a map in an unexported field readable like any other.
func exported(v reflect.Value) reflect.Value {
	p := v.UnsafePointer()
	return reflect.NewAt(v.Type(), unsafe.Pointer(&p)).Elem()
}

func (w *shortener) structure(v reflect.Value, depth int) {
	if v.Type() == reflect.TypeFor[time.Time]() && v.CanAddr() {
		w.add((*(*time.Time)(v.Addr().UnsafePointer())).Format(time.RFC3339))
		return
	}
	w.add("{")
	for i := range v.NumField() {
		if i > 0 {
			w.add(" ")
		}
		if w.full() || depth > 3 {
			w.add("…")
			break
		}
		w.add(v.Type().Field(i).Name + ":")
		w.value(v.Field(i), depth+1)
	}
	w.add("}")
}
