package runs

import (
	"context"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// A liveFigure follows a run in all its places.
type liveFigure struct {
	*live.Figure
	drawn chan struct{} // closed when the figure has its last state
}

// Attach shows a run's figure on a screen, which then follows the run until it ends. drawn is closed when the figure has its last
// state. Whoever shows it first says with reported whether the cell of the run ends with its report.
func (p *Presenter) Attach(ctx context.Context, screen magics.Display, r *lab.Run, reported bool) (drawn <-chan struct{}, err error) {
	p.mu.Lock()
	f, ok := p.figures[r]
	if !ok {
		f = &liveFigure{Figure: live.New(drawing.RunForms(r.Stand, p.reader, reported), time.Now), drawn: make(chan struct{})}
		p.figures[r] = f
	}
	p.mu.Unlock()
	err = f.Attach(ctx, screen)
	if !ok {
		go func() {
			f.follow(r)
			p.mu.Lock()
			defer p.mu.Unlock()
			delete(p.figures, r)
		}()
	}
	return f.drawn, err
}

// follow updates the figure while the run lasts, in all its places, and once more when it has ended. A place that cannot be
// reached, since its cell or its kernel is gone, does not stop the training.
func (f *liveFigure) follow(r *lab.Run) {
	defer close(f.drawn)
	defer r.Watch(f.Change)()
	f.Change() // what came before the watch
	ticker := time.NewTicker(live.LightEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.Done():
			_ = f.Close(context.Background())
			return
		case <-ticker.C:
			_ = f.Update(context.Background())
		}
	}
}
