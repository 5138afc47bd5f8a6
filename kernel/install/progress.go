package install

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// A step says that it runs once it has taken announce, and again every heartbeat.
const (
	announce  = time.Second
	heartbeat = 15 * time.Second
)

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

// during runs a step, and where it takes long says so, and at its end how long it took.
func (p *progress) during(title string, step func() error) error {
	start := time.Now()
	done := make(chan struct{})
	announced := false
	var wait sync.WaitGroup
	wait.Go(func() {
		timer := time.NewTimer(announce)
		defer timer.Stop()
		for {
			select {
			case <-done:
				return
			case <-timer.C:
				if announced {
					p.line("%s ... %d s", title, int(time.Since(start).Seconds()))
				} else {
					p.line("%s ...", title)
				}
				announced = true
				timer.Reset(heartbeat)
			}
		}
	})
	err := step()
	close(done)
	wait.Wait()
	if err == nil && announced {
		p.line("%s: done in %.1f s", title, time.Since(start).Seconds())
	}
	return err
}
