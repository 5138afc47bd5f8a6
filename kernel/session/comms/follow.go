package comms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Watcher tells news until the context ends; see magics.Watcher.
type Watcher func(ctx context.Context, tell func(json.RawMessage) error) error

// A Teller passes on what watchers tell.
type Teller struct {
	Send  func(ctx context.Context, comm string, data json.RawMessage) error
	Begin time.Duration // before the first news: the request that began the watch ends first
	Pause time.Duration // the least time between two news of one watch

	told atomic.Int64
}

// Told is how many news of magics were passed on.
func (t *Teller) Told() int64 { return t.told.Load() }

// news is the data of a message about what is watched: one of News and Ended.
type news struct {
	Magic string          `json:"magic"`
	News  json.RawMessage `json:"news,omitempty"`
	Ended string          `json:"ended,omitempty"`
}

// Follow passes on the news about a subject until the watch ends, and says why where its front end did not want that.
func (t *Teller) Follow(ctx context.Context, comm, subject string, work Watcher) error {
	select {
	case <-time.After(t.Begin):
	case <-ctx.Done():
	}
	send := func(n news) error {
		n.Magic = subject
		data, err := wire.Marshal(n)
		if err != nil {
			return err
		}
		return t.Send(ctx, comm, data)
	}
	var last time.Time
	err := guarded(ctx, subject, work, func(told json.RawMessage) error {
		select { // what tells more often waits here
		case <-time.After(time.Until(last.Add(t.Pause))):
		case <-ctx.Done():
			return ctx.Err()
		}
		last = time.Now()
		if subject != UsageSubject {
			t.told.Add(1)
		}
		return send(news{News: told})
	})
	switch {
	case errors.Is(context.Cause(ctx), ErrLease):
		err = ErrLease
	case ctx.Err() != nil: // nobody wants it anymore, or the session ends
		return nil
	case err == nil:
		err = errors.New("there is nothing more to tell")
	}
	return send(news{Ended: err.Error()})
}

func guarded(ctx context.Context, subject string, work Watcher, tell func(json.RawMessage) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("watch %%%s: the magic panicked, which is a bug in it: panic: %v", subject, cause)
		}
	}()
	return work(ctx, tell)
}
