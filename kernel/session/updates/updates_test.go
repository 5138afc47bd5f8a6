package updates

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// cell keeps what it is told to send.
type cell struct {
	mu   sync.Mutex
	sent []string
	err  error

	closed time.Time     // until when it may send nothing
	behind time.Duration // how long its client delays an update
}

func (c *cell) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent)
}

func (c *cell) UpdateInterval() time.Duration { return 0 }

func (c *cell) UpdateWait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Until(c.closed)
}

func (c *cell) SendUpdate(data wire.DisplayData) error {
	time.Sleep(c.behind)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, fmt.Sprint(data.Transient.DisplayID, "=", data.Data["n"]))
	return c.err
}

func update(id string, n int) wire.DisplayData {
	d := wire.DisplayData{Data: map[string]any{"n": n}}
	d.Transient.DisplayID = id
	return d
}

// Within an interval the first update of each display is sent, and at a flush the last, in the order of the displays.
func TestFlush(t *testing.T) {
	l, first, second := New(time.Hour, func(error) {}), &cell{}, &cell{}
	for n := range 5 {
		for _, id := range []string{"b", "a"} {
			if err := l.Put(first, update(id, n)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Put(second, update("c", n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Put(first, update("", 9)); err != nil { // a display without a name cannot be held back
		t.Fatal(err)
	}
	l.Flush(func(_ string, of Sender) bool { return of == first })
	if want := []string{"b=0", "a=0", "=9", "b=4", "a=4"}; !slices.Equal(first.sent, want) {
		t.Errorf("%q, want %q", first.sent, want)
	}
	if want := []string{"c=0"}; !slices.Equal(second.sent, want) {
		t.Errorf("the other cell sent %q", second.sent)
	}
	l.Flush(func(string, Sender) bool { return true })
	if want := []string{"c=0", "c=4"}; !slices.Equal(second.sent, want) || len(first.sent) != 5 {
		t.Errorf("%q, %q", second.sent, first.sent)
	}
}

// What cannot be sent after the interval is told, since nobody waits for it.
func TestFailedUpdate(t *testing.T) {
	failed := make(chan error, 1)
	l, c := New(time.Millisecond, func(err error) { failed <- err }), &cell{err: errors.New("no transport")}
	if err := l.Put(c, update("a", 1)); !errors.Is(err, c.err) {
		t.Errorf("the first: %v", err)
	}
	if err := l.Put(c, update("a", 2)); err != nil && !errors.Is(err, c.err) {
		t.Errorf("the second: %v", err)
	} else if err == nil {
		if err := <-failed; !errors.Is(err, c.err) {
			t.Errorf("failed: %v", err)
		}
	}
}

// While too much is sent, only the newest update of each display waits.
func TestUpdatesWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := New(50*time.Millisecond, func(err error) { t.Error(err) }), &cell{closed: time.Now().Add(time.Second)}
		for n := range 100 {
			for _, id := range []string{"a", "b"} {
				if err := l.Put(c, update(id, n)); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if sent := c.all(); len(sent) != 0 {
			t.Errorf("sent before the time: %q", sent)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		sent := c.all()
		slices.Sort(sent)
		if want := []string{"a=99", "b=99"}; !slices.Equal(sent, want) {
			t.Errorf("%q, want %q", sent, want)
		}
	})
}

// Before a flush returns, what was being sent is sent too: nothing may follow a cell's idle, and nothing older a new display.
func TestFlushWaitsForWhatIsBeingSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, c := New(50*time.Millisecond, func(err error) { t.Error(err) }), &cell{}
		if err := l.Put(c, update("a", 1)); err != nil {
			t.Fatal(err)
		}
		c.behind = 20 * time.Millisecond
		if err := l.Put(c, update("a", 2)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(60 * time.Millisecond) // the interval has ended, and the second update waits for the client
		l.Flush(func(id string, of Sender) bool { return id == "a" && of == c })
		if sent, want := c.all(), []string{"a=1", "a=2"}; !slices.Equal(sent, want) {
			t.Errorf("%q, want %q", sent, want)
		}
	})
}
