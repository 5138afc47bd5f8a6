package keep

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

// Copy copies kept variables, and those that share memory with them, to a store that outlives this one. It needs no types.
// What it returns without an error stays there after a power failure as well. Names that are not kept are an error.
func (s *Store) Copy(to *Store, names ...string) error {
	fromUnlock, err := s.lock(false)
	if err != nil {
		return fmt.Errorf("copy kept values: %w", err)
	}
	defer fromUnlock()
	from, err := s.readManifest()
	if err != nil {
		return fmt.Errorf("copy kept values: %w", err)
	}
	groups := map[int]bool{}
	for _, name := range names {
		i := slices.IndexFunc(from.entries, func(e storedEntry) bool { return e.Name == name })
		if i < 0 {
			return fmt.Errorf("copy kept values: there is no kept variable %s", name)
		}
		groups[from.entries[i].group] = true
	}
	to.durable = true
	defer func() { to.durable = false }()
	return to.change("copy", func(m *manifest) error {
		for g := range from.groups {
			if groups[g] {
				if err := s.copyGroup(to, from, m, g); err != nil {
					return err
				}
			}
		}
		if need := m.bytes(); need > to.options.Quota {
			return &pack.QuotaError{Need: need, Quota: to.options.Quota}
		}
		return nil
	})
}

func (s *Store) copyGroup(to *Store, from, m *manifest, g int) error {
	group := from.groups[g]
	var members []storedEntry
	for _, e := range from.entries {
		if e.group == g {
			members = append(members, e)
			m.remove([]string{e.Name})
		}
	}
	there := m.files()
	var files []string
	if group.graph != "" {
		files = append(files, group.graph+graphEnding)
	}
	for _, f := range group.files {
		files = append(files, f.Name+mapped.FlatEnding)
	}
	for _, name := range files {
		if !there[name] { // files never change, and no two have one name
			if err := s.copyFile(to, name); err != nil {
				return err
			}
		}
	}
	m.groups = append(m.groups, group)
	for _, e := range members {
		e.group = len(m.groups) - 1
		m.entries = append(m.entries, e)
	}
	return nil
}

func (s *Store) copyFile(to *Store, name string) error {
	source, _, err := s.open(name)
	if err != nil {
		return err
	}
	defer source.Close() // only read
	return to.create(name, func(file *os.File) error {
		_, err := io.Copy(file, source)
		return err
	})
}

// syncFolder makes a rename last through a power failure.
func (s *Store) syncFolder() error {
	folder, err := syscall.Open(s.dir, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("sync %s: %w", s.dir, err)
	}
	return errors.Join(syscall.Fsync(folder), syscall.Close(folder))
}
