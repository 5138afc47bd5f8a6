package session

import (
	"context"
	"time"

	"github.com/headstart-nb/headstart/kernel/session/rate"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// kindOf says which bound of the rate a message counts for.
func kindOf(msgType string) rate.Kind {
	if msgType == "stream" {
		return rate.Text
	}
	return rate.Rich
}

func (s *Session) roomWait(kind rate.Kind) time.Duration {
	_, wait := s.rate.Room(time.Now(), kind)
	return wait
}

// pace delays an output that is not text until the rate allows another, which slows its program down. It cannot be merged with the
// next, as text can, and to leave it out would lose an image.
func (c *cell) pace(ctx context.Context) {
	for {
		wait := c.session.roomWait(rate.Rich)
		if wait <= 0 || ctx.Err() != nil {
			return
		}
		pause(ctx, wait)
	}
}

// pause waits, or returns when ctx ends.
func pause(ctx context.Context, wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// sendHeld sends what waits as far as the rate allows. Called with mu held.
func (c *cell) sendHeld() error {
	for !c.held.Empty() {
		room, wait := c.session.rate.Room(time.Now(), rate.Text)
		name, text := c.held.Next(room)
		if text == "" {
			c.flushIn(max(wait, c.session.patience.stream))
			return nil
		}
		if err := c.publish("stream", wire.Stream{Name: name, Text: text}); err != nil {
			return err
		}
	}
	return nil
}

// flushAll sends all text before something that must not overtake it, or the cell's end. It waits for one window of the rate at most,
// within which what one cell may show has room; what has none goes to the file, as what is left when ctx ends. Called with mu held,
// which it gives up while it waits.
func (c *cell) flushAll(ctx context.Context) error {
	err := c.flush(true)
	for end := time.Now().Add(rate.Window + time.Second); err == nil && !c.held.Empty() && ctx.Err() == nil && time.Now().Before(end); {
		c.mu.Unlock()
		pause(ctx, max(c.session.roomWait(rate.Text), c.session.patience.stream))
		c.mu.Lock()
		err = c.flush(true)
	}
	if !c.held.Empty() {
		c.more.TooFast(c.held.Rest())
	}
	if err == nil && c.ended {
		err = ErrCellEnded
	}
	return err
}
