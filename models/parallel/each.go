// Package parallel divides many small pieces of work among goroutines.
package parallel

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// interval is how often progress is reported: often enough for a bar that moves.
const interval = 200 * time.Millisecond

// Each calls do for 0 to total-1, in as many goroutines as there are workers. It tells how many are done a few times a second
// and at the end, from the caller's own goroutine. A worker whose piece fails takes no other; the errors are joined. Once ctx
// ends no piece is begun.
func Each(ctx context.Context, workers, total int, progress func(done int), do func(i int) error) error {
	var next, done atomic.Int64
	var working sync.WaitGroup
	failed := make([]error, workers)
	for w := range workers {
		working.Go(func() {
			for ctx.Err() == nil && failed[w] == nil {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				failed[w] = do(i)
				done.Add(1)
			}
		})
	}
	finished := make(chan struct{})
	go func() { working.Wait(); close(finished) }()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case <-finished:
			running = false
		case <-ticker.C:
		}
		progress(int(done.Load()))
	}
	return errors.Join(append(failed, ctx.Err())...)
}
