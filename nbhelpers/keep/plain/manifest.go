package plain

import (
	"runtime"
	"syscall"
)

const (
	magicManifest = "headstart kept variables 2\n"
	maxManifest   = 64 << 20  // bytes
	smallBytes    = 2 << 10   // up to which a group stands in the manifest
	maxSmall      = 256 << 10 // for all of them together
	graphEnding   = ".graph"
	flatEnding    = ".flat"
)

// A manifest lists the files and variables of a store: see package keep.
type manifest struct {
	epoch   uint64
	groups  []group
	entries []entry
}

type group struct {
	graph string // the name of its file; empty where it has none
	size  int64
	files []fileRef
	small []byte // its graph, where it has no file
}

type fileRef struct {
	name string
	size int64
}

// An entry is a variable. What is not needed of it stays as it is.
type entry struct {
	name, typ string
	rest      []byte
	group     int
}

type errorText string

func (e errorText) Error() string { return string(e) }

func (g group) bytes() int64 {
	total := g.size
	for _, f := range g.files {
		total += f.size
	}
	return total
}

// bytes is what all files take. Groups may have mapped files in common.
func (m *manifest) bytes() (total int64) {
	seen := map[string]bool{}
	for _, g := range m.groups {
		total += g.size
		for _, f := range g.files {
			if !seen[f.name] {
				seen[f.name] = true
				total += f.size
			}
		}
	}
	return total
}

func (m *manifest) hasRoom(graph []byte) bool {
	total := len(graph)
	for _, g := range m.groups {
		total += len(g.small)
	}
	return len(graph) <= smallBytes && total <= maxSmall
}

func (m *manifest) entry(name string) *entry {
	for i := range m.entries {
		if m.entries[i].name == name {
			return &m.entries[i]
		}
	}
	return nil
}

// remove takes variables out, and groups that are left without any.
func (m *manifest) remove(names []string) {
	gone := map[string]bool{}
	for _, name := range names {
		gone[name] = true
	}
	to := map[int]int{}
	var groups []group
	var entries []entry
	for _, e := range m.entries {
		if gone[e.name] {
			continue
		}
		at, ok := to[e.group]
		if !ok {
			at = len(groups)
			to[e.group] = at
			groups = append(groups, m.groups[e.group])
		}
		e.group = at
		entries = append(entries, e)
	}
	m.groups, m.entries = groups, entries
}

// readManifest returns an empty manifest where nothing was kept yet.
func readManifest(dir string) (*manifest, error) {
	data, err := readFile(dir+"/manifest", maxManifest)
	if isMissing(err) {
		return &manifest{}, nil
	}
	if err != nil {
		return nil, errorText("read " + dir + "/manifest: " + err.Error())
	}
	m, ok := parse(data)
	if !ok {
		return nil, errorText("read " + dir + "/manifest: damaged, or written by another version")
	}
	return m, nil
}

func parse(data []byte) (m *manifest, ok bool) {
	end := len(data) - checksumBytes
	if end < len(magicManifest) || string(data[:len(magicManifest)]) != magicManifest || string(withChecksum(data[:end:end])) != string(data) {
		return nil, false
	}
	r := &reader{data: data[:end], at: len(magicManifest)}
	if r.text() != platform() {
		return nil, false
	}
	m = &manifest{epoch: r.number()}
	for range r.count() {
		g := group{graph: r.text(), size: int64(r.number())}
		if g.graph == "" {
			g.small = []byte(r.text())
		}
		for range r.count() {
			g.files = append(g.files, fileRef{r.text(), int64(r.number())})
		}
		m.groups = append(m.groups, g)
	}
	for range r.count() {
		group := int(r.number())
		e := entry{group: group, name: r.text(), typ: r.text()}
		from := r.at
		r.text()   // the value
		r.number() // the time
		for range 2 {
			for range r.count() {
				r.text()
			}
		}
		if r.bad || group < 0 || group >= len(m.groups) {
			return nil, false
		}
		e.rest = r.data[from:r.at]
		m.entries = append(m.entries, e)
	}
	return m, !r.bad && r.at == len(r.data)
}

// describe is what an entry says of a variable besides its name and type: the value, the time, no types, no functions.
func describe(v Variable) []byte {
	return number(number(number(text(nil, short(v.Pointer)), now()), 0), 0)
}

func (m *manifest) encode() []byte {
	b := number(text([]byte(magicManifest), platform()), m.epoch)
	b = number(b, uint64(len(m.groups)))
	for _, g := range m.groups {
		b = number(text(b, g.graph), uint64(g.size))
		if g.graph == "" {
			b = text(b, string(g.small))
		}
		b = number(b, uint64(len(g.files)))
		for _, f := range g.files {
			b = number(text(b, f.name), uint64(f.size))
		}
	}
	b = number(b, uint64(len(m.entries)))
	for _, e := range m.entries {
		b = text(text(number(b, uint64(e.group)), e.name), e.typ)
		b = append(b, e.rest...)
	}
	return withChecksum(b)
}

// write makes a state of the store visible as a whole.
func (m *manifest) write(dir string) error {
	if err := create(dir+"/manifest.tmp", m.encode()); err != nil {
		return err
	}
	return syscall.Rename(dir+"/manifest.tmp", dir+"/manifest")
}

// platform is what the layout of values in memory depends on, besides their types.
func platform() string {
	if bigEndian() {
		return runtime.GOARCH + "/be"
	}
	return runtime.GOARCH + "/le"
}

func number(b []byte, n uint64) []byte {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func text(b []byte, s string) []byte { return append(number(b, uint64(len(s))), s...) }

// A reader reads what number and text wrote. It is bad once something did not fit.
type reader struct {
	data []byte
	at   int
	bad  bool
}

func (r *reader) number() (n uint64) {
	for shift := 0; shift < 64 && !r.bad && r.at < len(r.data); shift += 7 {
		c := r.data[r.at]
		r.at++
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	r.bad = true
	return 0
}

// count is a number of things that follow, of at least one byte each.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.data)-r.at) {
		r.bad = true
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	r.at += n
	return string(r.data[r.at-n : r.at])
}
