package graph

import (
	"reflect"
	"slices"
	"sort"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/layout"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// A File is the parsed file of a group. Its contents are read when they are needed.
type File struct {
	names []string
	types *typetable.Reader
	files []mapped.Ref
	boxes []storedBox
	units []storedUnit
	roots []storedRoot
}

type storedBox struct {
	typ     int
	content []byte
	value   reflect.Value // once it was read
	depth   int
}

type storedUnit struct {
	kind    int
	typ     int
	n       int
	content []byte
	file    int
	at      int

	// Once it was reached:
	reached bool
	typed   reflect.Type // of a map
	l       *layout.Layout
	ptr     unsafe.Pointer // what references lead to
	into    unsafe.Pointer // where the content goes: elsewhere for a variable, until all is read
}

type storedRoot struct {
	name string
	typ  int
	unit int
}

// Parse takes the file of a group apart.
func (g *Program) Parse(data []byte) (f *File, err error) {
	defer pack.Catch(&err)
	p := &pack.Parser{Data: data}
	pack.Begin(p, magicGraph)
	f = &File{}
	for range p.Count() {
		f.names = append(f.names, p.Text())
	}
	f.types = typetable.Read(p, g.types)
	for range p.Count() {
		f.files = append(f.files, mapped.Ref{Name: p.Text(), Size: int64(p.Size())})
	}
	var sizes []int
	for range p.Count() {
		f.boxes = append(f.boxes, storedBox{typ: p.Index(f.types.Len())})
		sizes = append(sizes, p.Size())
	}
	for range p.Count() {
		u := storedUnit{kind: p.Index(unitFile + 1), typ: p.Index(f.types.Len()), n: p.Size()}
		if u.kind == unitFile {
			u.file, u.at = p.Index(len(f.files)), p.Size()
		}
		sizes = append(sizes, p.Size())
		f.units = append(f.units, u)
	}
	for range p.Count() {
		f.roots = append(f.roots, storedRoot{p.Text(), p.Index(f.types.Len()), p.Index(len(f.units) + 1)})
	}
	for i := range f.boxes {
		f.boxes[i].content = p.Bytes(sizes[i])
	}
	for i := range f.units {
		f.units[i].content = p.Bytes(sizes[len(f.boxes)+i])
	}
	p.End()
	return f, nil
}

// decoder makes values of a group's file.
type decoder struct {
	program *Program
	file    *File
	maps    map[int]*mapped.File  // by number in the file
	used    map[int][]layout.Span // of each, in order
	queue   []int
	limit   int // boxes below this one may be referred to

	nesting int // boxes that are being read
	depth   int // of the boxes in the one that is being read
}

// Decode reads the content of roots into memory of its own, and returns what then assigns it to the variables.
func (g *Program) Decode(f *File, roots []Variable) (commit func(), err error) {
	defer pack.Catch(&err)
	d := &decoder{program: g, file: f, maps: map[int]*mapped.File{}, used: map[int][]layout.Span{}, limit: len(f.boxes)}
	type assignment struct{ to, from reflect.Value }
	var assignments []assignment
	for _, v := range roots {
		root := f.root(v.Name)
		if root == nil {
			pack.Failf("damaged: the variable is not in its file")
		}
		to := reflect.ValueOf(v.Pointer).Elem()
		if stored := f.types.Get(root.typ); stored != to.Type() {
			pack.Fail(&typetable.ChangedError{Name: typeText(stored, to.Type())})
		}
		if root.unit == 0 {
			if to.Type().Size() > 0 {
				pack.Failf("damaged: the variable has no content")
			}
			continue
		}
		from := reflect.New(to.Type())
		d.place(root.unit-1, to, from)
		assignments = append(assignments, assignment{to, from.Elem()})
	}
	for i := 0; i < len(d.queue); i++ {
		d.fill(&f.units[d.queue[i]])
	}
	return func() {
		for _, a := range assignments {
			a.to.Set(a.from)
		}
	}, nil
}

// typeText names the type that the program had, and has now.
func typeText(old, now reflect.Type) string {
	if typetable.Name(old) == typetable.Name(now) {
		return typetable.Name(now)
	}
	return typetable.Name(old) + " (now " + typetable.Name(now) + ")"
}

func (f *File) root(name string) *storedRoot {
	for i := range f.roots {
		if f.roots[i].name == name {
			return &f.roots[i]
		}
	}
	return nil
}

// Variable makes memory for a variable that the program does not declare.
func (f *File) Variable(name string) (pointer any, err error) {
	defer pack.Catch(&err)
	root := f.root(name)
	if root == nil {
		pack.Failf("damaged: the variable is not in its file")
	}
	return reflect.New(f.types.Get(root.typ)).Interface(), nil
}

// Forget makes the file ready for another decode.
func (f *File) Forget() {
	for i := range f.boxes {
		f.boxes[i].value, f.boxes[i].depth = reflect.Value{}, 0
	}
	for i := range f.units {
		u := &f.units[i]
		f.units[i] = storedUnit{kind: u.kind, typ: u.typ, n: u.n, content: u.content, file: u.file, at: u.at}
	}
}

// place says where the memory of a variable is.
func (d *decoder) place(i int, to, from reflect.Value) {
	u := &d.file.units[i]
	l, n := d.program.layouts.Run(to.Type())
	if u.kind != unitMemory || u.reached || u.n != n || d.program.layouts.Of(d.file.types.Get(u.typ)) != l {
		pack.Failf("damaged: the content of a variable is not of its type")
	}
	u.reached, u.l, u.ptr, u.into = true, l, to.Addr().UnsafePointer(), from.UnsafePointer()
	d.queue = append(d.queue, i)
}

// reach makes memory for a unit, or maps it.
func (d *decoder) reach(i int) *storedUnit {
	u := &d.file.units[i]
	if u.reached {
		return u
	}
	u.reached = true
	t := d.file.types.Get(u.typ)
	switch u.kind {
	case unitMap:
		if t.Kind() != reflect.Map {
			pack.Failf("damaged: a map of type %s", t)
		}
		k, v := d.program.layouts.Of(t.Key()), d.program.layouts.Of(t.Elem())
		if k.Size == 0 && u.n > 1 || k.Size > 0 && u.n > len(u.content)/(k.Least+v.Least) {
			pack.Failf("damaged: a map of %d entries in %d bytes", u.n, len(u.content))
		}
		u.typed = t
		u.ptr = reflect.MakeMapWithSize(t, u.n).UnsafePointer()
		d.queue = append(d.queue, i)
	case unitMemory:
		u.l = d.program.layouts.Of(t)
		if u.l.Size == 0 || u.n < 1 || t.Kind() == reflect.Array || u.n > len(u.content)/max(1, u.l.Least) {
			pack.Failf("damaged: %d values of %s in %d bytes", u.n, t, len(u.content))
		}
		if u.n == 1 {
			u.ptr = reflect.New(t).UnsafePointer()
		} else {
			u.ptr = reflect.MakeSlice(reflect.SliceOf(t), u.n, u.n).UnsafePointer()
		}
		u.into = u.ptr
		d.queue = append(d.queue, i)
	case unitFile:
		d.mapped(u, t)
	}
	return u
}

func (d *decoder) mapped(u *storedUnit, t reflect.Type) {
	m := d.maps[u.file]
	if m == nil {
		opened, err := d.program.files.Map(d.file.files[u.file])
		if err != nil {
			pack.Fail(err)
		}
		m = opened
		d.maps[u.file] = m
	}
	u.l = d.program.layouts.Of(t)
	if !u.l.Flat || u.n < 1 || u.n > len(m.Data)/int(u.l.Size) || u.at > len(m.Data)-u.n*int(u.l.Size) || u.at%t.Align() != 0 {
		pack.Failf("damaged: %d values of %s at %d in a file of %d bytes", u.n, t, u.at, len(m.Data))
	}
	part := layout.Span{At: uintptr(u.at), Size: uintptr(u.n) * u.l.Size}
	used := d.used[u.file]
	i := sort.Search(len(used), func(i int) bool { return used[i].At+used[i].Size > part.At })
	if i < len(used) && used[i].At < part.At+part.Size {
		pack.Failf("damaged: two parts of a file overlap")
	}
	d.used[u.file] = slices.Insert(used, i, part)
	u.ptr = unsafe.Pointer(&m.Data[u.at])
	for p := (&pack.Parser{Data: u.content}); p.Left() > 0; {
		at, n := p.Size(), p.Count()
		if uintptr(at) > part.Size || uintptr(n) > part.Size-uintptr(at) {
			pack.Failf("damaged: a change of %d bytes at %d of %d", n, at, part.Size)
		}
		copy(m.Data[u.at+at:], p.Bytes(n))
	}
}

// fill reads the content of a unit.
func (d *decoder) fill(u *storedUnit) {
	p := &pack.Parser{Data: u.content}
	if u.kind == unitMemory {
		d.elements(p, u.l, u.into, u.n)
		p.End()
		return
	}
	m := reflect.NewAt(u.typed, unsafe.Pointer(&u.ptr)).Elem()
	k, v := d.program.layouts.Of(u.typed.Key()), d.program.layouts.Of(u.typed.Elem())
	key, elem := reflect.New(u.typed.Key()), reflect.New(u.typed.Elem())
	for range u.n {
		key.Elem().SetZero() // nil is read by writing nothing
		elem.Elem().SetZero()
		d.elements(p, k, key.UnsafePointer(), 1)
		d.elements(p, v, elem.UnsafePointer(), 1)
		m.SetMapIndex(key.Elem(), elem.Elem())
	}
	p.End()
}

// elements reads n elements that lie in a row.
func (d *decoder) elements(p *pack.Parser, l *layout.Layout, to unsafe.Pointer, n int) {
	if l.Plain {
		copy(unsafe.Slice((*byte)(to), uintptr(n)*l.Size), p.Bytes(n*int(l.Size)))
		return
	}
	for i := range n {
		element := unsafe.Add(to, uintptr(i)*l.Size)
		for _, s := range l.Spans {
			copy(unsafe.Slice((*byte)(unsafe.Add(element, s.At)), s.Size), p.Bytes(int(s.Size)))
		}
		for _, at := range l.Bools {
			if b := (*byte)(unsafe.Add(element, at)); *b > 1 {
				pack.Failf("damaged: a boolean of %d", *b)
			}
		}
		for j := range l.Refs {
			r := &l.Refs[j]
			d.reference(p, r, unsafe.Add(element, r.At))
		}
	}
}
