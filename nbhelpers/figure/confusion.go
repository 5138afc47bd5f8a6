package figure

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/canvas"
	"github.com/headstart-nb/headstart/nbhelpers/figure/palette"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// ConfusionData counts predictions by class: Counts[truth][predicted]. A missing row or cell counts as 0.
type ConfusionData struct {
	Title  string
	Labels []string
	Counts [][]int
	Notes  []string

	totals []int // images of each true class, where not all of their predictions are among Labels
	order  []int // of Labels among those of the whole matrix; nil: all of them
}

// MIMEConfusion is the type under which the notebook extension finds a confusion matrix whose cells show their images.
const MIMEConfusion = display.MIMEPrefix + "confusion" + display.MIMESuffix

func (d ConfusionData) at(truth, predicted int) int {
	if truth >= len(d.Counts) || predicted >= len(d.Counts[truth]) {
		return 0
	}
	return d.Counts[truth][predicted]
}

func (d ConfusionData) total(truth int) int {
	if truth < len(d.totals) {
		return d.totals[truth]
	}
	n := 0
	for j := range d.Labels {
		n += d.at(truth, j)
	}
	return n
}

// fraction is the fraction of a true class's images with that prediction.
func (d ConfusionData) fraction(truth, predicted int) float64 {
	if total := d.total(truth); total > 0 {
		return float64(d.at(truth, predicted)) / float64(total)
	}
	return 0
}

const confusionAxes = "rows: true class, columns: predicted class; images, and below them the percentage of the row"

// mostClasses is how many classes a drawn matrix has: those with the most mistakes.
const mostClasses = 40

// Shown is the matrix as it is drawn, and which classes of the whole it has. Of more than 40 classes it has those with the
// most mistakes, and says which pairs of all are confused most.
func (d ConfusionData) Shown() (shown ConfusionData, classes []int) {
	if len(d.Labels) <= mostClasses {
		for i := range d.Labels {
			classes = append(classes, i)
		}
		return d, classes
	}
	shown = d.mostConfused(mostClasses)
	shown.Notes = append(d.Notes[:len(d.Notes):len(d.Notes)], fmt.Sprintf("the %d classes with the most mistakes, of %s", len(shown.Labels), sketch.Count(len(d.Labels))))
	for _, pair := range d.pairs(mostPairs) {
		shown.Notes = append(shown.Notes, fmt.Sprintf("%s is predicted as %s: %s images", d.Labels[pair[0]], d.Labels[pair[1]], sketch.Count(d.at(pair[0], pair[1]))))
	}
	return shown, shown.order
}

// mostPairs is how many of the most confused pairs are listed where the matrix has no room for all classes.
const mostPairs = 5

