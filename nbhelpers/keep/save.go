package keep

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep/graph"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

// Save keeps the values of variables, and those of the variables that share memory with them. It writes what has changed
// since Load. After a panic of the program it keeps what was assigned before.
func (s *Store) Save(variables ...Variable) (losses []Loss) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	variables, losses = checked(append(slices.Clone(variables), s.companions...))
	changed, lost, more := s.encodeAll(variables)
	losses = append(losses, more...)
	if len(changed) == 0 && len(lost) == 0 {
		return losses
	}
	more, err := s.commit(changed, lost)
	losses = append(losses, more...)
	if err != nil {
		losses = append(losses, Loss{Reason: fmt.Sprintf("keep values in %s: %v; what was kept before stays", s.dir, err)})
	}
	return losses
}

// changedGroup is a group that has to be written.
type changedGroup struct {
	*graph.Encoded
	variables []Variable
}

// encodeAll encodes variables and picks out those that have changed, and those that cannot be kept.
func (s *Store) encodeAll(variables []Variable) (changed []changedGroup, lost []string, losses []Loss) {
	var err error
	defer func() {
		if err != nil {
			losses = append(losses, lossOfAll(err)...)
		}
	}()
	defer pack.Catch(&err)
	for _, v := range variables {
		s.program.Know(reflect.TypeOf(v.Pointer).Elem())
	}
	variables = slices.DeleteFunc(variables, func(v Variable) bool {
		initial, unread := s.unread[v.Name]
		return unread && initial != nil && bytes.Equal(initial, s.program.Alone(v, s.options.Quota))
	})
	sc, losses := s.keepable(variables)
	for _, l := range losses {
		lost = append(lost, l.Name)
	}
	for _, group := range sc.Groups() {
		var members []Variable
		for _, i := range group {
			members = append(members, sc.Variables[i])
		}
		e, err := sc.Encode(group, s.options.Quota)
		if err != nil {
			for _, v := range members {
				losses = append(losses, Loss{Name: v.Name, Path: v.Name, Reason: err.Error()})
				lost = append(lost, v.Name)
			}
			continue
		}
		if !s.isLoaded(names(members), e.Graph) {
			changed = append(changed, changedGroup{e, members})
		}
	}
	return changed, lost, losses
}

func (s *Store) isLoaded(names []string, graph []byte) bool {
	return slices.ContainsFunc(s.loaded, func(g loadedGroup) bool {
		return slices.Equal(g.names, names) && bytes.Equal(g.graph, graph)
	})
}

// keepable scans those variables of which all parts can be kept, and the program's other variables that share memory with
// them.
func (s *Store) keepable(variables []Variable) (*graph.Scan, []Loss) {
	var losses []Loss
	for {
		sc := s.program.Scan(variables)
		if !sc.Kept() {
			bad := s.program.Obstacles(variables)
			if len(bad) == 0 { // only together: they see one piece of memory as two types
				bad = sc.LossesOfSets()
			}
			losses = append(losses, bad...)
			variables = slices.DeleteFunc(slices.Clone(variables), func(v Variable) bool {
				return slices.ContainsFunc(bad, func(l Loss) bool { return l.Name == v.Name })
			})
			continue
		}
		var more []Variable
		for _, v := range s.options.Variables {
			t, err := v.Valid()
			known := slices.ContainsFunc(variables, func(w Variable) bool { return w.Name == v.Name }) ||
				slices.ContainsFunc(losses, func(l Loss) bool { return l.Name == v.Name })
			if err == nil && !known && sc.Overlapped(reflect.ValueOf(v.Pointer).UnsafePointer(), t.Size()) {
				more = append(more, v)
			}
		}
		if len(more) == 0 {
			return sc, losses
		}
		variables = sortedByName(append(slices.Clone(variables), more...))
	}
}

// commit writes groups and then the manifest. Variables that could not be kept are removed, so that no old value stands for
// them.
func (s *Store) commit(changed []changedGroup, lost []string) (losses []Loss, err error) {
	unlock, err := s.lock(true)
	if err != nil {
		return nil, err
	}
	defer unlock()
	m, err := s.readManifest()
	if err != nil {
		losses = append(losses, Loss{Reason: err.Error() + "; the values in it are lost"})
		m = &manifest{epoch: s.epoch}
	}
	if s.opened && m.epoch != s.epoch {
		return losses, errors.New("kept values were removed while this program ran")
	}
	s.epoch, s.opened = m.epoch, true
	for _, g := range changed {
		lost = append(lost, names(g.variables)...)
	}
	had := len(m.entries)
	m.remove(lost)
	s.loaded = slices.DeleteFunc(s.loaded, func(g loadedGroup) bool {
		return slices.ContainsFunc(g.names, func(name string) bool { return slices.Contains(lost, name) })
	})
	if len(changed) == 0 && len(m.entries) == had {
		return losses, nil // nothing was kept of what cannot be kept
	}
	now := time.Now()
	for _, g := range changed {
		if err := s.writeGroup(m, g, now); err != nil {
			for _, v := range g.variables {
				losses = append(losses, Loss{Name: v.Name, Path: v.Name, Reason: err.Error()})
			}
			m.remove(names(g.variables))
			continue
		}
		s.loaded = append(s.loaded, loadedGroup{names(g.variables), g.Graph})
		for _, v := range g.variables {
			delete(s.unread, v.Name)
		}
	}
	if err := s.writeManifest(m); err != nil {
		s.loaded = nil // nothing of this was kept
		return losses, err
	}
	return losses, s.collect(m)
}

// writeGroup writes the files of a group and adds it to the manifest.
func (s *Store) writeGroup(m *manifest, g changedGroup, now time.Time) error {
	stored := storedGroup{size: int64(len(g.Graph) + pack.ChecksumBytes), files: g.Files}
	if !s.options.allFiles && m.hasRoom(g.Graph) {
		stored.small = g.Graph
	} else {
		stored.graph = mapped.NewName()
	}
	m.groups = append(m.groups, stored)
	for _, v := range g.variables {
		m.entries = append(m.entries, storedEntry{Entry{
			Name: v.Name, Type: v.Type, Text: graph.Short(reflect.ValueOf(v.Pointer).Elem(), graph.MaxText), When: now,
			Types: g.Types, Funcs: g.Funcs,
		}, len(m.groups) - 1})
	}
	if need := m.bytes(); need > s.options.Quota {
		return &pack.QuotaError{Need: need, Quota: s.options.Quota}
	}
	if g.Pending != nil {
		if err := s.writeFlat(g.Pending); err != nil {
			return err
		}
	}
	if stored.graph == "" {
		return nil
	}
	return s.create(stored.graph+graphEnding, func(file *os.File) error {
		_, err := file.Write(binary.LittleEndian.AppendUint32(slices.Clone(g.Graph), pack.Checksum(g.Graph)))
		return err
	})
}
