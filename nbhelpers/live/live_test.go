package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

const payload = display.MIMEPrefix + "thing" + display.MIMESuffix

// screen keeps what it is shown.
type screen struct {
	bundles []display.Bundle
	gone    bool
}

func (s *screen) Show(_ context.Context, b display.Bundle) (display.ID, error) {
	s.bundles = append(s.bundles, b)
	return "id", nil
}

func (s *screen) Update(_ context.Context, _ display.ID, b display.Bundle) error {
	if s.gone {
		return errors.New("the cell is gone")
	}
	s.bundles = append(s.bundles, b)
	return nil
}

func (s *screen) last() display.Bundle { return s.bundles[len(s.bundles)-1] }

// work is what a figure follows: a count. Its PNG says which rendering it is.
type work struct {
	clock           time.Time
	done            int
	light, full     int
	last            bool
	fullTakesLonger time.Duration
}

func (w *work) now() time.Time { return w.clock }

func (w *work) figure() *Figure {
	return New(Forms{
		Light: func() display.Bundle {
			w.light++
			return display.Bundle{Data: map[string]any{display.MIMEText: fmt.Sprint("done ", w.done), payload: w.done}}
		},
		Full: func(last bool) display.Bundle {
			w.full++
			w.last = last
			w.clock = w.clock.Add(w.fullTakesLonger)
			return display.Bundle{
				Data:     map[string]any{display.MIMEText: fmt.Sprint("done ", w.done), payload: w.done, display.MIMEPNG: fmt.Sprint("image of ", w.done)},
				Metadata: map[string]any{display.MIMEPNG: map[string]any{"width": w.done}},
			}
		},
	}, w.now)
}

func TestPace(t *testing.T) {
	w := &work{clock: time.Unix(1000, 0)}
	f, s := w.figure(), &screen{}
	if err := f.Attach(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	for range 1000 { // 10 s of a fast loop
		w.clock, w.done = w.clock.Add(10*time.Millisecond), w.done+1
		f.Change()
		if err := f.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.bundles); n != 21 { // the first, and one each half second
		t.Errorf("%d updates in 10 s, want 21", n)
	}
	if w.full != 4 { // at 0, 3, 6 and 9 s
		t.Errorf("the full forms were rendered %d times in 10 s, want 4", w.full)
	}
	b := s.last()
	if b.Data[payload] != 1000 || b.Data[display.MIMEText] != "done 1000" {
		t.Errorf("the light forms are %v", b.Data)
	}
	if b.Data[display.MIMEPNG] != "image of 900" || fmt.Sprint(b.Metadata[display.MIMEPNG]) != "map[width:900]" {
		t.Errorf("a page without the extension has %v, %v", b.Data[display.MIMEPNG], b.Metadata)
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := s.last(); b.Data[display.MIMEPNG] != "image of 1000" || !w.last {
		t.Errorf("the end shows %v", b.Data)
	}
	shown := len(s.bundles)
	f.Change()
	w.clock = w.clock.Add(time.Hour)
	if err := errors.Join(f.Update(t.Context()), f.Close(t.Context())); err != nil || len(s.bundles) != shown {
		t.Errorf("a closed figure was updated: %v", err)
	}
}

func TestNothingIsSentWithoutAChange(t *testing.T) {
	w := &work{clock: time.Unix(1000, 0)}
	f, s := w.figure(), &screen{}
	if err := f.Attach(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.clock, w.done = w.clock.Add(time.Second), 7
	f.Change()
	for range 100 { // the work stands still for 100 s
		if err := f.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.clock = w.clock.Add(time.Second)
	}
	// The first, the change, and the image of the change once that may be rendered.
	if len(s.bundles) != 3 || w.full != 2 || s.last().Data[display.MIMEPNG] != "image of 7" {
		t.Errorf("%d updates, %d renderings, the last is %v", len(s.bundles), w.full, s.last().Data)
	}
}

// TestSlowRendering: an image that takes long to render is not rendered more often than its pace allows.
func TestSlowRendering(t *testing.T) {
	w := &work{clock: time.Unix(1000, 0), fullTakesLonger: 2 * time.Second}
	f := w.figure()
	if err := f.Attach(t.Context(), &screen{}); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		w.clock = w.clock.Add(100 * time.Millisecond)
		f.Change()
		if err := f.Update(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if passed := w.clock.Sub(time.Unix(1000, 0)); time.Duration(w.full)*FullEvery > passed+FullEvery {
		t.Errorf("%d renderings in %v", w.full, passed)
	}
}

func TestLightOnly(t *testing.T) {
	w := &work{clock: time.Unix(1000, 0)}
	f, s := New(Forms{Light: func() display.Bundle { return display.Text(fmt.Sprint(w.done)) }}, w.now), &screen{}
	if err := f.Attach(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	w.done = 5
	if err := f.Close(t.Context()); err != nil || s.last().Data[display.MIMEText] != "5" {
		t.Errorf("the end shows %v, %v", s.last(), err)
	}
}

func TestPlaces(t *testing.T) {
	w := &work{clock: time.Unix(1000, 0)}
	f, first, second := w.figure(), &screen{}, &screen{}
	if err := f.Update(t.Context()); err != nil || w.light+w.full > 0 {
		t.Errorf("a figure that stands nowhere was drawn: %v", err)
	}
	for _, s := range []*screen{first, second} {
		if err := f.Attach(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	first.gone = true
	w.clock, w.done = w.clock.Add(time.Second), 1
	f.Change()
	if err := f.Update(t.Context()); err == nil {
		t.Error("no error for a place that is gone")
	}
	w.clock, w.done = w.clock.Add(time.Second), 2
	f.Change()
	if err := f.Update(t.Context()); err != nil {
		t.Errorf("the place that is gone was not forgotten: %v", err)
	}
	if len(first.bundles) != 1 || second.last().Data[payload] != 2 {
		t.Errorf("the places have %d outputs and %v", len(first.bundles), second.last())
	}
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := &screen{}
	if err := f.Attach(t.Context(), late); err != nil || late.last().Data[display.MIMEPNG] != "image of 2" {
		t.Errorf("attached after the end: %v, %v", late.bundles, err)
	}
}

// TestChangeUnderTheWorksOwnLock: the work reports a change while it holds the lock that its forms need.
func TestChangeUnderTheWorksOwnLock(t *testing.T) {
	var mu sync.Mutex
	count := 0
	f := New(Forms{Light: func() display.Bundle {
		mu.Lock()
		defer mu.Unlock()
		return display.Text(fmt.Sprint(count))
	}}, func() time.Time { return time.Now().Add(time.Duration(count) * time.Hour) })
	if err := f.Attach(t.Context(), &screen{}); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for range 2 {
		work.Go(func() {
			for range 1000 {
				mu.Lock()
				f.Change()
				mu.Unlock()
			}
		})
		work.Go(func() {
			for range 1000 {
				_ = f.Update(t.Context())
			}
		})
	}
	work.Wait()
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}
