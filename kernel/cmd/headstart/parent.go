package main

import (
	"context"
	"os"
	"time"
)

// parentPoll is how often the kernel looks whether its parent still lives.
const parentPoll = time.Second

// withParent returns a context that ends with the process that started this one, where that was Jupyter: it says so by
// setting JPY_PARENT_PID. A front end that was killed cannot shut its kernels down.
func withParent(ctx context.Context, poll time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	if os.Getenv("JPY_PARENT_PID") == "" || parent == 1 {
		return ctx, cancel
	}
	go func() {
		ticker := time.NewTicker(poll)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if os.Getppid() != parent { // the orphan was given to another process
					cancel()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, cancel
}
