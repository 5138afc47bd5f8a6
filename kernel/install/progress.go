package install

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// heartbeat is how often a step that goes on says so.
const heartbeat = 15 * time.Second

// progress writes whole lines, from several steps at once.
type progress struct {
	mu sync.Mutex
	w  io.Writer
}

func newProgress(w io.Writer) *progress {
	if w == nil {
		w = io.Discard
	}
	return &progress{w: w}
}

func (p *progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// during announces a step that takes time, repeats that it goes on, and says how long it took.
func (p *progress) during(title string, step func() error) error {
	start := time.Now()
	p.line("%s ...", title)
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		ticker := time.NewTicker(heartbeat)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.line("%s ... %d s", title, int(time.Since(start).Seconds()))
			}
		}
	})
	err := step()
	close(done)
	wait.Wait()
	if err == nil {
		p.line("%s: done in %.1f s", title, time.Since(start).Seconds())
	}
	return err
}
