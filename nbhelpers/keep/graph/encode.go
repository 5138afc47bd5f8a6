package graph

import (
	"reflect"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// A group's file:
//
//	magic, platform
//	names: of functions and of pointers that are kept by name
//	types: see typetable.Writer
//	files: name and size of those that are mapped
//	boxes: type, bytes in the contents
//	units: kind, type, number of elements, for a mapped one file and offset, then bytes in the contents
//	roots: name, type, unit (0 for a value without size)
//	contents of boxes, contents of units: of a mapped one, what has changed since, as offset, size and bytes
//	CRC-32C of all before it
//
// A box refers to boxes before it only, so that no file makes a value that contains itself.
const magicGraph = "headstart kept group 2\n"

// The kinds of units in a file.
const (
	unitMemory = 0
	unitMap    = 1
	unitFile   = 2
)

// References begin with one of these, or with a number of a unit above them.
const (
	refersNil   = 0
	refersEmpty = 1 // to memory without size
	refersName  = 2
	refersUnit  = 3
)

// maxNesting bounds how deep interfaces with values that have interfaces nest. They are compared and hashed by recursion.
const maxNesting = 10000

// An Encoded is a group as it is to be stored.
type Encoded struct {
	Graph   []byte // the file without its checksum
	Files   []mapped.Ref
	Pending *mapped.Pending // or nil
	Types   []string
	Funcs   []string
}

// encoder encodes one group of a scan.
type encoder struct {
	sc       *Scan
	types    *typetable.Writer
	names    map[string]int
	nameList []string
	funcs    map[string]bool
	files    map[string]int
	result   Encoded
	queue    []int32 // units in the order of their ids
	boxes    map[int32]int
	boxHeads pack.Buffer
	boxBody  pack.Buffer
	nesting  int
	limit    int64
}

// Encode makes the file of a group.
func (sc *Scan) Encode(group []int, limit int64) (result *Encoded, err error) {
	defer pack.Catch(&err)
	e := &encoder{
		sc: sc, names: map[string]int{}, funcs: map[string]bool{}, files: map[string]int{}, boxes: map[int32]int{}, limit: limit,
		types: typetable.NewWriter(sc.program.types),
	}
	e.boxBody.Limit = limit
	var roots pack.Buffer
	roots.Count(len(group))
	for _, i := range group {
		v := sc.Variables[i]
		roots.Text(v.Name)
		roots.Count(e.types.Put(reflect.TypeOf(v.Pointer).Elem()))
		if sc.roots[i] < 0 {
			roots.Count(0)
		} else {
			roots.Count(e.unit(sc.nodes[sc.roots[i]].unit))
		}
	}
	var heads pack.Buffer
	body := pack.Buffer{Limit: limit}
	for i := 0; i < len(e.queue); i++ {
		e.encodeUnit(&heads, &body, &sc.units[e.queue[i]])
	}
	var out pack.Buffer
	out.Bytes([]byte(magicGraph))
	out.Text(pack.Platform())
	out.Count(len(e.nameList))
	for _, name := range e.nameList {
		out.Text(name)
	}
	e.types.Write(&out)
	out.Count(len(e.result.Files))
	for _, f := range e.result.Files {
		out.Text(f.Name)
		out.Number(uint64(f.Size))
	}
	out.Count(len(e.boxes))
	out.Bytes(e.boxHeads.Data)
	out.Count(len(e.queue))
	for _, part := range [][]byte{heads.Data, roots.Data, e.boxBody.Data, body.Data} {
		out.Bytes(part)
	}
	e.result.Graph = out.Data
	e.result.Types, e.result.Funcs = e.types.Names(), sortedKeys(e.funcs)
	return &e.result, nil
}

// unit returns the id of a unit, from 1.
func (e *encoder) unit(i int32) int {
	u := &e.sc.units[i]
	if u.id == 0 {
		e.queue = append(e.queue, i)
		u.id = len(e.queue)
	}
	return u.id
}

func (e *encoder) name(s string) int {
	i, ok := e.names[s]
	if !ok {
		i = len(e.nameList)
		e.names[s] = i
		e.nameList = append(e.nameList, s)
	}
	return i
}

func (e *encoder) encodeUnit(heads, body *pack.Buffer, u *unit) {
	start := len(body.Data)
	switch {
	case u.kind == nodeMap:
		n := e.sc.nodes[u.node]
		heads.Count(unitMap)
		heads.Count(e.types.Put(n.typ))
		k, v := e.sc.program.layouts.Of(n.typ.Key()), e.sc.program.layouts.Of(n.typ.Elem())
		for i := range n.n {
			e.elements(body, k, unsafe.Add(n.keys, uintptr(i)*k.Size), 1)
			e.elements(body, v, unsafe.Add(n.vals, uintptr(i)*v.Size), 1)
		}
		heads.Count(n.n)
	case u.root < 0 && u.l.Flat && u.bytes() >= mapped.LargeBytes:
		heads.Count(unitFile)
		heads.Count(e.types.Put(u.l.Type))
		heads.Count(u.n)
		file, at := e.file(u, body)
		heads.Count(file)
		heads.Count(at)
	default:
		heads.Count(unitMemory)
		heads.Count(e.types.Put(u.l.Type))
		heads.Count(u.n)
		e.elements(body, u.l, u.ptr, u.n)
	}
	heads.Count(len(body.Data) - start)
}

// The changes of a mapped unit are written with the graph, up to a part of the unit and a size that each program that loads it
// can copy in some milliseconds. Beyond that the unit is written anew.
const (
	maxChangedPart = 8 // one eighth
	maxChanged     = 16 << 20
)

// file returns in which file, and where in it, a large unit lies: where it was mapped from, if little has changed there. What has
// is written to body.
func (e *encoder) file(u *unit, body *pack.Buffer) (index, at int) {
	if m, offset := e.sc.program.files.Of(u.ptr, u.bytes()); m != nil {
		size := int(u.bytes())
		if changed, few := m.Changes(offset, size, min(size/maxChangedPart, maxChanged)); few {
			for _, c := range changed {
				body.Count(int(c.At) - offset)
				body.Count(c.Size)
				body.Bytes(m.Data[c.At : c.At+c.Size])
			}
			body.Bounded()
			return e.fileIndex(m.Ref), offset
		}
	}
	p := e.result.Pending
	if p == nil {
		p = &mapped.Pending{Ref: mapped.Ref{Name: mapped.NewName()}}
		e.result.Pending = p
	}
	part := mapped.Part{Data: u.ptr, At: (p.Size + mapped.PartAlign - 1) / mapped.PartAlign * mapped.PartAlign, Size: int64(u.bytes())}
	p.Parts = append(p.Parts, part)
	p.Size = part.At + part.Size
	index = e.fileIndex(p.Ref)
	e.result.Files[index].Size = p.Size
	return index, int(part.At)
}

func (e *encoder) fileIndex(f mapped.Ref) int {
	i, ok := e.files[f.Name]
	if !ok {
		i = len(e.result.Files)
		e.files[f.Name] = i
		e.result.Files = append(e.result.Files, f)
	}
	return i
}

// elements encodes n elements that lie in a row.
func (e *encoder) elements(b *pack.Buffer, l *layout.Layout, p unsafe.Pointer, n int) {
	if l.Plain || l.Size == 1 {
		b.Bytes(unsafe.Slice((*byte)(p), uintptr(n)*l.Size))
		b.Bounded()
		return
	}
	for i := range n {
		element := unsafe.Add(p, uintptr(i)*l.Size)
		for _, s := range l.Spans {
			b.Bytes(unsafe.Slice((*byte)(unsafe.Add(element, s.At)), s.Size))
		}
		for j := range l.Refs {
			r := &l.Refs[j]
			e.reference(b, r, unsafe.Add(element, r.At))
		}
		b.Bounded()
	}
}

func (e *encoder) reference(b *pack.Buffer, r *layout.Ref, p unsafe.Pointer) {
	switch r.Kind {
	case layout.Array:
		e.elements(b, r.To, p, r.N)
	case layout.Pointer:
		e.pointer(b, r, *(*unsafe.Pointer)(p))
	case layout.Time:
		e.time(b, r, p)
	case layout.Slice:
		e.slice(b, r, (*sliceHeader)(p))
	case layout.String:
		s := *(*string)(p)
		if len(s) < mapped.LargeBytes {
			b.Count(len(s) << 1)
			b.Data = append(b.Data, s...)
			return
		}
		id, at := e.place(unsafe.Pointer(unsafe.StringData(s)), e.sc.program.layouts.Byte, len(s))
		b.Count(id<<1 | 1)
		b.Count(len(s))
		b.Count(at)
	case layout.Map:
		m := reflect.NewAt(r.Type, p).Elem().UnsafePointer()
		if m == nil {
			b.Count(refersNil)
			return
		}
		i, ok := e.sc.maps[m]
		if !ok {
			pack.Failf("a map changed while it was saved")
		}
		b.Count(e.unit(e.sc.nodes[i].unit))
	case layout.Interface:
		e.boxed(b, r, p)
	case layout.Func:
		code := reflect.NewAt(r.Type, p).Elem().Pointer()
		if code == 0 {
			b.Count(refersNil)
			return
		}
		name, ok := funcName(code)
		if !ok {
			pack.Failf("a function changed while it was saved")
		}
		e.funcs[name] = true
		b.Count(e.name(name) + 1)
	case layout.Nil, layout.Idle:
		b.Count(0)
	}
}

// place finds the unit of some memory, and the offset in it.
func (e *encoder) place(p unsafe.Pointer, l *layout.Layout, n int) (id, at int) {
	i, ok := e.sc.memory[memoryKey{uintptr(p), l, n}]
	if !ok {
		pack.Failf("a value changed while it was saved: no goroutine may change variables at the end of a cell")
	}
	u := e.sc.nodes[i].unit
	return e.unit(u), int(uintptr(p) - e.sc.units[u].low())
}

func (e *encoder) pointer(b *pack.Buffer, r *layout.Ref, p unsafe.Pointer) {
	if p == nil {
		b.Count(refersNil)
		return
	}
	if name := e.sc.program.named[uintptr(p)]; name != "" {
		b.Count(refersName)
		b.Count(e.name(name))
		return
	}
	l, n := e.sc.program.layouts.Target(r)
	if l.Size == 0 || n == 0 {
		b.Count(refersEmpty)
		return
	}
	id, at := e.place(p, l, n)
	b.Count(id - 1 + refersUnit)
	b.Count(at)
}

func (e *encoder) slice(b *pack.Buffer, r *layout.Ref, h *sliceHeader) {
	l, n := e.sc.program.layouts.Target(r)
	switch {
	case h.ptr == nil:
		b.Count(refersNil)
	case h.cap == 0 || l.Size == 0 || n == 0:
		b.Count(refersEmpty)
		b.Count(h.len)
		b.Count(h.cap)
	default:
		id, at := e.place(h.ptr, l, h.cap*n)
		b.Count(id - 1 + refersUnit)
		b.Count(h.len)
		b.Count(h.cap)
		b.Count(at)
	}
}
