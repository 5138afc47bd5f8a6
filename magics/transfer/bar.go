package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

const (
	// barDelay keeps work that ends at once from flashing a bar.
	barDelay = 500 * time.Millisecond
	// redrawEvery is how often at most a live figure is drawn again: the drawing takes a core that the training wants.
	redrawEvery = 500 * time.Millisecond
)

// A bar shows how far one piece of work has come, in place, in the cell that waits for it.
type bar struct {
	ctx         context.Context // of the work
	screen      magics.Display
	label, unit string

	mu      sync.Mutex
	started time.Time
	drawn   time.Time
	id      display.ID
	shown   bool
	last    figure.ProgressData
}

func newBar(ctx context.Context, screen magics.Display, label, unit string) *bar {
	return &bar{ctx: context.WithoutCancel(ctx), screen: screen, label: label, unit: unit, started: time.Now()}
}

// report tells how much is done; total is 0 while nobody knows it. Drawing errors are left to the output that follows.
func (b *bar) report(done, total int, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	elapsed := now.Sub(b.started)
	b.last = figure.ProgressData{Label: b.label, Done: done, Total: total, Unit: b.unit}
	if what != "" {
		b.last.Label = what
	}
	if done > 0 {
		b.last.Rate = float64(done) / elapsed.Seconds()
		if total > done {
			b.last.Left = time.Duration(float64(total-done) / b.last.Rate * float64(time.Second))
		}
	}
	if elapsed < barDelay || now.Sub(b.drawn) < redrawEvery {
		return
	}
	b.drawn = now
	b.draw()
}

func (b *bar) draw() {
	bundle := figure.Progress(b.last)
	if !b.shown {
		id, err := b.screen.Show(b.ctx, bundle)
		b.id, b.shown = id, err == nil
		return
	}
	_ = b.screen.Update(b.ctx, b.id, bundle)
}

// end leaves the bar as it stands when the work is over, complete where it was shown.
func (b *bar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown {
		b.last.Left = 0
		b.draw()
	}
}
