package keep

import (
	"hash/crc32"
	"reflect"
	"unsafe"
)

// A group's file:
//
//	magic, platform
//	names: of functions and of pointers that are kept by name
//	types: see typeWriter
//	files: name and size of those that are mapped
//	boxes: type, bytes in the contents
//	units: kind, type, number of elements, for a mapped one file and offset, then bytes in the contents
//	roots: name, type, unit (0 for a value without size)
//	contents of boxes, contents of units: of a mapped one, what has changed since, as offset, size and bytes
//	CRC-32C of all before it
//
// A box refers to boxes before it only, so that no file makes a value that contains itself.
const magicGraph = "headstart kept group 2\n"

const checksumBytes = 4

func checksum(data []byte) uint32 { return addChecksum(0, data) }

func addChecksum(sum uint32, data []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), data)
}

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

// fileRef is a mapped file of a group.
type fileRef struct {
	name string
	size int64
}

// pendingFile is a file that is not written yet: all large data of a group that are new or have changed.
type pendingFile struct {
	fileRef
	parts []filePart
}

type filePart struct {
	data unsafe.Pointer
	at   int64
	size int64
}

// partAlign is where parts of a file begin, so that few share a page of memory.
const partAlign = 4096

// encoded is a group as it is to be stored.
type encoded struct {
	graph   []byte // the file without its checksum
	files   []fileRef
	pending *pendingFile // or nil
	types   []string
	funcs   []string
}

// encoder encodes one group of a scan.
type encoder struct {
	sc       *scan
	types    typeWriter
	names    map[string]int
	nameList []string
	funcs    map[string]bool
	files    map[string]int
	result   encoded
	queue    []int32 // units in the order of their ids
	boxes    map[int32]int
	boxHeads buffer
	boxBody  buffer
	nesting  int
	limit    int64
}

