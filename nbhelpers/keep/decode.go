package keep

import (
	"reflect"
	"slices"
	"sort"
	"unsafe"
)

// graphFile is the parsed file of a group. Its contents are read when they are needed.
type graphFile struct {
	names []string
	types *typeReader
	files []fileRef
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
	l       *layout
	ptr     unsafe.Pointer // what references lead to
	into    unsafe.Pointer // where the content goes: elsewhere for a variable, until all is read
}

type storedRoot struct {
	name string
	typ  int
	unit int
}

func parseGraph(data []byte, g *registry) (f *graphFile, err error) {
	defer catch(&err)
	p := &parser{data: data}
	begin(p, magicGraph)
	f = &graphFile{}
	for range p.count() {
		f.names = append(f.names, p.text())
	}
	f.types = readTypes(p, g)
	for range p.count() {
		f.files = append(f.files, fileRef{p.text(), int64(p.size())})
	}
	var sizes []int
	for range p.count() {
		f.boxes = append(f.boxes, storedBox{typ: p.index(len(f.types.entries))})
		sizes = append(sizes, p.size())
	}
	for range p.count() {
		u := storedUnit{kind: p.index(unitFile + 1), typ: p.index(len(f.types.entries)), n: p.size()}
		if u.kind == unitFile {
			u.file, u.at = p.index(len(f.files)), p.size()
		}
		sizes = append(sizes, p.size())
		f.units = append(f.units, u)
	}
	for range p.count() {
		f.roots = append(f.roots, storedRoot{p.text(), p.index(len(f.types.entries)), p.index(len(f.units) + 1)})
	}
	for i := range f.boxes {
		f.boxes[i].content = p.bytes(sizes[i])
	}
	for i := range f.units {
		f.units[i].content = p.bytes(sizes[len(f.boxes)+i])
	}
	p.end()
	return f, nil
}

// decoder makes values of a group's file.
type decoder struct {
	store *Store
	file  *graphFile
	maps  map[int]*mapping // by number in the file
	used  map[int][]span   // of each, in order
	queue []int
	limit int // boxes below this one may be referred to

	nesting int // boxes that are being read
	depth   int // of the boxes in the one that is being read
}

