package imagefolder

import (
	"sync"

	room "github.com/headstart-nb/headstart/internal/memory"
)

// Images that are decoded take an eighth of the memory at most. Two of 12 megapixels are always decoded at once, also where they are
// decoded as a whole, at 8 bytes a pixel as PNGs: a phone's have 4032 x 3024 pixels, 12.2 million.
const (
	decodeShare  = 8
	leastDecoded = 26_000_000 * 8
)

// decodeBudget is how many bytes images take that are decoded at once over all workers, unless one image alone takes more, on a machine
// with /proc and /sys below root.
func decodeBudget(root string) int64 {
	return max(leastDecoded, room.ReadRoom(root).Total/decodeShare)
}

// A gate keeps several large images from being decoded at the same time, so that memory stays bounded however many
// processors there are.
type gate struct {
	mutex sync.Mutex
	moved *sync.Cond
	limit int64
	taken int64
}

func newGate() *gate {
	g := &gate{limit: decodeBudget("/")}
	g.moved = sync.NewCond(&g.mutex)
	return g
}

// Enter waits until so many bytes are left, or nothing else is being decoded. The caller calls the result when it is done. It has no error.
func (g *gate) Enter(bytes int64) (leave func(), err error) {
	g.mutex.Lock()
	for g.taken > 0 && g.taken+bytes > g.limit {
		g.moved.Wait()
	}
	g.taken += bytes
	g.mutex.Unlock()
	return func() {
		g.mutex.Lock()
		g.taken -= bytes
		g.mutex.Unlock()
		g.moved.Broadcast()
	}, nil
}
