// Package live updates an output in place while the work that it shows goes on.
//
// An output has light forms, which cost next to nothing to make (its text, the payload that the notebook extension draws),
// and full forms, whose rendering takes a processor core that the work needs (PNG) or makes every page lay out a chart
// again (Vega-Lite). A Figure sends the light forms at a pace that a reader can follow, and renders the full forms every
// few seconds and at the end. In between it repeats the full forms that it rendered last, so that a page which shows
// those keeps its image.
//
// It links the standard library only, since every Go cell that shows a live output links it.
package live

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

const (
	// LightEvery is the shortest time between two updates.
	LightEvery = 500 * time.Millisecond
	// FullEvery is the shortest time between two renderings of the full forms, before the last.
	FullEvery = 3 * time.Second
)

// Forms makes the representations of an output as it stands. The functions are never called at the same time.
type Forms struct {
	// Light makes the text and the extension's payload.
	Light func() display.Bundle
	// Full makes every form, those of Light included. last says that no later one follows. It is nil for an output that
	// has light forms only.
	Full func(last bool) display.Bundle
}

// Figure is an output that follows some work, in one or more places. Its methods may be called from several goroutines.
type Figure struct {
	forms Forms
	now   func() time.Time

	changed atomic.Bool

	drawing sync.Mutex // held while forms are made and sent; taken before mu
	kept    display.Bundle
	light   time.Time // of the last update; zero before the first
	full    time.Time // of the last full forms

	mu     sync.Mutex
	places []place
	closed bool
}

// A Screen is where a figure is shown. The context ends the wait for whoever shows it.
type Screen interface {
	Show(context.Context, display.Bundle) (display.ID, error)
	Update(context.Context, display.ID, display.Bundle) error
}

type place struct {
	screen Screen
	id     display.ID
}

// New makes a figure that stands nowhere yet. The clock is time.Now, or a test's.
func New(forms Forms, now func() time.Time) *Figure { return &Figure{forms: forms, now: now} }

// Attach shows the figure in one more place, in every form, and keeps it up to date there.
func (f *Figure) Attach(ctx context.Context, screen Screen) error {
	f.drawing.Lock()
	defer f.drawing.Unlock()
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	bundle := f.bundle(true, closed)
	id, err := screen.Show(ctx, bundle)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places = append(f.places, place{screen, id})
	return nil
}

// Change says that the output is out of date. It returns at once and may be called while the work's own locks are held.
func (f *Figure) Change() { f.changed.Store(true) }

// Update shows the figure as it stands, where it has changed and the last update is long enough ago. Places that cannot be
// reached any more, such as a cell of a kernel that is gone, are forgotten; the error is theirs.
func (f *Figure) Update(ctx context.Context) error {
	f.drawing.Lock()
	defer f.drawing.Unlock()
	f.mu.Lock()
	idle := f.closed || len(f.places) == 0
	f.mu.Unlock()
	now := f.now()
	if idle || now.Sub(f.light) < LightEvery || !f.changed.Load() && !f.stale(now) {
		return nil
	}
	return f.send(ctx, f.bundle(false, false))
}

// Close shows the final state in every form. A later Attach shows that state; a later Update does nothing.
func (f *Figure) Close(ctx context.Context) error {
	f.drawing.Lock()
	defer f.drawing.Unlock()
	f.mu.Lock()
	closed, places := f.closed, len(f.places)
	f.closed = true
	f.mu.Unlock()
	if closed || places == 0 {
		return nil
	}
	return f.send(ctx, f.bundle(true, true))
}

// stale says whether the full forms show less than the light ones do and may be rendered again.
func (f *Figure) stale(now time.Time) bool {
	return f.forms.Full != nil && f.full.Before(f.light) && now.Sub(f.full) >= FullEvery
}

// bundle makes the forms that are due.
func (f *Figure) bundle(force, last bool) display.Bundle {
	f.changed.Store(false)
	now := f.now()
	f.light = now
	if f.forms.Full == nil {
		return f.forms.Light()
	}
	if force || now.Sub(f.full) >= FullEvery {
		f.kept, f.full = f.forms.Full(last), now
		return f.kept
	}
	light := f.forms.Light()
	return display.Bundle{Data: over(f.kept.Data, light.Data), Metadata: over(f.kept.Metadata, light.Metadata)}
}

// over is below with the entries of above in place of its own.
func over(below, above map[string]any) map[string]any {
	merged := maps.Clone(below)
	if merged == nil {
		return maps.Clone(above)
	}
	maps.Copy(merged, above)
	return merged
}

func (f *Figure) send(ctx context.Context, bundle display.Bundle) error {
	f.mu.Lock()
	places := slices.Clone(f.places)
	f.mu.Unlock()
	var failed []place
	var errs []error
	for _, p := range places {
		if err := p.screen.Update(ctx, p.id, bundle); err != nil {
			failed, errs = append(failed, p), append(errs, err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places = slices.DeleteFunc(f.places, func(p place) bool { return slices.Contains(failed, p) })
	return errors.Join(errs...)
}
