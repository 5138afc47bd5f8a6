// Package study draws the figures of experiments that compare many trainings.
package study

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// TrialsData is a search over heads.
type TrialsData struct {
	Title    string
	Metric   string // what Value is: "val accuracy"
	Lower    bool   // whether a lower value is better
	Fraction bool   // whether the values lie in [0, 1] and are shown as percentages
	Trials   []Trial
	Notes    []string
}

// Trial is one setting that was tried.
type Trial struct {
	Number int     // counted from 1
	Value  float64 // NaN where it failed
	Params []Param
	Cut    bool // stopped early, for a poor result
	Took   time.Duration
}

// Param is one setting of a trial, as text.
type Param struct{ Name, Value string }

func (t Trial) settings() string {
	var parts []string
	for _, p := range t.Params {
		parts = append(parts, p.Name+"="+p.Value)
	}
	if t.Cut {
		parts = append(parts, "(stopped early)")
	}
	return strings.Join(parts, " ")
}

// param is the value of a setting; empty where the trial has none of the name.
func (t Trial) param(name string) string {
	if i := slices.IndexFunc(t.Params, func(p Param) bool { return p.Name == name }); i >= 0 {
		return t.Params[i].Value
	}
	return ""
}

func (t Trial) usable() bool { return !math.IsNaN(t.Value) && !math.IsInf(t.Value, 0) }

func (d TrialsData) better(a, b float64) bool {
	if d.Lower {
		return a < b
	}
	return a > b
}

// ranked are the usable trials, best first; of equals the earlier.
func (d TrialsData) ranked() []Trial {
	kept := slices.DeleteFunc(slices.Clone(d.Trials), func(t Trial) bool { return !t.usable() })
	slices.SortStableFunc(kept, func(a, b Trial) int {
		switch {
		case d.better(a.Value, b.Value):
			return -1
		case d.better(b.Value, a.Value):
			return 1
		}
		return cmp.Compare(a.Number, b.Number)
	})
	return kept
}

// soFar are the usable trials by number, each with the best value up to it. Trials may end in any order; the chart is by number.
func (d TrialsData) soFar() (trials []Trial, best []float64) {
	trials = slices.DeleteFunc(slices.Clone(d.Trials), func(t Trial) bool { return !t.usable() })
	slices.SortStableFunc(trials, func(a, b Trial) int { return cmp.Compare(a.Number, b.Number) })
	for i, t := range trials {
		if i > 0 && !d.better(t.Value, best[i-1]) {
			best = append(best, best[i-1])
		} else {
			best = append(best, t.Value)
		}
	}
	return trials, best
}

// panel lets the values be shown as those of learning curves are.
func (d TrialsData) panel() sketch.Panel {
	p := sketch.Panel{Name: d.Metric, Fraction: d.Fraction, Lines: []sketch.Line{{}}}
	for _, t := range d.Trials {
		p.Lines[0].Values = append(p.Lines[0].Values, t.Value)
	}
	return p
}

// listedTrials is how many of the best trials the text and the drawing list.
const listedTrials = 5

// trialsKey says what the symbols of the chart mean.
const trialsKey = "filled: finished, hollow: stopped early, line: best so far"

