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

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
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
	files []mapped.Ref
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
		total += f.Size
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
	defer pack.Catch(&err)
	return parseManifest(data), nil
}

func parseManifest(data []byte) *manifest {
	p := &pack.Parser{Data: data}
	pack.Begin(p, magicManifest)
	m := &manifest{epoch: p.Number()}
	for range p.Count() {
		g := storedGroup{graph: p.Text(), size: int64(p.Size())}
		if g.graph == "" {
			g.small = p.Bytes(p.Count())
		}
		for range p.Count() {
			g.files = append(g.files, mapped.Ref{Name: p.Text(), Size: int64(p.Size())})
		}
		m.groups = append(m.groups, g)
	}
	for range p.Count() {
		e := storedEntry{group: p.Index(len(m.groups))}
		e.Name, e.Type, e.Text = p.Text(), p.Text(), p.Text()
		e.When = time.Unix(0, int64(p.Number()))
		for range p.Count() {
			e.Types = append(e.Types, p.Text())
		}
		for range p.Count() {
			e.Funcs = append(e.Funcs, p.Text())
		}
		m.entries = append(m.entries, e)
	}
	p.End()
	return m
}

func (m *manifest) append() []byte {
	var b pack.Buffer
	b.Bytes([]byte(magicManifest))
	b.Text(pack.Platform())
	b.Number(m.epoch)
	b.Count(len(m.groups))
	for _, g := range m.groups {
		b.Text(g.graph)
		b.Number(uint64(g.size))
		if g.graph == "" {
			b.Count(len(g.small))
			b.Bytes(g.small)
		}
		b.Count(len(g.files))
		for _, f := range g.files {
			b.Text(f.Name)
			b.Number(uint64(f.Size))
		}
	}
	b.Count(len(m.entries))
	for _, e := range m.entries {
		b.Count(e.group)
		b.Text(e.Name)
		b.Text(e.Type)
		b.Text(e.Text)
		b.Number(uint64(e.When.UnixNano()))
		for _, list := range [][]string{e.Types, e.Funcs} {
			b.Count(len(list))
			for _, text := range list {
				b.Text(text)
			}
		}
	}
	return binary.LittleEndian.AppendUint32(b.Data, pack.Checksum(b.Data))
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
			if !seen[f.Name] {
				seen[f.Name] = true
				total += f.Size
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
			names[f.Name+mapped.FlatEnding] = true
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
		g := m.groups[e.group]
		e.Small = g.graph == "" && len(g.files) == 0 && len(e.Shared) == 0
		list = append(list, e.Entry)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
