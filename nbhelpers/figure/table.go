package figure

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Layout of drawn tables, in CSS pixels.
const (
	tableRow    = 21
	tableGap    = 18
	tableColumn = 300 // the widest column
	mostRows    = 80  // drawn; the HTML and the text have all
	mostColumns = 40  // as above
)

// Table shows rows of text under a header. A notebook page shows the HTML, in which every text is escaped.
func Table(d TableData) display.Bundle {
	drawn := d
	if len(d.Rows) > mostRows {
		drawn.Rows = d.Rows[:mostRows]
		drawn.Notes = append(slices.Clip(d.Notes), fmt.Sprintf("%d more rows are not drawn", len(d.Rows)-mostRows))
	}
	if n := len(d.Header); n > mostColumns {
		drawn.Notes = append(slices.Clip(drawn.Notes), fmt.Sprintf("%d more columns are not drawn", n-mostColumns))
	}
	rows := slices.Concat([][]string{drawn.Header}, drawn.Rows)
	if len(drawn.Footer) > 0 {
		rows = append(rows, drawn.Footer)
	}
	var widths []float64
	for r, row := range rows {
		rows[r] = row[:min(len(row), mostColumns)]
		for i, cell := range rows[r] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], math.Ceil(canvas.HeadStyle.Width(canvas.HeadStyle.Fit(cell, tableColumn))))
		}
	}
	total := tableGap * float64(max(0, len(widths)-1))
	for _, w := range widths {
		total += w
	}
	k := canvas.Card{
		Title: drawn.Title, Notes: drawn.Notes, Width: total, Height: float64(len(rows) * tableRow),
		Draw: func(c *canvas.Canvas, x, y float64) {
			for i, row := range rows {
				top := y + float64(i*tableRow)
				s := canvas.BodyStyle
				if last := len(rows) - 1; i == 0 || (i == last && len(drawn.Footer) > 0) {
					s = canvas.HeadStyle
				}
				if i > 0 {
					stroke := palette.Rule
					if i == 1 || (i == len(rows)-1 && len(drawn.Footer) > 0) {
						stroke = palette.Faint
					}
					c.Line(stroke, 0.75, x, top, x+total, top)
				}
				drawRow(c, x, top+14, s, row, widths, drawn.Right)
			}
		},
	}
	return k.Bundle(d.Text(), d.HTML(), nil)
}

func drawRow(c *canvas.Canvas, x, y float64, s canvas.Style, cells []string, widths []float64, right []int) {
	for i, cell := range cells {
		txt := s.Fit(cell, tableColumn)
		if slices.Contains(right, i) {
			c.Text(x+widths[i], y, s.At(canvas.ToRight), txt)
		} else {
			c.Text(x, y, s, txt)
		}
		x += widths[i] + tableGap
	}
}

// LayersData is a model as its summary lists it. The totals are computed.
type LayersData struct {
	Title  string
	Layers []Layer
	Notes  []string // such as "untrained backbone"
}

// Layer is one row of a layer table.
type Layer struct {
	Name      string
	Kind      string // "convolution", "dense"
	Output    []int  // shape; a negative number stands for the batch size
	Params    int64
	Trainable int64 // of these, those that training changes: not the moving statistics of a batch norm
}

// Layers shows the layers of a model with their parameters, and how many of those are trainable, frozen, or moving statistics,
// which no gradient changes: the last two are what Keras's summary calls non-trainable.
func Layers(d LayersData) display.Bundle {
	t := TableData{Title: d.Title, Header: []string{"layer", "kind", "output shape", "parameters", ""}, Right: []int{3}}
	var trainable, moving, frozen int64
	for _, l := range d.Layers {
		t.Rows = append(t.Rows, []string{l.Name, l.Kind, shape(l.Output), sketch.Count(l.Params), l.state()})
		if l.Trainable == 0 {
			frozen += l.Params
			continue
		}
		trainable += l.Trainable
		moving += l.Params - l.Trainable
	}
	counts := "trainable " + sketch.Count(trainable)
	if moving > 0 {
		counts += " · moving statistics " + sketch.Count(moving)
	}
	t.Footer = []string{"total", "", "", sketch.Count(trainable + moving + frozen), ""}
	t.Notes = append([]string{counts + " · frozen " + sketch.Count(frozen)}, d.Notes...)
	return Table(t)
}

// state says whether training changes the layer's parameters.
func (l Layer) state() string {
	switch {
	case l.Params == 0:
		return ""
	case l.Trainable == 0:
		return "frozen"
	case l.Trainable < l.Params:
		return sketch.Count(l.Trainable) + " trainable"
	}
	return "trainable"
}

func shape(axes []int) string {
	if len(axes) == 0 {
		return ""
	}
	var sizes []string
	for _, n := range axes {
		if n < 0 {
			sizes = append(sizes, "batch")
		} else {
			sizes = append(sizes, strconv.Itoa(n))
		}
	}
	return "[" + strings.Join(sizes, ", ") + "]"
}

// EpochsData is the log of a run, one row per epoch.
type EpochsData struct {
	Title   string
	Metrics []Metric
	Rows    []EpochRow
	Best    int // the best epoch, counted from 1; 0 for none
	Notes   []string
}

// A Metric is a column of numbers: "train loss", "val accuracy".
type Metric struct {
	Name     string
	Fraction bool // shown in percent
}

// EpochRow is one epoch. Values follow EpochsData.Metrics; NaN is shown as a dash.
type EpochRow struct {
	Epoch    int
	Values   []float64
	Waited   time.Duration // how long the model waited for images to be read
	Rate     float64       // images per second; 0 leaves it out
	Duration time.Duration
}

// Epochs shows the log of a run.
func Epochs(d EpochsData) display.Bundle {
	t := TableData{Title: d.Title, Header: []string{"epoch"}, Notes: d.Notes}
	for _, m := range d.Metrics {
		t.Header = append(t.Header, m.Name)
	}
	t.Header = append(t.Header, "waited", "images/s", "time", "")
	for i := range len(d.Metrics) + 4 {
		t.Right = append(t.Right, i)
	}
	for _, r := range d.Rows {
		row := []string{strconv.Itoa(r.Epoch)}
		for i, m := range d.Metrics {
			v := math.NaN()
			if i < len(r.Values) {
				v = r.Values[i]
			}
			row = append(row, m.format(v))
		}
		speed, best := "", ""
		if r.Rate > 0 && r.Rate < 1e15 {
			speed = sketch.Count(int64(r.Rate))
		}
		if r.Epoch == d.Best && d.Best > 0 {
			best = "best"
		}
		t.Rows = append(t.Rows, append(row, sketch.Seconds(r.Waited), speed, sketch.Took(r.Duration), best))
	}
	return Table(t)
}

func (m Metric) format(v float64) string {
	if m.Fraction {
		return sketch.Percent(v)
	}
	return sketch.Number(v)
}

// Progress shows how far a piece of work has come, as a line of text, which costs nothing to update, with notes below it.
func Progress(d ProgressData, notes ...string) display.Bundle {
	return display.Text(d.Noted(canvas.TextWidth, notes))
}
