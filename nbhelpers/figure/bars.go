package figure

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
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
	total int // of all classes, those that are left out among them
}

// splits are those that any class has images in.
func (d ClassCountsData) splits() []split {
	all := []split{
		{"train", func(c ClassCount) int { return c.Train }, 0, 0},
		{"validation", func(c ClassCount) int { return c.Val }, 1, 0},
		{"test", func(c ClassCount) int { return c.Test }, 2, 0},
		{"skipped", func(c ClassCount) int { return c.Skipped }, 3, 0},
	}
	var used []split
	for _, s := range all {
		for _, class := range d.Classes {
			s.total += max(0, s.count(class))
		}
		if s.total > 0 {
			used = append(used, s)
		}
	}
	return used
}

// mostBars is how many classes the figure has; the rest is counted in a note.
const mostBars = sketch.MostBars

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
	subtitle, splits := d.subtitle(), d.splits()
	if left := len(d.Classes) - mostBars; left > 0 {
		images := 0
		for _, class := range d.Classes[mostBars:] {
			images += class.images()
		}
		d.Notes = append(d.Notes[:len(d.Notes):len(d.Notes)], fmt.Sprintf("%d more classes with %s images are left out", left, sketch.Count(images)))
		d.Classes = d.Classes[:mostBars]
	}
	longest, label := 1, 0.0
	for _, class := range d.Classes {
		longest = max(longest, class.images()+class.Skipped)
	}
	for _, class := range d.Classes {
		label = max(label, canvas.BodyStyle.Width(canvas.BodyStyle.Fit(class.Name, barLabel)))
	}
	k := canvas.Card{
		Title: d.Title, Subtitle: subtitle, Notes: d.Notes,
		Width: label + 10 + barWidth + barNumber, Height: float64(canvas.PanelHead + len(d.Classes)*barRow),
		Draw: func(c *canvas.Canvas, x, y float64) {
			at := x
			for _, s := range splits {
				c.Bar(at, y+3, 14, 11, s.index)
				at += 20 + c.Text(at+19, y+13, canvas.BodyStyle, s.name) + 14
			}
			y += canvas.PanelHead
			for _, class := range d.Classes {
				at := x + label + 10
				c.Text(at-8, y+12, canvas.BodyStyle.At(canvas.ToRight), canvas.BodyStyle.Fit(class.Name, barLabel))
				var numbers []string
				for _, s := range splits {
					n := max(0, s.count(class))
					w := barWidth * float64(n) / float64(longest)
					c.Bar(at, y, w, barHeight, s.index)
					at += w
					if n > 0 {
						numbers = append(numbers, sketch.Count(n))
					}
				}
				c.Text(at+6, y+12, canvas.SmallStyle, canvas.SmallStyle.Fit(strings.Join(numbers, " + "), barNumber))
				y += barRow
			}
		},
	}
	return k.Bundle(k.TextOf(d.table(splits).Text()), "", d.vega(splits, subtitle))
}

func (d ClassCountsData) subtitle() string {
	images := 0
	for _, class := range d.Classes {
		images += class.images()
	}
	text := fmt.Sprintf("%s images in %d classes", sketch.Count(images), len(d.Classes))
	least, most := d.extremes()
	if least < most && least > 0 {
		text += fmt.Sprintf(" · %s to %s in each, 1 to %.1f", sketch.Count(least), sketch.Count(most), float64(most)/float64(least))
	}
	return text
}

// extremes are the images of the smallest and of the largest class: how balanced the classes are.
func (d ClassCountsData) extremes() (least, most int) {
	for i, class := range d.Classes {
		n := class.images()
		if i == 0 || n < least {
			least = n
		}
		most = max(most, n)
	}
	return least, most
}

func (d ClassCountsData) table(splits []split) TableData {
	t := TableData{Header: []string{"class"}, Footer: []string{"total"}}
	for i, s := range splits {
		t.Header, t.Right = append(t.Header, s.name), append(t.Right, i+1)
		t.Footer = append(t.Footer, sketch.Count(s.total))
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

func (d ClassCountsData) vega(splits []split, subtitle string) map[string]any {
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
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: subtitle, Notes: d.Notes}, map[string]any{
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
