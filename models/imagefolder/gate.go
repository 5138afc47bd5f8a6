package imagefolder

import "sync"

// decodeBudget is how many pixels are decoded at once over all workers, unless one image alone has more.
const decodeBudget = 24_000_000

// A gate keeps several large images from being decoded at the same time, so that memory stays bounded however many
// processors there are.
type gate struct {
	mutex sync.Mutex
	moved *sync.Cond
	limit int64
	taken int64
}

func newGate(limit int64) *gate {
	g := &gate{limit: limit}
	g.moved = sync.NewCond(&g.mutex)
	return g
}

// enter waits until an image of so many pixels fits, or nothing else is being decoded. The caller calls the result when it is done.
func (g *gate) enter(pixels int64) (leave func()) {
	g.mutex.Lock()
	for g.taken > 0 && g.taken+pixels > g.limit {
		g.moved.Wait()
	}
	g.taken += pixels
	g.mutex.Unlock()
	return func() {
		g.mutex.Lock()
		g.taken -= pixels
		g.mutex.Unlock()
		g.moved.Broadcast()
	}
}
