package inference

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/models/imageio"
)

// Images that are decoded take an eighth of the memory at most, however many processors there are, unless one alone takes more. Two
// PNGs of 12 megapixels are always decoded at once.
const (
	decodeShare  = 8
	leastDecoded = 26_000_000 * 8 // bytes
)

// A room is the memory for images that are decoded.
type room struct {
	bytes int64
	free  *semaphore.Weighted
}

func newRoom() *room { return roomOf(max(leastDecoded, memory.ReadRoom("/").Total/decodeShare)) }

func roomOf(bytes int64) *room { return &room{bytes, semaphore.NewWeighted(bytes)} }

// until is the room for a request, which waits no longer than its context.
func (r *room) until(ctx context.Context) imageio.Room { return waiting{ctx, r} }

type waiting struct {
	ctx  context.Context // imageio knows no contexts; it lives as long as the call
	room *room
}

// Enter takes all where an image needs more than there is: it is decoded alone.
func (w waiting) Enter(bytes int64) (leave func(), err error) {
	bytes = min(bytes, w.room.bytes)
	if err := w.room.free.Acquire(w.ctx, bytes); err != nil {
		return nil, &waitError{err}
	}
	return func() { w.room.free.Release(bytes) }, nil
}

// A waitError is a request that ended before there was memory for its image.
type waitError struct{ err error }

func (e *waitError) Error() string { return "wait for memory to decode the image: " + e.err.Error() }

// Unwrap is why it ended.
func (e *waitError) Unwrap() error { return e.err }
