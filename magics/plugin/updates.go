package plugin

import (
	"sync"
	"time"

	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// backgroundInterval is the least time between two rounds of updates: the eye sees no more.
const backgroundInterval = 50 * time.Millisecond

// updates passes on new states of displays, of each only the newest, a limited number of times a second: a plugin that
// updates in a tight loop, or a kernel that does not read, costs no memory.
type updates struct {
	interval time.Duration
	pass     func(id string, b *magicpb.Bundle) // called from one goroutine at a time

	mu      sync.Mutex // guards what follows
	pending map[string]*magicpb.Bundle
	order   []string
	timed   bool // a round is coming
	closed  bool

	passing sync.Mutex // held during a round
}

func newUpdates(interval time.Duration, pass func(string, *magicpb.Bundle)) *updates {
	return &updates{interval: interval, pass: pass, pending: map[string]*magicpb.Bundle{}}
}

// put notes the newest state of a display; false means that nothing is passed on any more.
func (u *updates) put(id string, b *magicpb.Bundle) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	if _, ok := u.pending[id]; !ok {
		u.order = append(u.order, id)
	}
	u.pending[id] = b
	if !u.timed {
		u.timed = true
		time.AfterFunc(u.interval, u.flush)
	}
	return true
}

// flush passes on what is pending, now.
func (u *updates) flush() {
	u.passing.Lock()
	defer u.passing.Unlock()
	u.mu.Lock()
	pending, order := u.pending, u.order
	u.pending, u.order, u.timed = map[string]*magicpb.Bundle{}, nil, false
	u.mu.Unlock()
	for _, id := range order {
		u.pass(id, pending[id])
	}
}

// close passes nothing on any more, and waits for a round that is under way.
func (u *updates) close() {
	u.mu.Lock()
	u.closed, u.pending, u.order = true, map[string]*magicpb.Bundle{}, nil
	u.mu.Unlock()
	u.passing.Lock()
	defer u.passing.Unlock()
}
