package gonb

import (
	"io/fs"
	"path/filepath"
	"sync"
)

// standardLibrary knows the import paths of Go's own packages by their last element.
type standardLibrary struct {
	root string // GOROOT/src

	once  sync.Once
	paths map[string]string
}

// find returns the shortest import path that ends in name, as goimports would; empty where there is none.
func (s *standardLibrary) find(name string) string {
	s.once.Do(func() {
		s.paths = map[string]string{}
		_ = filepath.WalkDir(s.root, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return nil // what cannot be read is not offered
			}
			switch entry.Name() {
			case "internal", "vendor", "testdata", "cmd", "builtin":
				return filepath.SkipDir
			}
			rel, err := filepath.Rel(s.root, file)
			if err != nil {
				return nil
			}
			importPath, base := filepath.ToSlash(rel), entry.Name()
			if old, ok := s.paths[base]; !ok || len(importPath) < len(old) {
				s.paths[base] = importPath
			}
			return nil
		})
	})
	return s.paths[name]
}
