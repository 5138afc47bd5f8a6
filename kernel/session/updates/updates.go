// Package updates limits how often the displays change.
package updates

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Limit sends of one display at most one update per interval, fewer where all displays together send too much, and always the
// last. It is the one place that does so, for magics, plugins and the engine alike.
type Limit struct {
	Interval time.Duration // the least time between two updates of one display
	failed   func(error)   // hears of an update that could not be sent after its interval

	mu     sync.Mutex
	recent map[string]*recent // displays that were updated less than an interval ago, by id
	count  int
}

// A Sender is what a display's updates are sent by: the cell that shows it.
type Sender interface {
	SendUpdate(data wire.DisplayData) error
	UpdateInterval() time.Duration // the least time between two updates of a display, where it is more than the limit's
	UpdateWait() time.Duration     // how long no update may be sent, since too much was; 0: one may
}

// recent is a display that was updated less than an interval ago.
type recent struct {
	number  int           // in the order of the first updates
	sending chan struct{} // holds a token while an update is sent, so that no older one follows it

	cell    Sender // of the newest update; guarded by Limit.mu, as what follows
	data    wire.DisplayData
	waiting bool // whether the newest update has not been sent
}

// New returns a limit; it calls failed from goroutines of its own.
func New(interval time.Duration, failed func(error)) *Limit {
	return &Limit{Interval: interval, failed: failed, recent: map[string]*recent{}}
}

// Put sends an update, now or when the display's interval is over.
func (u *Limit) Put(c Sender, data wire.DisplayData) error {
	id := data.Transient.DisplayID
	if id == "" {
		return c.SendUpdate(data)
	}
	u.mu.Lock()
	if r, ok := u.recent[id]; ok {
		r.cell, r.data, r.waiting = c, data, true
		u.mu.Unlock()
		return nil
	}
	u.count++
	r := &recent{number: u.count, cell: c, sending: make(chan struct{}, 1)}
	r.sending <- struct{}{}
	defer func() { <-r.sending }()
	u.recent[id] = r
	if wait := c.UpdateWait(); wait > 0 {
		r.data, r.waiting = data, true
		u.mu.Unlock()
		time.AfterFunc(wait, func() { u.due(id, r) })
		return nil
	}
	u.mu.Unlock()
	err := c.SendUpdate(data)
	time.AfterFunc(max(u.Interval, c.UpdateInterval()), func() { u.due(id, r) })
	return err
}

// due ends a display's interval.
func (u *Limit) due(id string, r *recent) {
	u.mu.Lock()
	c, waiting := r.cell, r.waiting
	u.mu.Unlock()
	if wait := c.UpdateWait(); waiting && wait > 0 {
		time.AfterFunc(wait, func() { u.due(id, r) })
		return
	}
	if u.send(r) {
		u.mu.Lock()
		interval := max(u.Interval, r.cell.UpdateInterval())
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
func (u *Limit) send(r *recent) bool {
	r.sending <- struct{}{}
	defer func() { <-r.sending }()
	u.mu.Lock()
	c, data, waiting := r.cell, r.data, r.waiting
	r.waiting, r.data = false, wire.DisplayData{}
	u.mu.Unlock()
	if !waiting {
		return false
	}
	if err := c.SendUpdate(data); err != nil {
		u.failed(err)
	}
	return true
}

// Flush sends the updates that wait, of the displays that which accepts, in the order in which they began to change. It returns when
// those that were being sent are sent too: a client that is behind can delay them. No sender's lock may be held.
func (u *Limit) Flush(which func(id string, c Sender) bool) {
	u.mu.Lock()
	var list []*recent
	for id, r := range u.recent {
		if which(id, r.cell) {
			list = append(list, r)
		}
	}
	u.mu.Unlock()
	slices.SortFunc(list, func(a, b *recent) int { return cmp.Compare(a.number, b.number) })
	for _, r := range list {
		u.send(r)
	}
}
