// Package comms knows the open comms of a session, and what is watched for each.
package comms

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"
)

// Bounds of what clients may open. A client that opens more has its new comms closed.
const (
	maxOpen    = 10_000
	maxWatches = 256
)

// Lease is how long a watch lasts unless the front end asks for it again. A page that was closed says nothing.
const Lease = 10 * time.Minute

// Comms is safe for concurrent use. Its zero value has none.
type Comms struct {
	mu      sync.Mutex
	open    map[string]string // targets by id
	watches map[watch]*running
	latest  map[watch]int64 // the latest message about it that had an effect
}

// A watch is what one comm is told about.
type watch struct{ comm, subject string }

type running struct{ end context.CancelCauseFunc }

// Add notes an open comm; false where there are too many.
func (c *Comms) Add(id, target string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= maxOpen {
		return false
	}
	if c.open == nil {
		c.open = map[string]string{}
	}
	c.open[id] = target
	return true
}

// Remove forgets a comm, and ends what is watched for it.
func (c *Comms) Remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
	for w, r := range c.watches {
		if w.comm == id {
			r.end(errUnwatched)
			delete(c.watches, w)
		}
	}
	maps.DeleteFunc(c.latest, func(w watch, _ int64) bool { return w.comm == id })
}

// Target is the target of an open comm.
func (c *Comms) Target(id string) (target string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	target, ok = c.open[id]
	return target, ok
}

// All are the targets of the open comms by their ids.
func (c *Comms) All() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.open)
}

var (
	errUnwatched = errors.New("nobody watches anymore")

	// ErrLease is the cause that ends a watch which was not asked for again.
	ErrLease = errors.New("the watch was not renewed")
)

// ErrOvertaken marks a message that came before another about the same, which was handled first.
var ErrOvertaken = errors.New("a later message was handled before")

// newest reports whether message number arrival is the latest about a watch. The caller holds the lock.
func (c *Comms) newest(w watch, arrival int64) bool {
	if arrival < c.latest[w] {
		return false
	}
	if c.latest == nil {
		c.latest = map[watch]int64{}
	}
	c.latest[w] = arrival
	return true
}

// Watch begins to watch a subject for an open comm, in the place of an earlier watch of the same. The context ends with the comm, with
// Unwatch, or after the lease; done is to be called at the end of the work. Messages are handled beside each other: arrival is the number
// of the one that asks, and one that was overtaken has no effect.
func (c *Comms) Watch(ctx context.Context, arrival int64, comm, subject string) (watching context.Context, done func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.open[comm]; !ok {
		return nil, nil, fmt.Errorf("watch %s: the comm was closed", subject)
	}
	w := watch{comm, subject}
	if !c.newest(w, arrival) {
		return nil, nil, ErrOvertaken
	}
	if earlier := c.watches[w]; earlier != nil {
		earlier.end(errUnwatched)
	} else if len(c.watches) >= maxWatches {
		return nil, nil, fmt.Errorf("watch %s: %d are watched already; close a page of this kernel, and try again", subject, maxWatches)
	}
	ctx, end := context.WithCancelCause(ctx)
	ctx, stop := context.WithTimeoutCause(ctx, Lease, ErrLease)
	r := &running{end}
	if c.watches == nil {
		c.watches = map[watch]*running{}
	}
	c.watches[w] = r
	return ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		stop()
		end(nil)
		if c.watches[w] == r {
			delete(c.watches, w)
		}
	}, nil
}

// Unwatch ends a watch.
func (c *Comms) Unwatch(arrival int64, comm, subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := watch{comm, subject}
	if _, ok := c.open[comm]; !ok || !c.newest(w, arrival) {
		return
	}
	if r := c.watches[w]; r != nil {
		r.end(errUnwatched)
		delete(c.watches, w)
	}
}
