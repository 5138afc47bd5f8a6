package keep

import (
	"errors"
	"io/fs"
	"runtime/debug"
	"slices"

	"github.com/headstart-nb/headstart/nbhelpers/keep/graph"
	"github.com/headstart-nb/headstart/nbhelpers/keep/typetable"
)

// Load sets variables to what was kept under their names, and leaves alone those of which nothing was. It reads the
// groups of these variables only.
func (s *Store) Load(variables ...Variable) (losses []Loss) {
	// A file that shrinks while it is mapped is a fault of memory.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	variables, losses = checked(variables)
	for _, list := range [][]Variable{variables, s.options.Variables} {
		for _, v := range list {
			if t, err := v.Valid(); err == nil {
				s.program.Know(t)
			}
		}
	}
	unlock, err := s.lock(false)
	if errors.Is(err, fs.ErrNotExist) {
		return losses // nothing was kept; Save reports a folder that does not exist
	}
	if err != nil {
		return append(losses, lossOfAll(err)...)
	}
	defer unlock()
	m, err := s.readManifest()
	if err != nil {
		return append(losses, lossOfAll(err)...)
	}
	s.epoch, s.opened = m.epoch, true
	for g := range m.groups {
		var members []storedEntry
		wanted := false
		for _, e := range m.entries {
			if e.group == g {
				members = append(members, e)
				wanted = wanted || slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == e.Name })
			}
		}
		if wanted {
			losses = append(losses, s.loadGroup(&m.groups[g], members, variables)...)
		}
	}
	return losses
}

func checked(variables []Variable) (good []Variable, losses []Loss) {
	for _, v := range sortedByName(variables) {
		if _, err := v.Valid(); err != nil {
			losses = append(losses, Loss{Name: v.Name, Path: v.Name, Reason: err.Error()})
			continue
		}
		good = append(good, v)
	}
	return good, losses
}

// loadGroup sets the variables of a group, those included that were not asked for but share memory with one that was.
func (s *Store) loadGroup(g *storedGroup, members []storedEntry, wanted []Variable) (losses []Loss) {
	lose := func(name string, err error) {
		_, changed := err.(*typetable.ChangedError) // never wrapped, see leave
		losses = append(losses, Loss{Name: name, Path: name, Reason: err.Error(), Changed: changed})
	}
	data, err := g.small, error(nil)
	if g.graph != "" {
		data, err = s.read(g.graph+graphEnding, g.size)
	}
	var file *graph.File
	if err == nil {
		file, err = s.program.Parse(data)
	}
	var group []Variable
	for _, e := range members {
		if err != nil {
			lose(e.Name, err)
			continue
		}
		v, err := s.member(e, file, wanted)
		if err != nil {
			lose(e.Name, err)
			continue
		}
		group = append(group, v)
	}
	if len(group) == 0 {
		return losses
	}
	group, commit := s.decodeGroup(file, group, lose)
	commit()
	for _, v := range group {
		if !slices.ContainsFunc(wanted, func(w Variable) bool { return w.Name == v.Name }) {
			s.companions = slices.DeleteFunc(s.companions, func(c Variable) bool { return c.Name == v.Name })
			s.companions = append(s.companions, v)
		}
	}
	if len(group) == len(members) { // all of them
		s.loaded = append(s.loaded, loadedGroup{names(group), data})
		return losses
	}
	for _, v := range group { // their groups in this program are others than in the file
		if graph := s.program.Alone(v, s.options.Quota); graph != nil {
			s.loaded = append(s.loaded, loadedGroup{[]string{v.Name}, graph})
		}
	}
	return losses
}

// decodeGroup decodes those variables of a group that can be decoded.
func (s *Store) decodeGroup(file *graph.File, group []Variable, lose func(string, error)) (good []Variable, commit func()) {
	commit, err := s.program.Decode(file, group)
	if err == nil {
		return group, commit
	}
	for _, v := range group {
		file.Forget()
		if _, err := s.program.Decode(file, []Variable{v}); err != nil {
			lose(v.Name, err)
			s.leave(v, err)
			continue
		}
		good = append(good, v)
	}
	file.Forget()
	if commit, err = s.program.Decode(file, good); err != nil {
		for _, v := range good {
			lose(v.Name, err)
		}
		return nil, func() {}
	}
	return good, commit
}

// member returns the variable of the program for an entry, or memory for one that the program does not declare.
func (s *Store) member(e storedEntry, file *graph.File, wanted []Variable) (v Variable, err error) {
	for _, list := range [][]Variable{wanted, s.options.Variables} {
		for _, v := range list {
			if _, err := v.Valid(); v.Name == e.Name && err == nil {
				return v, nil
			}
		}
	}
	pointer, err := file.Variable(e.Name)
	return Variable{Name: e.Name, Type: e.Type, Pointer: pointer}, err
}

// leave remembers a variable whose kept value another program can load: Save leaves that alone unless the program has
// assigned to the variable.
func (s *Store) leave(v Variable, err error) {
	if _, ok := err.(*typetable.UnknownError); ok { // never wrapped; errors.As would link another package reflect
		s.unread[v.Name] = s.program.Alone(v, s.options.Quota)
	}
}

func names(variables []Variable) []string {
	list := make([]string, len(variables))
	for i, v := range variables {
		list[i] = v.Name
	}
	slices.Sort(list)
	return list
}
