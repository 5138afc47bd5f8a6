package nbhelpers

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/live"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// screen is an output as a place for figures that are updated.
type screen struct{ output }

// Show implements live.Screen.
func (s screen) Show(_ context.Context, b display.Bundle) (display.ID, error) {
	id := display.ID("headstart-" + strconv.FormatUint(rand.Uint64(), 36))
	return id, s.show(b, id)
}

// Update implements live.Screen.
func (s screen) Update(_ context.Context, id display.ID, b display.Bundle) error {
	return s.show(b, id)
}

// following is a figure that is shown with its first values.
type following struct {
	figure *live.Figure
	out    output
	shown  bool
}

func (f *following) update() error {
	if !f.shown {
		f.shown = true
		return f.figure.Attach(context.Background(), screen{f.out})
	}
	f.figure.Change()
	return f.figure.Update(context.Background())
}

func (f *following) close() error {
	if !f.shown {
		f.shown = true
		if err := f.figure.Attach(context.Background(), screen{f.out}); err != nil {
			return err
		}
	}
	return f.figure.Close(context.Background())
}

// ProgressBar is a line that shows how far a loop has come.
type ProgressBar struct {
	mu      sync.Mutex
	state   sketch.Progress
	now     func() time.Time
	started time.Time
	live    following
}

// Progress shows a bar for a loop over so many steps; a total of 0 or less is unknown. Call Add in the loop, or Set in a
// callback that receives how many steps are done, and Close after it.
func Progress(label string, total int) *ProgressBar {
	return newProgress(process(), time.Now, label, total)
}

func newProgress(out output, now func() time.Time, label string, total int) *ProgressBar {
	p := &ProgressBar{now: now, started: now(), state: sketch.Progress{Label: label, Total: max(0, total)}}
	p.live = following{out: out, figure: live.New(live.Forms{Light: p.render}, now)}
	return p
}

// Add counts n more steps as done, from any goroutine.
func (p *ProgressBar) Add(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Done += n
	return p.live.update()
}

// Set says how many steps are done, from any goroutine.
func (p *ProgressBar) Set(done int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Done = done
	return p.live.update()
}

// Close turns the bar into a line with the final count and the time. It does not change any more after it.
func (p *ProgressBar) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Took = max(time.Millisecond, p.now().Sub(p.started)) // a time of 0 would be that of work that lasts
	return p.live.close()
}

// render is called with the lock held, by the methods above.
func (p *ProgressBar) render() display.Bundle {
	s := p.state
	if passed := p.now().Sub(p.started); passed > 0 && s.Done > 0 && s.Took == 0 {
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
	data    sketch.Curves
	now     func() time.Time
	started time.Time
	live    following
	plain   bool // the output is a terminal
	// draw makes the final PNG, for pages that run no script.
	draw func(sketch.Curves) (warm.Drawing, bool)
}

// Curves shows learning curves that grow while a loop of so many epochs runs; 0 is an unknown number.
//
//	curves := nbhelpers.Curves("my loop", epochs)
//	defer curves.Close()
//	for range epochs {
//		curves.Add("loss", "train", loss)
//		curves.Add("loss", "validation", valLoss)
//		curves.Step()
//	}
func Curves(title string, epochs int) *LiveCurves {
	out := process()
	return newCurves(out, time.Now, title, epochs, func(c sketch.Curves) (warm.Drawing, bool) { return drawing(out, warm.DrawCurves, c) })
}

func newCurves(out output, now func() time.Time, title string, epochs int, draw func(sketch.Curves) (warm.Drawing, bool)) *LiveCurves {
	c := &LiveCurves{
		now: now, started: now(), draw: draw, plain: isTerminal(out),
		data: sketch.Curves{Title: title, Epochs: max(0, epochs), Status: sketch.Status{State: sketch.StateRunning}},
	}
	c.live = following{out: out, figure: live.New(live.Forms{Light: c.line, Full: c.chart}, now)}
	return c
}

// Add sets the value of a line ("train") in a panel ("loss") for the current epoch.
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

// Step ends an epoch and shows the curves. The text is updated at most twice a second, the chart every few seconds.
func (c *LiveCurves) Step() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data.Epoch++
	if left := c.data.Epochs - c.data.Epoch; left > 0 {
		c.data.Status.Left = c.now().Sub(c.started) / time.Duration(c.data.Epoch) * time.Duration(left)
	}
	return c.live.update()
}

// Close shows the curves as they are at the end, with a PNG for pages that run no script. They do not change any more after
// it.
func (c *LiveCurves) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data.Status = sketch.Status{State: sketch.StateDone}
	if c.data.Epoch < c.data.Epochs {
		c.data.Status.State = sketch.StateStopped
	}
	return c.live.close()
}

// line is the light form; it is called with the lock held, by the methods above.
func (c *LiveCurves) line() display.Bundle {
	if c.plain { // a chart each time would fill the terminal
		return display.Text(sketch.Label(c.data.Title+" "+c.data.Summary(), textWidth))
	}
	return display.Text(c.data.Text(textWidth))
}

// chart is the full form; it is called with the lock held, by the methods above.
func (c *LiveCurves) chart(last bool) display.Bundle {
	if c.plain && !last {
		return c.line()
	}
	b := curvesBundle(c.data)
	if last && !c.plain {
		if drawn, ok := c.draw(c.data); ok {
			b = withDrawing(b, drawn)
		}
	}
	return b
}
