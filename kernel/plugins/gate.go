package plugins

import (
	"fmt"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/magics"
)

const (
	// gateInterval is how long text of a plugin may wait to be joined with more: a message for each line would flood the
	// notebook.
	gateInterval = 20 * time.Millisecond
	// gateChunk is how much text, in bytes, waits at most.
	gateChunk = 64 << 10
	// maxText bounds the text of one Run in bytes. A notebook with more cannot be opened any more.
	maxText = 16 << 20
)

// gate passes what a plugin writes on to the cell: joined, in order, bounded.
type gate struct {
	host magics.Host

	mu       sync.Mutex // held while passing on, so that the order is kept
	text     []byte
	isStderr bool
	timed    bool
	total    int
	full     bool
}

// write takes text; it blocks while the front end is slow, which in the end blocks the plugin.
func (g *gate) write(p []byte, isStderr bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full {
		return
	}
	if isStderr != g.isStderr {
		g.passText()
		g.isStderr = isStderr
	}
	if g.total+len(p) > maxText {
		p = p[:maxText-g.total]
		g.full = true
	}
	g.total += len(p)
	g.text = append(g.text, p...)
	switch {
	case g.full:
		g.passText()
		fmt.Fprintf(g.host.Stderr(), "\nThe output is longer than %d MiB: the rest is dropped. Send it to a file, as in > FILE.\n", maxText>>20)
	case len(g.text) >= gateChunk:
		g.passText()
	case !g.timed:
		g.timed = true
		time.AfterFunc(gateInterval, g.flush)
	}
}

// flush passes on all text, before something else is shown or the cell ends.
func (g *gate) flush() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.timed = false
	g.passText()
}

// passText needs mu. A cell that cannot be written to any more is no concern of the plugin.
func (g *gate) passText() {
	if len(g.text) == 0 {
		return
	}
	w := g.host.Stdout()
	if g.isStderr {
		w = g.host.Stderr()
	}
	_, _ = w.Write(g.text)
	g.text = g.text[:0]
}
