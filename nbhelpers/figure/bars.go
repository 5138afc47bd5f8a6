package figure

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// ClassCountsData is how many images each class has, by split.
type ClassCountsData struct {
	Title   string
	Classes []ClassCount
	Notes   []string // sentences below the chart
}

// ClassCount is one class of a dataset.
type ClassCount struct {
	Name             string
	Train, Val, Test int
	Skipped          int // files that are not used
}

func (c ClassCount) images() int { return c.Train + c.Val + c.Test }

// split is one part of a dataset, with the look of its bars.
type split struct {
	name  string
	count func(ClassCount) int
	index int // of the colors
}

// splits are those that any class has images in.
func (d ClassCountsData) splits() []split {
	all := []split{
		{"train", func(c ClassCount) int { return c.Train }, 0},
		{"validation", func(c ClassCount) int { return c.Val }, 1},
		{"test", func(c ClassCount) int { return c.Test }, 2},
		{"skipped", func(c ClassCount) int { return c.Skipped }, 3},
	}
	var used []split
	for _, s := range all {
		total := 0
		for _, class := range d.Classes {
			total += max(0, s.count(class))
		}
		if total > 0 {
			used = append(used, s)
		}
	}
	return used
}

// mostBars is how many rows of bars a drawing has; the text and Vega-Lite forms have all.
const mostBars = 60

// Layout of bars, in CSS pixels.
const (
	barRow    = 22
	barHeight = 15
	barLabel  = 170 // the widest name
	barWidth  = 400 // the longest bar
	barNumber = 120 // room after it
)

// ClassCounts shows how many images each class has, by split.
func ClassCounts(d ClassCountsData) display.Bundle {
	shown, notes := d.Classes, d.Notes
	if len(shown) > mostBars {
		notes = append(notes[:len(notes):len(notes)], fmt.Sprintf("%d more classes are not drawn", len(shown)-mostBars))
		shown = shown[:mostBars]
	}
	longest, label := 1, 0.0
	for _, class := range d.Classes {
		longest = max(longest, class.images()+class.Skipped)
	}
	for _, class := range shown {
		label = max(label, bodyStyle.width(bodyStyle.fit(class.Name, barLabel)))
	}
	splits := d.splits()
	k := card{
		title: d.Title, subtitle: d.subtitle(), notes: notes,
		width: label + 10 + barWidth + barNumber, height: float64(panelHead + len(shown)*barRow),
		draw: func(c *canvas, x, y float64) {
			at := x
			for _, s := range splits {
				c.bar(at, y+3, 14, 11, s.index)
				at += 20 + c.text(at+19, y+13, bodyStyle, s.name) + 14
			}
			y += panelHead
			for _, class := range shown {
				at := x + label + 10
				c.text(at-8, y+12, bodyStyle.at(toRight), bodyStyle.fit(class.Name, barLabel))
				var numbers []string
				for _, s := range splits {
					n := max(0, s.count(class))
					w := barWidth * float64(n) / float64(longest)
					c.bar(at, y, w, barHeight, s.index)
					at += w
					if n > 0 {
						numbers = append(numbers, sketch.Count(n))
					}
				}
				c.text(at+6, y+12, smallStyle, smallStyle.fit(strings.Join(numbers, " + "), barNumber))
				y += barRow
			}
		},
	}
	return k.bundle(k.textOf(d.table(splits).Text()), "", d.vega(splits))
}

func (d ClassCountsData) subtitle() string {
	images := 0
	for _, class := range d.Classes {
		images += class.images()
	}
	return fmt.Sprintf("%s images in %d classes", sketch.Count(images), len(d.Classes))
}

// bar draws a bar in one of the series's colors. The second one is hatched and the fourth is hollow, so that neighbors
// are also distinguishable without color.
func (c *canvas) bar(x, y, w, h float64, index int) {
	if w <= 0 {
		return
	}
	fill := palette.Series(index)
	if index == 3 {
		c.rect(x, y, w, h, palette.Mix(fill, palette.Paper, 0.75))
		c.frame(x, y, w, h, min(1, w), fill)
		return
	}
	c.rect(x, y, w, h, fill)
	if index == 1 {
		for at := x + 4; at < x+w-1; at += 5 {
			c.line(palette.Mix(fill, palette.Paper, 0.45), 1, at, y, at, y+h)
		}
	}
	if x0 := x + w - 0.5; w > 2 {
		c.line(palette.Paper, 1, x0, y, x0, y+h)
	}
}

func (d ClassCountsData) table(splits []split) TableData {
	t := TableData{Header: []string{"class"}, Footer: []string{"total"}}
	for i, s := range splits {
		t.Header, t.Right = append(t.Header, s.name), append(t.Right, i+1)
		total := 0
		for _, class := range d.Classes {
			total += s.count(class)
		}
		t.Footer = append(t.Footer, sketch.Count(total))
	}
	for _, class := range d.Classes {
		row := []string{class.Name}
		for _, s := range splits {
			row = append(row, sketch.Count(s.count(class)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (d ClassCountsData) vega(splits []split) map[string]any {
	values, names, colors, order := []any{}, []any{}, []any{}, []any{}
	for i, class := range d.Classes {
		// A number keeps classes of the same shortened name apart.
		id := strconv.Itoa(i) + ":" + sketch.Label(class.Name, 40)
		order = append(order, id)
		for _, s := range splits {
			values = append(values, map[string]any{"id": id, "class": sketch.Label(class.Name, 80), "split": s.name, "images": max(0, s.count(class)), "order": s.index})
		}
	}
	for _, s := range splits {
		names, colors = append(names, s.name), append(colors, sketch.Palette()[s.index])
	}
	color := map[string]any{"value": sketch.Palette()[0]}
	if len(names) > 0 { // a scale without a domain is an error, which leaves the whole figure blank
		color = map[string]any{
			"field": "split", "type": "nominal", "title": nil, "scale": map[string]any{"domain": names, "range": colors}, "legend": map[string]any{"orient": "top"},
		}
	}
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.subtitle(), Notes: d.Notes}, map[string]any{
		"width": 460, "height": map[string]any{"step": barRow},
		"data": map[string]any{"values": values},
		"mark": "bar",
		"encoding": map[string]any{
			"y": map[string]any{
				"field": "id", "type": "nominal", "sort": order, "title": nil,
				"axis": map[string]any{"labelExpr": "slice(datum.label, indexof(datum.label, ':') + 1)", "ticks": false, "domain": false},
			},
			"x":     map[string]any{"field": "images", "type": "quantitative", "title": "images"},
			"color": color,
			"order": map[string]any{"field": "order"},
			"tooltip": []any{
				map[string]any{"field": "class"}, map[string]any{"field": "split"}, map[string]any{"field": "images"},
			},
		},
	})
}