// pairs are the most confused pairs, the most images first.
func (d ConfusionData) pairs(most int) [][2]int {
	var list [][2]int
	for i := range d.Labels {
		for j := range d.Labels {
			if i != j && d.at(i, j) > 0 {
				list = append(list, [2]int{i, j})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b [2]int) int { return cmp.Compare(d.at(b[0], b[1]), d.at(a[0], a[1])) })
	return list[:min(most, len(list))]
}

// percentCell is the side of a cell from which on the percentage of its row stands below the count, in CSS pixels.
const percentCell = 34

// cellSide is the side of a cell in CSS pixels.
func (d ConfusionData) cellSide() int { return max(22, min(44, 640/max(1, len(d.Labels)))) }

// axes says what the matrix shows.
func (d ConfusionData) axes() string {
	if d.cellSide() < percentCell {
		return "rows: true class, columns: predicted class; images, shaded by the fraction of the row"
	}
	return confusionAxes
}

// percent is a fraction of a row without decimals, as a cell has room for.
func (d ConfusionData) percent(truth, predicted int) string {
	return strconv.FormatFloat(100*d.fraction(truth, predicted), 'f', 0, 64) + " %"
}

// Confusion draws a confusion matrix: a row for each true class, a column for each predicted one, with the images and, where
// there is room, their percentage of the row, by which the cells are shaded.
func Confusion(d ConfusionData) display.Bundle {
	d, _ = d.Shown()
	n, cell := float64(len(d.Labels)), float64(d.cellSide())
	label, slanted := 0.0, 0.0
	for _, l := range d.Labels {
		label = max(label, canvas.BodyStyle.Width(canvas.BodyStyle.Fit(l, 130)))
	}
	slanted = min(label, 110)*0.75 + 16
	k := canvas.Card{
		Title: d.Title, Subtitle: d.axes(), Notes: d.Notes,
		Width: label + 10 + n*cell + slanted, Height: slanted + n*cell,
		Draw: func(c *canvas.Canvas, x, y float64) { d.draw(c, x, y, label, slanted, cell) },
	}
	return k.Bundle(k.TextOf(d.table().Text()), "", d.vega())
}

func (d ConfusionData) draw(c *canvas.Canvas, x, y, label, slanted, cell float64) {
	left, top := x+label+10, y+slanted
	for i, name := range d.Labels {
		at := top + float64(i)*cell
		c.Text(left-8, at+cell/2+4, canvas.BodyStyle.At(canvas.ToRight), canvas.BodyStyle.Fit(name, 130))
		c.Slanted(left+(float64(i)+0.5)*cell, top-6, canvas.BodyStyle, canvas.BodyStyle.Fit(name, 110))
		for j := range d.Labels {
			fraction := d.fraction(i, j)
			// The diagonal holds the correct predictions: blue. Mistakes are vermilion.
			shade := palette.Series(0)
			if i != j {
				shade = palette.Series(1)
			}
			fill := palette.Mix(palette.Paper, shade, fraction)
			number := palette.Readable(fill)
			if fraction == 0 {
				fill, number = palette.Mix(palette.Paper, palette.Wash, 0.6), palette.Mix(palette.Paper, palette.Faint, 0.5)
			}
			cx := left + float64(j)*cell
			c.Rect(cx+0.5, at+0.5, cell-1, cell-1, fill)
			if count := d.at(i, j); count != 0 || i == j {
				s := canvas.BodyStyle.In(number).At(canvas.Center).Sized(min(12, cell*0.45))
				s.Bold = i == j
				middle := at + cell/2 + s.Size*0.36
				if cell >= percentCell {
					small := s.Sized(9)
					small.Bold = false
					c.Text(cx+cell/2, middle+9, small, d.percent(i, j))
					middle -= 5
				}
				c.Text(cx+cell/2, middle, s, s.Fit(sketch.Count(count), cell))
			}
		}
	}
}

// mostConfused keeps the classes with the most mistakes, as truth or as prediction, in their order.
func (d ConfusionData) mostConfused(most int) ConfusionData {
	mistakes := make([]int, len(d.Labels))
	order := make([]int, len(d.Labels))
	for i := range d.Labels {
		order[i] = i
		for j := range d.Labels {
			if i != j {
				mistakes[i] += d.at(i, j)
				mistakes[j] += d.at(i, j)
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(mistakes[b], mistakes[a]) })
	order = order[:most]
	if mistakes[order[0]] > 0 {
		order = slices.DeleteFunc(order, func(i int) bool { return mistakes[i] == 0 })
	}
	slices.Sort(order)
	kept := ConfusionData{Title: d.Title, Notes: d.Notes, order: order}
	for _, i := range order {
		row := []int{}
		for _, j := range order {
			row = append(row, d.at(i, j))
		}
		kept.totals = append(kept.totals, d.total(i))
		kept.Labels, kept.Counts = append(kept.Labels, d.Labels[i]), append(kept.Counts, row)
	}
	return kept
}

func (d ConfusionData) table() TableData {
	t := TableData{Header: []string{"truth \\ predicted"}}
	for i, l := range d.Labels {
		t.Header, t.Right = append(t.Header, sketch.Label(l, 12)), append(t.Right, i+1)
	}
	t.Header, t.Right = append(t.Header, "recall"), append(t.Right, len(d.Labels)+1)
	for i, l := range d.Labels {
		row := []string{sketch.Label(l, 24)}
		for j := range d.Labels {
			n := d.at(i, j)
			switch {
			case n == 0 && i != j:
				row = append(row, "·")
			case d.cellSide() >= percentCell:
				row = append(row, sketch.Count(n)+" "+d.percent(i, j))
			default:
				row = append(row, sketch.Count(n))
			}
		}
		recall := "–"
		if d.total(i) > 0 {
			recall = sketch.Percent(d.fraction(i, i))
		}
		t.Rows = append(t.Rows, append(row, recall))
	}
	return t
}

func (d ConfusionData) vega() map[string]any {
	values, order := []any{}, []any{}
	id := func(i int) string { return strconv.Itoa(i) + ":" + sketch.Label(d.Labels[i], 40) }
	for i := range d.Labels {
		order = append(order, id(i))
		for j := range d.Labels {
			if i != j && d.at(i, j) == 0 {
				continue
			}
			signed := d.fraction(i, j)
			if i != j {
				signed = -signed
			}
			values = append(values, map[string]any{
				"i": id(i), "j": id(j), "truth": sketch.Label(d.Labels[i], 80), "predicted": sketch.Label(d.Labels[j], 80),
				"count": d.at(i, j), "fraction": d.fraction(i, j), "signed": signed, "percent": d.percent(i, j),
			})
		}
	}
	axis := func(angle int) map[string]any {
		return map[string]any{"labelExpr": "slice(datum.label, indexof(datum.label, ':') + 1)", "labelAngle": angle, "ticks": false, "domain": false}
	}
	x, y := axis(-45), axis(0)
	x["orient"] = "top"
	size := d.cellSide()
	return sketch.Spec(sketch.Heading{Title: d.Title, Subtitle: d.axes(), Notes: d.Notes, Width: max(320, size*len(d.Labels))}, map[string]any{
		"width": map[string]any{"step": size}, "height": map[string]any{"step": size},
		"data": map[string]any{"values": values},
		"encoding": map[string]any{
			"y": map[string]any{"field": "i", "type": "nominal", "sort": order, "title": "truth", "axis": y},
			"x": map[string]any{"field": "j", "type": "nominal", "sort": order, "title": "predicted", "axis": x},
		},
		"view": map[string]any{"stroke": sketch.Neutral},
		"layer": append([]any{
			map[string]any{
				"mark": "rect",
				"encoding": map[string]any{
					"color": map[string]any{
						"field": "signed", "type": "quantitative", "legend": nil,
						"scale": map[string]any{"domain": []float64{-1, 0, 1}, "range": []string{sketch.Palette()[1], "#F7F7F7", sketch.Palette()[0]}},
					},
					"tooltip": []any{
						map[string]any{"field": "truth"}, map[string]any{"field": "predicted"}, map[string]any{"field": "count"},
						map[string]any{"field": "fraction", "format": ".1~%"},
					},
				},
			},
		}, d.vegaNumbers()...),
	})
}

// vegaNumbers are the texts in the cells: the images and, where there is room, their percentage of the row.
func (d ConfusionData) vegaNumbers() []any {
	number := func(field string, size, dy int) map[string]any {
		return map[string]any{
			"transform": []any{map[string]any{"filter": "datum.count > 0"}},
			"mark":      map[string]any{"type": "text", "fontSize": size, "dy": dy},
			"encoding": map[string]any{
				"text":  map[string]any{"field": field},
				"color": map[string]any{"condition": map[string]any{"test": "datum.signed > 0.9", "value": sketch.Paper}, "value": sketch.Ink},
			},
		}
	}
	if d.cellSide() < percentCell {
		return []any{number("count", 11, 0)}
	}
	return []any{number("count", 11, -6), number("percent", 9, 8)}
}