// encode makes the file of a group.
func (sc *scan) encode(group []int, limit int64) (result *encoded, err error) {
	defer catch(&err)
	e := &encoder{
		sc: sc, names: map[string]int{}, funcs: map[string]bool{}, files: map[string]int{}, boxes: map[int32]int{}, limit: limit,
		types: typeWriter{registry: sc.store.types, index: map[reflect.Type]int{}, dynamic: map[string]bool{}},
	}
	e.boxBody.limit = limit
	var roots buffer
	roots.count(len(group))
	for _, i := range group {
		v := sc.variables[i]
		roots.text(v.Name)
		roots.count(e.types.put(reflect.TypeOf(v.Pointer).Elem()))
		if sc.roots[i] < 0 {
			roots.count(0)
		} else {
			roots.count(e.unit(sc.nodes[sc.roots[i]].unit))
		}
	}
	var heads buffer
	body := buffer{limit: limit}
	for i := 0; i < len(e.queue); i++ {
		e.encodeUnit(&heads, &body, &sc.units[e.queue[i]])
	}
	var out buffer
	out.bytes([]byte(magicGraph))
	out.text(platform())
	out.count(len(e.nameList))
	for _, name := range e.nameList {
		out.text(name)
	}
	out.count(len(e.types.index))
	out.bytes(e.types.table.data)
	out.count(len(e.result.files))
	for _, f := range e.result.files {
		out.text(f.name)
		out.number(uint64(f.size))
	}
	out.count(len(e.boxes))
	out.bytes(e.boxHeads.data)
	out.count(len(e.queue))
	for _, part := range [][]byte{heads.data, roots.data, e.boxBody.data, body.data} {
		out.bytes(part)
	}
	e.result.graph = out.data
	e.result.types, e.result.funcs = sortedKeys(e.types.dynamic), sortedKeys(e.funcs)
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

func (e *encoder) encodeUnit(heads, body *buffer, u *unit) {
	start := len(body.data)
	switch {
	case u.kind == nodeMap:
		n := e.sc.nodes[u.node]
		heads.count(unitMap)
		heads.count(e.types.put(n.typ))
		k, v := e.sc.store.layouts.of(n.typ.Key()), e.sc.store.layouts.of(n.typ.Elem())
		for i := range n.n {
			e.elements(body, k, unsafe.Add(n.keys, uintptr(i)*k.size), 1)
			e.elements(body, v, unsafe.Add(n.vals, uintptr(i)*v.size), 1)
		}
		heads.count(n.n)
	case u.root < 0 && u.l.flat && u.bytes() >= LargeBytes:
		heads.count(unitFile)
		heads.count(e.types.put(u.l.typ))
		heads.count(u.n)
		file, at := e.file(u, body)
		heads.count(file)
		heads.count(at)
	default:
		heads.count(unitMemory)
		heads.count(e.types.put(u.l.typ))
		heads.count(u.n)
		e.elements(body, u.l, u.ptr, u.n)
	}
	heads.count(len(body.data) - start)
}

// The changes of a mapped unit are written with the graph, up to a part of the unit and a size that each program that loads it
// can copy in some milliseconds. Beyond that the unit is written anew.
const (
	maxChangedPart = 8 // one eighth
	maxChanged     = 16 << 20
)

// file returns in which file, and where in it, a large unit lies: where it was mapped from, if little has changed there. What has
// is written to body.
func (e *encoder) file(u *unit, body *buffer) (index, at int) {
	if m, offset := e.sc.store.mappingOf(u.ptr, u.bytes()); m != nil {
		size := int(u.bytes())
		if changed, few := m.changes(offset, size, min(size/maxChangedPart, maxChanged)); few {
			for _, c := range changed {
				body.count(int(c.at) - offset)
				body.count(int(c.size))
				body.bytes(m.data[c.at : c.at+c.size])
			}
			body.bounded()
			return e.fileIndex(m.fileRef), offset
		}
	}
	p := e.result.pending
	if p == nil {
		p = &pendingFile{fileRef: fileRef{name: newFileName()}}
		e.result.pending = p
	}
	part := filePart{u.ptr, (p.size + partAlign - 1) / partAlign * partAlign, int64(u.bytes())}
	p.parts = append(p.parts, part)
	p.size = part.at + part.size
	index = e.fileIndex(p.fileRef)
	e.result.files[index].size = p.size
	return index, int(part.at)
}

func (e *encoder) fileIndex(f fileRef) int {
	i, ok := e.files[f.name]
	if !ok {
		i = len(e.result.files)
		e.files[f.name] = i
		e.result.files = append(e.result.files, f)
	}
	return i
}

// elements encodes n elements that lie in a row.
func (e *encoder) elements(b *buffer, l *layout, p unsafe.Pointer, n int) {
	if l.plain || l.size == 1 {
		b.bytes(unsafe.Slice((*byte)(p), uintptr(n)*l.size))
		b.bounded()
		return
	}
	for i := range n {
		element := unsafe.Add(p, uintptr(i)*l.size)
		for _, s := range l.spans {
			b.bytes(unsafe.Slice((*byte)(unsafe.Add(element, s.at)), s.size))
		}
		for j := range l.refs {
			r := &l.refs[j]
			e.reference(b, r, unsafe.Add(element, r.at))
		}
		b.bounded()
	}
}

func (e *encoder) reference(b *buffer, r *ref, p unsafe.Pointer) {
	switch r.kind {
	case refArray:
		e.elements(b, r.to, p, r.n)
	case refPointer:
		e.pointer(b, r, *(*unsafe.Pointer)(p))
	case refTime:
		e.time(b, r, p)
	case refSlice:
		e.slice(b, r, (*sliceHeader)(p))
	case refString:
		s := *(*string)(p)
		if len(s) < LargeBytes {
			b.count(len(s) << 1)
			b.data = append(b.data, s...)
			return
		}
		id, at := e.place(unsafe.Pointer(unsafe.StringData(s)), e.sc.store.layouts.byte, len(s))
		b.count(id<<1 | 1)
		b.count(len(s))
		b.count(at)
	case refMap:
		m := reflect.NewAt(r.typ, p).Elem().UnsafePointer()
		if m == nil {
			b.count(refersNil)
			return
		}
		i, ok := e.sc.maps[m]
		if !ok {
			failf("a map changed while it was saved")
		}
		b.count(e.unit(e.sc.nodes[i].unit))
	case refInterface:
		e.boxed(b, r, p)
	case refFunc:
		code := reflect.NewAt(r.typ, p).Elem().Pointer()
		if code == 0 {
			b.count(refersNil)
			return
		}
		name, ok := funcName(code)
		if !ok {
			failf("a function changed while it was saved")
		}
		e.funcs[name] = true
		b.count(e.name(name) + 1)
	case refNil, refIdle:
		b.count(0)
	}
}

// place finds the unit of some memory, and the offset in it.
func (e *encoder) place(p unsafe.Pointer, l *layout, n int) (id, at int) {
	i, ok := e.sc.memory[memoryKey{uintptr(p), l, n}]
	if !ok {
		failf("a value changed while it was saved: no goroutine may change variables at the end of a cell")
	}
	u := e.sc.nodes[i].unit
	return e.unit(u), int(uintptr(p) - e.sc.units[u].low())
}

func (e *encoder) pointer(b *buffer, r *ref, p unsafe.Pointer) {
	if p == nil {
		b.count(refersNil)
		return
	}
	if name := e.sc.store.named[uintptr(p)]; name != "" {
		b.count(refersName)
		b.count(e.name(name))
		return
	}
	l, n := e.sc.store.layouts.target(r)
	if l.size == 0 || n == 0 {
		b.count(refersEmpty)
		return
	}
	id, at := e.place(p, l, n)
	b.count(id - 1 + refersUnit)
	b.count(at)
}

func (e *encoder) slice(b *buffer, r *ref, h *sliceHeader) {
	l, n := e.sc.store.layouts.target(r)
	switch {
	case h.ptr == nil:
		b.count(refersNil)
	case h.cap == 0 || l.size == 0 || n == 0:
		b.count(refersEmpty)
		b.count(h.len)
		b.count(h.cap)
	default:
		id, at := e.place(h.ptr, l, h.cap*n)
		b.count(id - 1 + refersUnit)
		b.count(h.len)
		b.count(h.cap)
		b.count(at)
	}
}
