// Package headstart carries the module's source that Go cells import, for an installation without a checkout.
package headstart

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

// The folders of nbhelpers are named one by one: its labextension is no package for cells, and on a developer's machine it
// holds node_modules.
//
//go:embed go.mod go.sum
//go:embed nbhelpers/*.go nbhelpers/display nbhelpers/figure nbhelpers/keep nbhelpers/live nbhelpers/result nbhelpers/sketch nbhelpers/warm models
//go:embed magics/*.go magics/magictest magics/plugin internal
var embedded embed.FS

// Source returns the embedded files without tests, as slash-separated paths from the module's root.
func Source() fs.FS { return sources{embedded} }

// sources hides tests and their data.
type sources struct{ embed.FS }

func hidden(name string) bool {
	return strings.HasSuffix(name, "_test.go") || name == "testdata"
}

// ReadDir implements fs.ReadDirFS.
func (s sources) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := s.FS.ReadDir(name)
	kept := entries[:0]
	for _, entry := range entries {
		if !hidden(path.Base(entry.Name())) {
			kept = append(kept, entry)
		}
	}
	return kept, err
}
