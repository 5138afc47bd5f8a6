package keep

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The manifest:
//
//	magic, platform, epoch
//	groups: file, its bytes, mapped files with their bytes; a small group has no file, and its graph stands here
//	variables: group, and an Entry without Bytes and Shared
//	CRC-32C of all before it
const magicManifest = "headstart kept variables 2\n"

const maxManifest = 64 << 20 // bytes

// manifest lists the files and variables of a store.
type manifest struct {
	epoch   uint64 // changes with each Reset
	groups  []storedGroup
	entries []storedEntry
}

type storedGroup struct {
	graph string // the name of its file; empty where it has none
	size  int64
	files []fileRef
	small []byte // its graph, where it has no file
}

const (
	// smallBytes is up to which size a graph stands in the manifest. A file of its own costs about 0.1 ms at each Save.
	smallBytes = 2 << 10
	// maxSmall bounds all of them together, since every program reads the manifest, and every Save writes it.
	maxSmall = 256 << 10
)

// hasRoom tells whether another graph may stand in the manifest.
func (m *manifest) hasRoom(graph []byte) bool {
	total := len(graph)
	for _, g := range m.groups {
		total += len(g.small)
	}
	return len(graph) <= smallBytes && total <= maxSmall
}

type storedEntry struct {
	Entry
	group int
}

func (g *storedGroup) bytes() int64 {
	total := g.size
	for _, f := range g.files {
		total += f.size
	}
	return total
}

// readManifest returns an empty manifest where there is none yet.
func (s *Store) readManifest() (m *manifest, err error) {
	data, err := s.read(manifestName, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return &manifest{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("read %s: %w", filepath.Join(s.dir, manifestName), err)
		}
	}()
	defer catch(&err)
	return parseManifest(data), nil
}

// begin checks the first part of a file.
func begin(p *parser, magic string) {
	if p.left() < len(magic) || string(p.bytes(len(magic))) != magic {
		failf("it was written by another version")
	}
	if got := p.text(); got != platform() {
		failf("it was written on %.20q, this is %s", got, platform())
	}
}

func parseManifest(data []byte) *manifest {
	p := &parser{data: data}
	begin(p, magicManifest)
	m := &manifest{epoch: p.number()}
	for range p.count() {
		g := storedGroup{graph: p.text(), size: int64(p.size())}
		if g.graph == "" {
			g.small = p.bytes(p.count())
		}
		for range p.count() {
			g.files = append(g.files, fileRef{p.text(), int64(p.size())})
		}
		m.groups = append(m.groups, g)
	}
	for range p.count() {
		e := storedEntry{group: p.index(len(m.groups))}
		e.Name, e.Type, e.Text = p.text(), p.text(), p.text()
		e.When = time.Unix(0, int64(p.number()))
		for range p.count() {
			e.Types = append(e.Types, p.text())
		}
		for range p.count() {
			e.Funcs = append(e.Funcs, p.text())
		}
		m.entries = append(m.entries, e)
	}
	p.end()
	return m
}

func (m *manifest) append() []byte {
	var b buffer
	b.bytes([]byte(magicManifest))
	b.text(platform())
	b.number(m.epoch)
	b.count(len(m.groups))
	for _, g := range m.groups {
		b.text(g.graph)
		b.number(uint64(g.size))
		if g.graph == "" {
			b.count(len(g.small))
			b.bytes(g.small)
		}
		b.count(len(g.files))
		for _, f := range g.files {
			b.text(f.name)
			b.number(uint64(f.size))
		}
	}
	b.count(len(m.entries))
	for _, e := range m.entries {
		b.count(e.group)
		b.text(e.Name)
		b.text(e.Type)
		b.text(e.Text)
		b.number(uint64(e.When.UnixNano()))
		for _, list := range [][]string{e.Types, e.Funcs} {
			b.count(len(list))
			for _, text := range list {
				b.text(text)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b.data, checksum(b.data))
}

// writeManifest makes a state of the store visible as a whole.
func (s *Store) writeManifest(m *manifest) error {
	data := m.append()
	err := s.create(tempName, func(file *os.File) error {
		_, err := file.Write(data)
		return err
	})
	if err != nil {
		return err
	}
	err = os.Rename(filepath.Join(s.dir, tempName), filepath.Join(s.dir, manifestName))
	if err == nil && s.durable {
		err = s.syncFolder()
	}
	return err
}

// remove takes variables out, and groups that are left without any.
func (m *manifest) remove(names []string) {
	m.entries = slices.DeleteFunc(m.entries, func(e storedEntry) bool { return slices.Contains(names, e.Name) })
	to := make([]int, len(m.groups))
	for i := range to {
		to[i] = -1
	}
	var groups []storedGroup
	for i := range m.entries {
		e := &m.entries[i]
		if to[e.group] < 0 {
			to[e.group] = len(groups)
			groups = append(groups, m.groups[e.group])
		}
		e.group = to[e.group]
	}
	m.groups = groups
}

// bytes is what all files take. Groups may have mapped files in common.
func (m *manifest) bytes() int64 {
	total := int64(0)
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

// files are the names of all files.
func (m *manifest) files() map[string]bool {
	names := map[string]bool{}
	for _, g := range m.groups {
		if g.graph != "" {
			names[g.graph+graphEnding] = true
		}
		for _, f := range g.files {
			names[f.name+flatEnding] = true
		}
	}
	return names
}

func (m *manifest) list() []Entry {
	list := make([]Entry, 0, len(m.entries))
	for _, e := range m.entries {
		e.Bytes = m.groups[e.group].bytes()
		for _, other := range m.entries {
			if other.group == e.group && other.Name != e.Name {
				e.Shared = append(e.Shared, other.Name)
			}
		}
		slices.Sort(e.Shared)
		list = append(list, e.Entry)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