// Trials shows a search: the value of each trial, the best so far, and the settings of the best ones.
func Trials(d TrialsData) display.Bundle {
	panel := d.panel()
	best, subtitle := d.best()
	const width, height = 620, 260
	k := canvas.Card{
		Title: d.Title, Subtitle: subtitle, Notes: d.Notes, Width: width, Height: height + float64(len(best)*18),
		Draw: func(c *canvas.Canvas, x, y float64) {
			p := canvas.NewPlot("trial", "")
			c.Text(x+4, y+12, canvas.HeadStyle, canvas.HeadStyle.Fit(d.Metric, width-300))
			c.Text(x+width-8, y+12, canvas.NoteStyle.At(canvas.ToRight), trialsKey)
			last := 1
			for _, t := range d.Trials {
				last = max(last, t.Number)
			}
			p.X.Min, p.X.Max = 1, float64(max(2, last))
			p.X.Tick.Marker = canvas.EpochTicks(last, func(v float64) string { return strconv.Itoa(int(v)) })
			p.Y.Min, p.Y.Max = panel.Domain()
			p.Y.Tick.Marker = canvas.Ticks(p.Y.Min, p.Y.Max, 5, canvas.TickLabel(p.Y.Min, p.Y.Max, d.Fraction))
			p.Add(canvas.GridLines{}, trialPoints(d))
			p.Draw(c.Area(x, y+canvas.PanelHead-4, width-8, height-canvas.PanelHead))
			for i, t := range best {
				top := y + height + 12 + float64(i*18)
				c.Text(x+30, top, canvas.BodyStyle.At(canvas.ToRight), strconv.Itoa(t.Number))
				c.Text(x+90, top, canvas.BodyStyle.At(canvas.ToRight), panel.Value(t.Value))
				c.Text(x+104, top, canvas.NoteStyle, canvas.NoteStyle.Fit(t.settings(), width-104-60))
				c.Text(x+width-8, top, canvas.NoteStyle.At(canvas.ToRight), sketch.Took(t.Took))
			}
		},
	}
	return k.Bundle(d.text(), "", d.vega(subtitle))
}

// TrialsLight is Trials without what takes long to render: the text, for a search that is live.
func TrialsLight(d TrialsData) display.Bundle { return display.Text(d.text()) }

// best returns the trials that are listed, and the line that sums up the search.
func (d TrialsData) best() (listed []Trial, subtitle string) {
	ranked := d.ranked()
	subtitle = fmt.Sprintf("%d trials", len(d.Trials))
	if len(ranked) > 0 {
		subtitle += " · best " + d.panel().Value(ranked[0].Value) + " in trial " + strconv.Itoa(ranked[0].Number)
	}
	return ranked[:min(len(ranked), listedTrials)], subtitle
}

