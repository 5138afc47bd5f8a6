package keep

import (
	"encoding/binary"
	"reflect"
	"unsafe"
)

// reference reads one reference into a value.
func (d *decoder) reference(p *parser, r *ref, to unsafe.Pointer) {
	switch r.kind {
	case refArray:
		d.elements(p, r.to, to, r.n)
	case refPointer:
		*(*unsafe.Pointer)(to) = d.pointer(p, r)
	case refTime:
		t := (*time3)(to)
		t.wall = p.number()
		ext, size := binary.Varint(p.data[p.at:])
		if size <= 0 {
			failf("damaged: a time is cut")
		}
		p.at += size
		t.ext, t.loc = ext, d.pointer(p, r)
	case refSlice:
		d.slice(p, r, (*sliceHeader)(to))
	case refString:
		*(*string)(to) = d.text(p)
	case refMap:
		if i := p.index(len(d.file.units) + 1); i > 0 {
			u := d.reach(i - 1)
			if u.kind != unitMap || u.typed != r.typ && (u.typed.Key() != r.typ.Key() || u.typed.Elem() != r.typ.Elem()) {
				failf("damaged: a map is of another type")
			}
			*(*unsafe.Pointer)(to) = u.ptr
		}
	case refInterface:
		d.boxed(p, r, to)
	case refFunc:
		if i := p.index(len(d.file.names) + 1); i > 0 {
			d.function(d.file.names[i-1], reflect.NewAt(r.typ, to).Elem())
		}
	case refNil, refIdle:
		p.index(1)
	}
}

func (d *decoder) pointer(p *parser, r *ref) unsafe.Pointer {
	l, n := d.store.layouts.target(r)
	switch tag := p.number(); tag {
	case refersNil:
		return nil
	case refersEmpty:
		if l.size > 0 && n > 0 {
			failf("damaged: a pointer to no memory")
		}
		return reflect.New(r.elem).UnsafePointer()
	case refersName:
		return d.named(d.file.names[p.index(len(d.file.names))], r.elem)
	default:
		return d.inside(p, tag, l, n)
	}
}

// inside returns the address of n elements in a unit.
func (d *decoder) inside(p *parser, tag uint64, l *layout, n int) unsafe.Pointer {
	if tag-refersUnit >= uint64(len(d.file.units)) {
		failf("damaged: unit %d of %d", tag-refersUnit, len(d.file.units))
	}
	u := d.reach(int(tag - refersUnit))
	at := p.size()
	if u.kind == unitMap || !d.store.layouts.holds(u.l, u.n, uintptr(at), l, n) {
		failf("damaged: there is no %s at %d in %d %s", l.typ, at, u.n, d.file.types.get(u.typ))
	}
	return unsafe.Add(u.ptr, at)
}

func (d *decoder) slice(p *parser, r *ref, to *sliceHeader) {
	l, n := d.store.layouts.target(r)
	tag := p.number()
	if tag == refersNil {
		return
	}
	length, capacity := p.size(), p.size()
	if length > capacity {
		failf("damaged: a slice of length %d and capacity %d", length, capacity)
	}
	if tag == refersEmpty {
		if capacity > 0 && l.size > 0 && n > 0 {
			failf("damaged: a slice of no memory")
		}
		to.ptr = reflect.MakeSlice(reflect.SliceOf(r.elem), 0, 0).UnsafePointer()
	} else {
		if l.size == 0 || n == 0 || capacity > maxSize/n {
			failf("damaged: a slice of %d", capacity)
		}
		to.ptr = d.inside(p, tag, l, capacity*n)
	}
	to.len, to.cap = length, capacity
}

func (d *decoder) text(p *parser) string {
	n := p.number()
	if n&1 == 0 {
		if n>>1 > uint64(p.left()) {
			failf("damaged: a string of %d bytes", n>>1)
		}
		raw := p.bytes(int(n >> 1))
		return unsafe.String(unsafe.SliceData(raw), len(raw))
	}
	length := p.size()
	return unsafe.String((*byte)(d.inside(p, n>>1-1+refersUnit, d.store.layouts.byte, length)), length)
}

// boxed reads the value of an interface.
func (d *decoder) boxed(p *parser, r *ref, to unsafe.Pointer) {
	i := p.index(len(d.file.types.entries) + 1)
	if i == 0 {
		return
	}
	t := d.file.types.get(i - 1)
	if t.Kind() == reflect.Interface || !t.Implements(r.typ) {
		failf("type %s is not a %s any more", t, r.typ)
	}
	l := d.store.layouts.of(t)
	var value reflect.Value
	if l.nests {
		value = d.box(p.index(d.limit), t)
	} else {
		box := reflect.New(t)
		d.elements(p, l, box.UnsafePointer(), 1)
		value = box.Elem()
	}
	reflect.NewAt(r.typ, to).Elem().Set(value)
}

// box reads a box, once. It may refer to lower ones only.
func (d *decoder) box(i int, t reflect.Type) reflect.Value {
	b := &d.file.boxes[i]
	if d.file.types.get(b.typ) != t {
		failf("damaged: a value in an interface is of another type")
	}
	if !b.value.IsValid() {
		limit, depth := d.limit, d.depth
		d.limit, d.depth = i, 0
		if d.nesting++; d.nesting > maxNesting {
			failf("interfaces are nested more than %d deep", maxNesting)
		}
		value := reflect.New(t)
		p := &parser{data: b.content}
		d.elements(p, d.store.layouts.of(t), value.UnsafePointer(), 1)
		p.end()
		b.value, b.depth = value.Elem(), d.depth+1
		d.limit, d.depth = limit, depth
		d.nesting--
	}
	if d.depth = max(d.depth, b.depth); d.depth > maxNesting {
		failf("interfaces are nested more than %d deep", maxNesting)
	}
	return b.value
}

func (d *decoder) function(name string, to reflect.Value) {
	f, ok := d.store.options.Funcs[name]
	if !ok {
		fail(&unknownError{"function " + name})
	}
	value := reflect.ValueOf(f)
	if value.Kind() != reflect.Func || !value.Type().ConvertibleTo(to.Type()) {
		fail(&changedError{"of function " + name})
	}
	to.Set(value.Convert(to.Type()))
}

func (d *decoder) named(name string, elem reflect.Type) unsafe.Pointer {
	pointer, ok := d.store.pointers()[name]
	if !ok {
		fail(&unknownError{"variable " + name})
	}
	value := reflect.ValueOf(pointer)
	if value.Kind() != reflect.Pointer || value.Type().Elem() != elem {
		fail(&changedError{"of variable " + name})
	}
	return value.UnsafePointer()
}
