// Package room bounds the memory of all images that are decoded at the same time.
package room

import (
	"context"

	"golang.org/x/sync/semaphore"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/models/imageio"
)

// Images that are decoded take an eighth of the memory at most. Two of 12 megapixels are always decoded at once, also where they are
// decoded as a whole, at 8 bytes a pixel as PNGs: a phone's have 4032 x 3024 pixels, 12.2 million.
const (
	share = 8
	least = 26_000_000 * 8
)

// budget is how many bytes images take that are decoded at once over all workers, unless one image alone takes more, on a machine
// with /proc and /sys below root.
func budget(root string) int64 { return max(least, memory.ReadRoom(root).Total/share) }

// A Shared keeps several large images from being decoded at the same time, so that memory stays bounded however many processors
// there are. It is an imageio.Room.
type Shared struct {
	bytes int64
	free  *semaphore.Weighted
}

// New is the part of this machine's memory, or of the container's, that images may take.
func New() *Shared { return Of(budget("/")) }

// Of is a number of bytes.
func Of(bytes int64) *Shared { return &Shared{bytes, semaphore.NewWeighted(bytes)} }

// Enter waits as long as it takes. It has no error.
func (s *Shared) Enter(bytes int64) (leave func(), err error) {
	return s.enter(context.Background(), bytes)
}

// Until is the room for somebody who waits no longer than a context: the error of Enter is a WaitError then.
func (s *Shared) Until(ctx context.Context) imageio.Room { return waiting{ctx, s} }

type waiting struct {
	ctx  context.Context // imageio knows no contexts; it lives as long as the call
	room *Shared
}

func (w waiting) Enter(bytes int64) (leave func(), err error) { return w.room.enter(w.ctx, bytes) }

// enter takes all where an image needs more than that: it is decoded alone.
func (s *Shared) enter(ctx context.Context, bytes int64) (leave func(), err error) {
	bytes = min(bytes, s.bytes)
	if err := s.free.Acquire(ctx, bytes); err != nil {
		return nil, &WaitError{err}
	}
	return func() { s.free.Release(bytes) }, nil
}

// A WaitError is a wait that ended before there was memory for an image.
type WaitError struct{ err error }

func (e *WaitError) Error() string { return "wait for memory to decode the image: " + e.err.Error() }

// Unwrap is why it ended.
func (e *WaitError) Unwrap() error { return e.err }
