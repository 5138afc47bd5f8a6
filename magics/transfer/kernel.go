package transfer

import (
	"context"
	"slices"
)

// Busy reports whether a training goes on that does not end with its kernel.
func (l *Lab) Busy() bool {
	return slices.ContainsFunc(l.running(), func(r *run) bool { return !r.tied })
}

// Attached serves the Go cells of a kernel that has come, on the socket of its runtime folder, instead of those of the
// kernel before. What was tied to that one ends; its best model is kept.
func (l *Lab) Attached(runtimeDir string) {
	l.arriving.Lock()
	defer l.arriving.Unlock()
	if l.endService != nil {
		l.endService()
		for _, r := range l.running() {
			if r.tied {
				r.stopSoft()
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	l.endService = func() {
		cancel()
		<-done // the socket's path may be the same again
	}
	go func() {
		defer close(done)
		if err := l.Serve(ctx, runtimeDir); err != nil {
			l.log.Error("Go cells cannot reach the warm models", "error", err)
		}
	}()
}

// running lists the trainings that have not ended.
func (l *Lab) running() []*run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.runs), func(r *run) bool { return !r.running() })
}
