package session

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// updates limits how often the displays change: of one display, at most one update per interval is sent, and always the
// last. It is the one place that does so, for magics, plugins and the engine alike.
type updates struct {
	interval time.Duration
	failed   func(error) // hears of an update that could not be sent after its interval

	mu     sync.Mutex
	recent map[string]*recent // displays that were updated less than an interval ago, by id
	count  int
}

// recent is a display that was updated less than an interval ago.
type recent struct {
	number  int        // in the order of the first updates
	sending sync.Mutex // held while an update is sent, so that no older one follows it

	cell    *cell // of the newest update; guarded by updates.mu, as what follows
	data    wire.DisplayData
	waiting bool // whether the newest update has not been sent
}

func newUpdates(interval time.Duration, failed func(error)) *updates {
	return &updates{interval: interval, failed: failed, recent: map[string]*recent{}}
}

// put sends an update, now or when the display's interval is over.
func (u *updates) put(c *cell, data wire.DisplayData) error {
	id := data.Transient.DisplayID
	if id == "" {
		return c.sendUpdate(data)
	}
	u.mu.Lock()
	if r, ok := u.recent[id]; ok {
		r.cell, r.data, r.waiting = c, data, true
		u.mu.Unlock()
		return nil
	}
	u.count++
	r := &recent{number: u.count, cell: c}
	r.sending.Lock()
	defer r.sending.Unlock()
	u.recent[id] = r
	u.mu.Unlock()
	err := c.sendUpdate(data)
	time.AfterFunc(max(u.interval, c.updateInterval), func() { u.due(id, r) })
	return err
}

// due ends a display's interval.
func (u *updates) due(id string, r *recent) {
	if u.send(r) {
		u.mu.Lock()
		interval := max(u.interval, r.cell.updateInterval)
		u.mu.Unlock()
		time.AfterFunc(interval, func() { u.due(id, r) })
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if !r.waiting {
		delete(u.recent, id)
		return
	}
	time.AfterFunc(0, func() { u.due(id, r) }) // it came between the two
}

// send sends the newest update of a display; false when it was sent already.
func (u *updates) send(r *recent) bool {
	r.sending.Lock()
	defer r.sending.Unlock()
	u.mu.Lock()
	c, data, waiting := r.cell, r.data, r.waiting
	r.waiting, r.data = false, wire.DisplayData{}
	u.mu.Unlock()
	if !waiting {
		return false
	}
	if err := c.sendUpdate(data); err != nil {
		u.failed(err)
	}
	return true
}

// flush sends the updates that wait, of the displays that which accepts, in the order in which they began to change.
func (u *updates) flush(which func(id string, c *cell) bool) {
	u.mu.Lock()
	var list []*recent
	for id, r := range u.recent {
		if r.waiting && which(id, r.cell) {
			list = append(list, r)
		}
	}
	u.mu.Unlock()
	slices.SortFunc(list, func(a, b *recent) int { return cmp.Compare(a.number, b.number) })
	for _, r := range list {
		u.send(r)
	}
}