// decode reads the content of roots into memory of its own, and returns what then assigns it to the variables.
func (s *Store) decode(f *graphFile, roots []Variable) (commit func(), err error) {
	defer catch(&err)
	d := &decoder{store: s, file: f, maps: map[int]*mapping{}, used: map[int][]span{}, limit: len(f.boxes)}
	type assignment struct{ to, from reflect.Value }
	var assignments []assignment
	for _, v := range roots {
		root := f.root(v.Name)
		if root == nil {
			failf("damaged: the variable is not in its file")
		}
		to := reflect.ValueOf(v.Pointer).Elem()
		if stored := f.types.get(root.typ); stored != to.Type() {
			fail(&changedError{s.typeText(stored, to.Type())})
		}
		if root.unit == 0 {
			if to.Type().Size() > 0 {
				failf("damaged: the variable has no content")
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
func (s *Store) typeText(old, now reflect.Type) string {
	if typeName(old) == typeName(now) {
		return typeName(now)
	}
	return typeName(old) + " (now " + typeName(now) + ")"
}

func (f *graphFile) root(name string) *storedRoot {
	for i := range f.roots {
		if f.roots[i].name == name {
			return &f.roots[i]
		}
	}
	return nil
}

// forget makes the file ready for another decode.
func (f *graphFile) forget() {
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
	l, n := d.store.layouts.run(to.Type())
	if u.kind != unitMemory || u.reached || u.n != n || d.store.layouts.of(d.file.types.get(u.typ)) != l {
		failf("damaged: the content of a variable is not of its type")
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
	t := d.file.types.get(u.typ)
	switch u.kind {
	case unitMap:
		if t.Kind() != reflect.Map {
			failf("damaged: a map of type %s", t)
		}
		k, v := d.store.layouts.of(t.Key()), d.store.layouts.of(t.Elem())
		if k.size == 0 && u.n > 1 || k.size > 0 && u.n > len(u.content)/(k.least+v.least) {
			failf("damaged: a map of %d entries in %d bytes", u.n, len(u.content))
		}
		u.typed = t
		u.ptr = reflect.MakeMapWithSize(t, u.n).UnsafePointer()
		d.queue = append(d.queue, i)
	case unitMemory:
		u.l = d.store.layouts.of(t)
		if u.l.size == 0 || u.n < 1 || t.Kind() == reflect.Array || u.n > len(u.content)/max(1, u.l.least) {
			failf("damaged: %d values of %s in %d bytes", u.n, t, len(u.content))
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
		opened, err := d.store.mapFile(d.file.files[u.file])
		if err != nil {
			fail(err)
		}
		m = opened
		d.maps[u.file] = m
	}
	u.l = d.store.layouts.of(t)
	if !u.l.flat || u.n < 1 || u.n > len(m.data)/int(u.l.size) || u.at > len(m.data)-u.n*int(u.l.size) || u.at%t.Align() != 0 {
		failf("damaged: %d values of %s at %d in a file of %d bytes", u.n, t, u.at, len(m.data))
	}
	part := span{uintptr(u.at), uintptr(u.n) * u.l.size}
	used := d.used[u.file]
	i := sort.Search(len(used), func(i int) bool { return used[i].at+used[i].size > part.at })
	if i < len(used) && used[i].at < part.at+part.size {
		failf("damaged: two parts of a file overlap")
	}
	d.used[u.file] = slices.Insert(used, i, part)
	u.ptr = unsafe.Pointer(&m.data[u.at])
	for p := (&parser{data: u.content}); p.left() > 0; {
		at, n := p.size(), p.count()
		if uintptr(at) > part.size || uintptr(n) > part.size-uintptr(at) {
			failf("damaged: a change of %d bytes at %d of %d", n, at, part.size)
		}
		copy(m.data[u.at+at:], p.bytes(n))
	}
}

// fill reads the content of a unit.
func (d *decoder) fill(u *storedUnit) {
	p := &parser{data: u.content}
	if u.kind == unitMemory {
		d.elements(p, u.l, u.into, u.n)
		p.end()
		return
	}
	m := reflect.NewAt(u.typed, unsafe.Pointer(&u.ptr)).Elem()
	k, v := d.store.layouts.of(u.typed.Key()), d.store.layouts.of(u.typed.Elem())
	key, elem := reflect.New(u.typed.Key()), reflect.New(u.typed.Elem())
	for range u.n {
		key.Elem().SetZero() // nil is read by writing nothing
		elem.Elem().SetZero()
		d.elements(p, k, key.UnsafePointer(), 1)
		d.elements(p, v, elem.UnsafePointer(), 1)
		m.SetMapIndex(key.Elem(), elem.Elem())
	}
	p.end()
}

// elements reads n elements that lie in a row.
func (d *decoder) elements(p *parser, l *layout, to unsafe.Pointer, n int) {
	if l.plain {
		copy(unsafe.Slice((*byte)(to), uintptr(n)*l.size), p.bytes(n*int(l.size)))
		return
	}
	for i := range n {
		element := unsafe.Add(to, uintptr(i)*l.size)
		for _, s := range l.spans {
			copy(unsafe.Slice((*byte)(unsafe.Add(element, s.at)), s.size), p.bytes(int(s.size)))
		}
		for _, at := range l.bools {
			if b := (*byte)(unsafe.Add(element, at)); *b > 1 {
				failf("damaged: a boolean of %d", *b)
			}
		}
		for j := range l.refs {
			r := &l.refs[j]
			d.reference(p, r, unsafe.Add(element, r.at))
		}
	}
}
