//go:build pins

package nbhelpers

// These packages are for cells to import. No program is built with the tag pins, but `go mod tidy` reads this file, so
// that go.mod and go.sum name every module that they need. The module of the cells begins with both: a cell that imports
// one of them needs no checksum database, and no network where the modules are in Go's module cache.
import (
	_ "github.com/janpfeifer/gonb/cache"
	_ "github.com/janpfeifer/gonb/gonbui"
	_ "github.com/janpfeifer/gonb/gonbui/comms"
	_ "github.com/janpfeifer/gonb/gonbui/dom"
	_ "github.com/janpfeifer/gonb/gonbui/plotly"
	_ "github.com/janpfeifer/gonb/gonbui/widgets"
	_ "github.com/spf13/cobra/doc"
)
