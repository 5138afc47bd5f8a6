package graph

import (
	"encoding/binary"
	"reflect"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// reference reads one reference into a value.
func (d *decoder) reference(p *pack.Parser, r *layout.Ref, to unsafe.Pointer) {
	switch r.Kind {
	case layout.Array:
		d.elements(p, r.To, to, r.N)
	case layout.Pointer:
		*(*unsafe.Pointer)(to) = d.pointer(p, r)
	case layout.Time:
		t := (*time3)(to)
		t.wall = p.Number()
		ext, size := binary.Varint(p.Data[p.At:])
		if size <= 0 {
			pack.Failf("damaged: a time is cut")
		}
		p.At += size
		t.ext, t.loc = ext, d.pointer(p, r)
	case layout.Slice:
		d.slice(p, r, (*sliceHeader)(to))
	case layout.String:
		*(*string)(to) = d.text(p)
	case layout.Map:
		if i := p.Index(len(d.file.units) + 1); i > 0 {
			u := d.reach(i - 1)
			if u.kind != unitMap || u.typed != r.Type && (u.typed.Key() != r.Type.Key() || u.typed.Elem() != r.Type.Elem()) {
				pack.Failf("damaged: a map is of another type")
			}
			*(*unsafe.Pointer)(to) = u.ptr
		}
	case layout.Interface:
		d.boxed(p, r, to)
	case layout.Func:
		if i := p.Index(len(d.file.names) + 1); i > 0 {
			d.function(d.file.names[i-1], reflect.NewAt(r.Type, to).Elem())
		}
	case layout.Nil, layout.Idle:
		p.Index(1)
	}
}

func (d *decoder) pointer(p *pack.Parser, r *layout.Ref) unsafe.Pointer {
	l, n := d.program.layouts.Target(r)
	switch tag := p.Number(); tag {
	case refersNil:
		return nil
	case refersEmpty:
		if l.Size > 0 && n > 0 {
			pack.Failf("damaged: a pointer to no memory")
		}
		return reflect.New(r.Elem).UnsafePointer()
	case refersName:
		return d.named(d.file.names[p.Index(len(d.file.names))], r.Elem)
	default:
		return d.inside(p, tag, l, n)
	}
}

// inside returns the address of n elements in a unit.
func (d *decoder) inside(p *pack.Parser, tag uint64, l *layout.Layout, n int) unsafe.Pointer {
	if tag-refersUnit >= uint64(len(d.file.units)) {
		pack.Failf("damaged: unit %d of %d", tag-refersUnit, len(d.file.units))
	}
	u := d.reach(int(tag - refersUnit))
	at := p.Size()
	if u.kind == unitMap || !d.program.layouts.Holds(u.l, u.n, uintptr(at), l, n) {
		pack.Failf("damaged: there is no %s at %d in %d %s", l.Type, at, u.n, d.file.types.Get(u.typ))
	}
	return unsafe.Add(u.ptr, at)
}

func (d *decoder) slice(p *pack.Parser, r *layout.Ref, to *sliceHeader) {
	l, n := d.program.layouts.Target(r)
	tag := p.Number()
	if tag == refersNil {
		return
	}
	length, capacity := p.Size(), p.Size()
	if length > capacity {
		pack.Failf("damaged: a slice of length %d and capacity %d", length, capacity)
	}
	if tag == refersEmpty {
		if capacity > 0 && l.Size > 0 && n > 0 {
			pack.Failf("damaged: a slice of no memory")
		}
		to.ptr = reflect.MakeSlice(reflect.SliceOf(r.Elem), 0, 0).UnsafePointer()
	} else {
		if l.Size == 0 || n == 0 || capacity > pack.MaxSize/n {
			pack.Failf("damaged: a slice of %d", capacity)
		}
		to.ptr = d.inside(p, tag, l, capacity*n)
	}
	to.len, to.cap = length, capacity
}

func (d *decoder) text(p *pack.Parser) string {
	n := p.Number()
	if n&1 == 0 {
		if n>>1 > uint64(p.Left()) {
			pack.Failf("damaged: a string of %d bytes", n>>1)
		}
		raw := p.Bytes(int(n >> 1))
		return unsafe.String(unsafe.SliceData(raw), len(raw))
	}
	length := p.Size()
	return unsafe.String((*byte)(d.inside(p, n>>1-1+refersUnit, d.program.layouts.Byte, length)), length)
}

// boxed reads the value of an interface.
func (d *decoder) boxed(p *pack.Parser, r *layout.Ref, to unsafe.Pointer) {
	i := p.Index(d.file.types.Len() + 1)
	if i == 0 {
		return
	}
	t := d.file.types.Get(i - 1)
	if t.Kind() == reflect.Interface || !t.Implements(r.Type) {
		pack.Failf("type %s is not a %s any more", t, r.Type)
	}
	l := d.program.layouts.Of(t)
	var value reflect.Value
	if l.Nests {
		value = d.box(p.Index(d.limit), t)
	} else {
		box := reflect.New(t)
		d.elements(p, l, box.UnsafePointer(), 1)
		value = box.Elem()
	}
	reflect.NewAt(r.Type, to).Elem().Set(value)
}

// box reads a box, once. It may refer to lower ones only.
func (d *decoder) box(i int, t reflect.Type) reflect.Value {
	b := &d.file.boxes[i]
	if d.file.types.Get(b.typ) != t {
		pack.Failf("damaged: a value in an interface is of another type")
	}
	if !b.value.IsValid() {
		limit, depth := d.limit, d.depth
		d.limit, d.depth = i, 0
		if d.nesting++; d.nesting > maxNesting {
			pack.Failf("interfaces are nested more than %d deep", maxNesting)
		}
		value := reflect.New(t)
		p := &pack.Parser{Data: b.content}
		d.elements(p, d.program.layouts.Of(t), value.UnsafePointer(), 1)
		p.End()
		b.value, b.depth = value.Elem(), d.depth+1
		d.limit, d.depth = limit, depth
		d.nesting--
	}
	if d.depth = max(d.depth, b.depth); d.depth > maxNesting {
		pack.Failf("interfaces are nested more than %d deep", maxNesting)
	}
	return b.value
}

func (d *decoder) function(name string, to reflect.Value) {
	f, ok := d.program.funcs[name]
	if !ok {
		pack.Fail(&typetable.UnknownError{What: "function " + name})
	}
	value := reflect.ValueOf(f)
	if value.Kind() != reflect.Func || !value.Type().ConvertibleTo(to.Type()) {
		pack.Fail(&typetable.ChangedError{Name: "of function " + name})
	}
	to.Set(value.Convert(to.Type()))
}

func (d *decoder) named(name string, elem reflect.Type) unsafe.Pointer {
	pointer, ok := d.program.pointers()[name]
	if !ok {
		pack.Fail(&typetable.UnknownError{What: "variable " + name})
	}
	value := reflect.ValueOf(pointer)
	if value.Kind() != reflect.Pointer || value.Type().Elem() != elem {
		pack.Fail(&typetable.ChangedError{Name: "of variable " + name})
	}
	return value.UnsafePointer()
}
