package output

import (
	"context"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// barDelay keeps work that ends at once from flashing a bar.
const barDelay = 500 * time.Millisecond

// A Bar shows how far one piece of work has come, in place, in the cell that waits for it.
type Bar struct {
	ctx         context.Context // of the work, without its end: the last state is shown when it was canceled
	screen      magics.Display
	label, unit string
	started     time.Time

	mu     sync.Mutex
	figure *live.Figure
	shown  bool
	last   figure.ProgressData
	read   func() memory.Room // reads the memory that is left
	looked time.Time          // when it was read
	room   memory.Room        // as it was when the least was left
}

// memoryEvery is the shortest time between two looks at the memory that is left.
const memoryEvery = time.Second

// Bar begins a bar on the page; it is drawn once the work has lasted a while.
func (p Page) Bar(ctx context.Context, label, unit string) *Bar {
	b := &Bar{ctx: context.WithoutCancel(ctx), screen: p, label: label, unit: unit, started: time.Now()}
	b.read = func() memory.Room { return memory.ReadRoom("/") }
	// Called with the lock held.
	b.figure = live.New(live.Forms{Light: func() display.Bundle { return figure.Progress(b.last, advice.Memory(b.room)...) }}, time.Now)
	return b
}

// Report tells how much is done; total is 0 while it is unknown. Drawing errors are left to the output that follows.
func (b *Bar) Report(done, total int, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	elapsed := time.Since(b.started)
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
	if time.Since(b.looked) >= memoryEvery {
		b.looked = time.Now()
		b.room = memory.Scarcest(b.room, b.read())
	}
	switch {
	case elapsed < barDelay:
	case !b.shown:
		b.shown = b.figure.Attach(b.ctx, b.screen) == nil
	default:
		b.figure.Change()
		_ = b.figure.Update(b.ctx)
	}
}

// End turns the bar into a line that says what was done, where it was shown.
func (b *Bar) End() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last.Left, b.last.Took = 0, time.Since(b.started)
	_ = b.figure.Close(b.ctx)
}
