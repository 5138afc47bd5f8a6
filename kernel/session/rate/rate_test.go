package rate_test

import (
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/session/rate"
)

// A clock that tests move.
type clock struct{ time.Time }

func newClock() *clock { return &clock{time.Unix(1_000_000, 0)} }

func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

// send sends messages of a size for as long as the limit allows, and returns how many in a span of time.
func send(l *rate.Limit, c *clock, kind rate.Kind, size int, span time.Duration) (sent int) {
	for end := c.Add(span); c.Before(end); {
		room, wait := l.Room(c.Time, kind)
		if room == 0 {
			c.pass(wait)
			continue
		}
		l.Count(c.Time, kind, size)
		sent++
		c.pass(10 * time.Microsecond)
	}
	return sent
}

func TestAWindowHoldsSoManyMessages(t *testing.T) {
	var l rate.Limit
	c := newClock()
	if sent := send(&l, c, rate.Text, 1, rate.Window); sent != rate.MaxMessages {
		t.Errorf("%d messages in the first window, want %d", sent, rate.MaxMessages)
	}
	// However a window of the server lies, it holds no more than the bound: one message a time, ten windows long.
	var times []time.Time
	for end := c.Add(10 * rate.Window); c.Before(end); {
		room, wait := l.Room(c.Time, rate.Text)
		if room == 0 {
			c.pass(wait)
			continue
		}
		l.Count(c.Time, rate.Text, 1)
		times = append(times, c.Time)
		c.pass(100 * time.Microsecond)
	}
	if len(times) < 8*rate.MaxMessages {
		t.Errorf("%d messages in ten windows, want nearly %d: the limit does not free what was sent", len(times), 10*rate.MaxMessages)
	}
	for i := range times {
		if j := i + rate.MaxMessages; j < len(times) && times[j].Sub(times[i]) < rate.Window {
			t.Fatalf("%d messages within %v", rate.MaxMessages+1, times[j].Sub(times[i]))
		}
	}
}

func TestTextHasABoundInBytesAndImagesAnother(t *testing.T) {
	var l rate.Limit
	c := newClock()
	l.Count(c.Time, rate.Text, rate.MaxText-10)
	if room, _ := l.Room(c.Time, rate.Text); room != 10 {
		t.Errorf("room for %d bytes of text, want 10", room)
	}
	l.Count(c.Time, rate.Text, 10)
	room, wait := l.Room(c.Time, rate.Text)
	if room != 0 || wait <= 0 || wait > rate.Window+200*time.Millisecond {
		t.Errorf("room %d, wait %v", room, wait)
	}
	if room, _ := l.Room(c.Time, rate.Rich); room != rate.MaxRich {
		t.Errorf("text takes the room of images: %d", room)
	}
	c.pass(wait)
	if room, _ := l.Room(c.Time, rate.Text); room != rate.MaxText {
		t.Errorf("after the wait there is room for %d", room)
	}
}

// What cannot be cut is sent as a whole, and what follows waits.
func TestAMessageLargerThanAWindowIsSent(t *testing.T) {
	var l rate.Limit
	c := newClock()
	if room, _ := l.Room(c.Time, rate.Rich); room == 0 {
		t.Fatal("nothing may be sent at the start")
	}
	l.Count(c.Time, rate.Rich, 5*rate.MaxRich)
	if room, wait := l.Room(c.Time, rate.Rich); room != 0 || wait <= 0 {
		t.Errorf("room %d, wait %v", room, wait)
	}
	c.pass(time.Hour)
	if room, _ := l.Room(c.Time, rate.Rich); room != rate.MaxRich {
		t.Errorf("an hour later there is room for %d", room)
	}
}
