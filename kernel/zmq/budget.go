package zmq

import "sync"

const (
	// freeBytes is what each message may hold without a charge, so that those who use up a budget keep no small one out.
	freeBytes = 64 << 10
	// strangersMax bounds what all connections together hold that have not shown the key. A client's first message may
	// be as large as any other, as long as no stranger uses this up.
	strangersMax = 64 << 20
	// clientsMax bounds what all connections together hold that have shown it.
	clientsMax = 256 << 20
)

// A budget is a number of bytes that connections share.
type budget struct {
	mu   sync.Mutex
	left int64
}

func (b *budget) draw(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > b.left {
		return false
	}
	b.left -= n
	return true
}

func (b *budget) giveBack(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += n
}

// A charge is what one message holds of a budget; of none where from is nil.
type charge struct {
	from         *budget
	bytes, drawn int64
}

// add charges n bytes that arrive; false when the budget is used up.
func (c *charge) add(n int64) bool {
	c.bytes += n
	over := c.bytes - freeBytes - c.drawn
	if c.from == nil || over <= 0 {
		return true
	}
	if !c.from.draw(over) {
		return false
	}
	c.drawn += over
	return true
}

// release ends the charge; it may be called again.
func (c *charge) release() {
	if c.drawn > 0 {
		c.from.giveBack(c.drawn)
		c.drawn = 0
	}
}
