// Package rate limits how much a kernel sends per second.
//
// Jupyter's server drops the messages of a kernel that sends more than 1,000 a second, or more than 1 MB of text, in a window of
// three seconds: what a person would have seen is lost. A kernel that keeps below that can merge or delay instead.
package rate

import (
	"sync"
	"time"
)

// Kind is what a message carries.
type Kind int

// Kinds of messages. The server's limit of bytes is for text alone: an image is sent as a whole.
const (
	Text Kind = iota
	Rich
	kinds
)

// Bounds of a window. The server's are 3,000 messages and 3 MB of text; the rest is for what is no output: states, comms, replies.
// Rich has none there. Ours is so high that a gallery does not wait, and so low that a browser tab can be stopped.
const (
	Window      = 3 * time.Second
	MaxMessages = 2700
	MaxText     = 2_700_000
	MaxRich     = 30_000_000
)

const (
	slotTime = 100 * time.Millisecond
	slots    = int(Window/slotTime) + 1 // the window may begin within the first
)

// A Limit counts what was sent in the last window. Its zero value has sent nothing.
type Limit struct {
	mu    sync.Mutex
	start time.Time // slot number 0
	slots [slots]slot
	total slot
}

type slot struct {
	number   int64
	messages int
	bytes    [kinds]int
}

func mostOf(kind Kind) int {
	if kind == Text {
		return MaxText
	}
	return MaxRich
}

// Room returns how many bytes of a kind may be sent now. Where there is no room, wait is how long that lasts. A message of which the
// size is known too late, or which cannot be cut, may exceed the room: those after it wait the longer.
func (l *Limit) Room(now time.Time, kind Kind) (bytes int, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.advance(now)
	if l.total.hasRoom(kind) {
		return mostOf(kind) - l.total.bytes[kind], 0
	}
	total, n := l.total, at-int64(slots)+1 // without the slots before n
	for ; !total.hasRoom(kind); n++ {
		if s := l.slots[index(n)]; s.number == n {
			total.subtract(s)
		}
	}
	leaves := l.start.Add(time.Duration(n-1+int64(slots)) * slotTime) // when the slot before n is out of the window
	return 0, leaves.Sub(now)
}

func (s *slot) hasRoom(kind Kind) bool {
	return s.messages < MaxMessages && s.bytes[kind] < mostOf(kind)
}

// Count notes a message that was sent.
func (l *Limit) Count(now time.Time, kind Kind, bytes int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &l.slots[index(l.advance(now))]
	s.messages++
	s.bytes[kind] += bytes
	l.total.messages++
	l.total.bytes[kind] += bytes
}

// advance forgets what has left the window and returns the number of the slot of now. Called with mu held.
func (l *Limit) advance(now time.Time) int64 {
	if l.start.IsZero() {
		l.start = now
	}
	at := max(int64(now.Sub(l.start)/slotTime), 0)
	for i := range l.slots {
		if s := &l.slots[i]; s.number <= at-int64(slots) {
			l.total.subtract(*s)
			*s = slot{number: s.number}
		}
	}
	l.slots[index(at)].number = at
	return at
}

func (s *slot) subtract(other slot) {
	s.messages -= other.messages
	for kind := range other.bytes {
		s.bytes[kind] -= other.bytes[kind]
	}
}

func index(number int64) int { return int((number%int64(slots) + int64(slots)) % int64(slots)) }