func (d TrialsData) text() string {
	best, subtitle := d.best()
	panel := d.panel()
	// Each setting has a column: all of them in one would be cut off.
	table := sketch.Table{Header: []string{"trial", d.Metric, "time"}, Right: []int{0, 1, 2}}
	var names []string
	for _, t := range best {
		for _, p := range t.Params {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	table.Header = append(table.Header, names...)
	for _, t := range best {
		row := []string{strconv.Itoa(t.Number), panel.Value(t.Value), sketch.Took(t.Took)}
		for _, name := range names {
			row = append(row, t.param(name))
		}
		if t.Cut {
			row[2] += ", stopped"
		}
		table.Rows = append(table.Rows, row)
	}
	return canvas.Card{Title: d.Title, Subtitle: subtitle, Notes: d.Notes}.TextOf(table.Text())
}

type trialPoints TrialsData

func (d trialPoints) Plot(c vgdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var steps []vg.Point
	trials, best := TrialsData(d).soFar()
	for i, t := range trials {
		x := toX(float64(t.Number))
		if i > 0 {
			steps = append(steps, vg.Point{X: x, Y: toY(best[i-1])})
		}
		steps = append(steps, vg.Point{X: x, Y: toY(best[i])})
	}
	c.StrokeLines(vgdraw.LineStyle{Color: palette.Series(1), Width: 1.75}, c.ClipLinesXY(steps)...)
	for _, t := range trials {
		at := vg.Point{X: toX(float64(t.Number)), Y: toY(t.Value)}
		if !c.Contains(at) {
			continue
		}
		canvas.DrawPoint(c, at, 0, palette.Series(0), 3.5)
		if t.Cut {
			canvas.DrawPoint(c, at, 0, palette.Paper, 1.5)
		}
	}
}

func (d TrialsData) vega(subtitle string) map[string]any {
	values := []any{}
	trials, best := d.soFar()
	for i, t := range trials {
		state := "finished"
		if t.Cut {
			state = "stopped early"
		}
		values = append(values, map[string]any{
			"trial": t.Number, "value": t.Value, "best": best[i], "settings": sketch.Label(t.settings(), 200), "state": state, "seconds": t.Took.Seconds(),
		})
	}
	panel := d.panel()
	low, high := panel.Domain()
	format := ".4~g"
	if d.Fraction {
		format = ".1~%"
	}
	metric := sketch.Label(d.Metric, 40)
	// The padding keeps the points at the ends whole.
	scale := map[string]any{"domain": []float64{low, high}, "nice": false, "zero": false, "padding": 5}
	x := map[string]any{"field": "trial", "type": "quantitative", "scale": map[string]any{"nice": false, "zero": false, "padding": 6}, "axis": map[string]any{"tickMinStep": 1, "format": "d", "grid": false}}
	chart := map[string]any{
		"width": 500, "height": 220, "data": map[string]any{"values": values},
		"layer": []any{
			map[string]any{
				"mark":     map[string]any{"type": "line", "interpolate": "step-after", "clip": true, "color": sketch.Palette()[1]},
				"encoding": map[string]any{"x": x, "y": map[string]any{"field": "best", "type": "quantitative", "scale": scale, "title": metric}},
			},
			map[string]any{
				"params": []any{sketch.Zoom("zoom")},
				"mark":   map[string]any{"type": "point", "size": 55, "color": sketch.Palette()[0], "clip": true},
				"encoding": map[string]any{
					"x":           x,
					"y":           map[string]any{"field": "value", "type": "quantitative", "scale": scale, "title": metric, "axis": map[string]any{"format": format, "tickCount": 5}},
					"fillOpacity": map[string]any{"condition": map[string]any{"test": "datum.state == 'finished'", "value": 1}, "value": 0},
					"fill":        map[string]any{"value": sketch.Palette()[0]},
					"tooltip": []any{
						map[string]any{"field": "trial"}, map[string]any{"field": "value", "title": metric, "format": format},
						map[string]any{"field": "settings"}, map[string]any{"field": "state"}, map[string]any{"field": "seconds", "format": ".1f"},
					},
				},
			},
		},
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: subtitle, Notes: append([]string{trialsKey}, d.Notes...)}, map[string]any{
		"vconcat": []any{chart, d.vegaTable()},
	})
}

// vegaTable lists the best trials below the chart, as the other forms do. The settings are last: they may be longer than their column.
func (d TrialsData) vegaTable() map[string]any {
	listed, _ := d.best()
	panel := d.panel()
	rows := []any{map[string]any{"row": 0, "trial": "trial", "value": sketch.Label(d.Metric, 40), "settings": "settings", "took": "time"}}
	for i, t := range listed {
		rows = append(rows, map[string]any{
			"row": i + 1, "trial": strconv.Itoa(t.Number), "value": panel.Value(t.Value), "settings": sketch.Label(t.settings(), 200), "took": sketch.Took(t.Took),
		})
	}
	column := func(field, align string, x int) map[string]any {
		return map[string]any{
			"mark": map[string]any{"type": "text", "align": align, "x": x},
			"encoding": map[string]any{
				"y":       map[string]any{"field": "row", "type": "ordinal", "axis": nil},
				"text":    map[string]any{"field": field},
				"opacity": map[string]any{"condition": map[string]any{"test": "datum.row == 0", "value": 0.7}, "value": 1},
			},
		}
	}
	return map[string]any{
		"width": 500, "height": map[string]any{"step": 18}, "data": map[string]any{"values": rows}, "view": map[string]any{"stroke": nil},
		"layer": []any{column("trial", "right", 30), column("value", "right", 120), column("took", "right", 175), column("settings", "left", 190)},
	}
}
