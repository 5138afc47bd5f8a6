package nbhelpers

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// interval is the least time between two updates of a live output: four a second are as many as a reader follows.
const interval = 250 * time.Millisecond

// live is an output that is updated in place.
type live struct {
	out output
	id  display.ID
	now func() time.Time

	shown time.Time
}

func newLive() live {
	return live{out: out(), id: display.ID("headstart-" + strconv.FormatUint(rand.Uint64(), 36)), now: time.Now}
}

// update shows what render makes, unless the last update is too recent. The last one is forced.
func (l *live) update(force bool, render func() display.Bundle) error {
	if now := l.now(); force || now.Sub(l.shown) >= interval {
		err := l.out.show(render(), l.id)
		l.shown = l.now()
		return err
	}
	return nil
}

// ProgressBar is a line that tells how far a loop has come.
type ProgressBar struct {
	mu      sync.Mutex
	live    live
	state   sketch.Progress
	started time.Time
}

// Progress shows a bar for a loop over so many steps; a total of 0 or less is one that nobody knows. Call Add in the
// loop, or Set in a callback that is told how many steps are done, and Close behind it.
func Progress(label string, total int) *ProgressBar {
	return newProgress(newLive(), label, total)
}

func newProgress(l live, label string, total int) *ProgressBar {
	return &ProgressBar{live: l, state: sketch.Progress{Label: label, Total: max(0, total)}, started: l.now()}
}

// Add counts n more steps as done, from any goroutine.
func (p *ProgressBar) Add(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Done += n
	return p.live.update(false, p.render)
}

// Set says how many steps are done, from any goroutine.
func (p *ProgressBar) Set(done int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Done = done
	return p.live.update(false, p.render)
}

// Close shows the final count.
func (p *ProgressBar) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.live.update(true, p.render)
}

func (p *ProgressBar) render() display.Bundle {
	s := p.state
	if passed := p.live.now().Sub(p.started); passed > 0 && s.Done > 0 {
		s.Rate = float64(s.Done) / passed.Seconds()
		if left := s.Total - s.Done; left > 0 {
			s.Left = time.Duration(float64(left) / s.Rate * float64(time.Second))
		}
	}
	return display.Text(s.Text(textWidth))
}

// LiveCurves are curves that a loop feeds.
type LiveCurves struct {
	mu      sync.Mutex
	live    live
	data    sketch.Curves
	started time.Time
	// draw makes the final PNG, for pages that run no script.
	draw func(sketch.Curves) (warm.Drawing, bool)
}

// Curves shows learning curves that grow while a loop of so many epochs runs; 0 is a number that nobody knows.
//
//	curves := nbhelpers.Curves("my loop", epochs)
//	defer curves.Close()
//	for range epochs {
//		curves.Add("loss", "train", loss)
//		curves.Add("loss", "validation", valLoss)
//		curves.Step()
//	}
func Curves(title string, epochs int) *LiveCurves {
	return newCurves(newLive(), title, epochs, func(c sketch.Curves) (warm.Drawing, bool) { return drawing(warm.DrawCurves, c) })
}

func newCurves(l live, title string, epochs int, draw func(sketch.Curves) (warm.Drawing, bool)) *LiveCurves {
	return &LiveCurves{
		live: l, started: l.now(), draw: draw,
		data: sketch.Curves{Title: title, Epochs: max(0, epochs), Status: sketch.Status{State: sketch.StateRunning}},
	}
}

// Add sets the value of a line ("train") in a panel ("loss") for the epoch that is under way. A panel whose values have
// all been in [0, 1] and that Percent was called for is shown in percent.
func (c *LiveCurves) Add(panel, line string, value float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.panel(panel)
	i := slices.IndexFunc(p.Lines, func(l sketch.Line) bool { return l.Name == line })
	if i < 0 {
		p.Lines = append(p.Lines, sketch.Line{Name: line})
		i = len(p.Lines) - 1
	}
	values := &p.Lines[i].Values
	for len(*values) <= c.data.Epoch {
		*values = append(*values, math.NaN())
	}
	(*values)[c.data.Epoch] = value
}

// Percent says that a panel's values are fractions, as an accuracy's are.
func (c *LiveCurves) Percent(panel string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.panel(panel).Fraction = true
}

// Best marks an epoch, counted from 1, as the best one.
func (c *LiveCurves) Best(epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data.Best = epoch
}

// panel finds a panel or adds it.
func (c *LiveCurves) panel(name string) *sketch.Panel {
	i := slices.IndexFunc(c.data.Panels, func(p sketch.Panel) bool { return p.Name == name })
	if i < 0 {
		c.data.Panels = append(c.data.Panels, sketch.Panel{Name: name})
		i = len(c.data.Panels) - 1
	}
	return &c.data.Panels[i]
}

// Step ends an epoch and shows the curves, at most four times a second.
func (c *LiveCurves) Step() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data.Epoch++
	if left := c.data.Epochs - c.data.Epoch; left > 0 {
		c.data.Status.Left = c.live.now().Sub(c.started) / time.Duration(c.data.Epoch) * time.Duration(left)
	}
	return c.live.update(false, func() display.Bundle { return c.render(false) })
}

// Close shows the curves as they are at the end, with a PNG for pages that run no script.
func (c *LiveCurves) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data.Status = sketch.Status{State: sketch.StateDone}
	if c.data.Epoch < c.data.Epochs {
		c.data.Status.State = sketch.StateStopped
	}
	return c.live.update(true, func() display.Bundle { return c.render(true) })
}

func (c *LiveCurves) render(final bool) display.Bundle {
	_, plain := c.live.out.(*terminal)
	if plain && !final { // a chart each time would fill the screen
		return display.Text(sketch.Label(c.data.Title+" "+c.data.Summary(), textWidth))
	}
	b := curvesBundle(c.data)
	if final && !plain {
		if drawn, ok := c.draw(c.data); ok {
			b = withDrawing(b, drawn)
		}
	}
	return b
}
