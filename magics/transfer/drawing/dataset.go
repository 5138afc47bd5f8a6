package drawing

import (
	"fmt"
	"math"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A Pair is two items of a dataset that show the same image.
type Pair struct {
	First, Second int // of the dataset's items; the first is the one that the group is like
	Exact         bool
}

// Likeness says how alike the two are.
func (p Pair) Likeness() string {
	if p.Exact {
		return "same bytes"
	}
	return "nearly the same"
}

// DuplicatePairs are the images of a dataset beside their copies: of each group, the leader with each other.
func DuplicatePairs(data *imagefolder.Dataset) []Pair {
	var pairs []Pair
	for _, group := range data.Duplicates {
		for _, i := range group.Items {
			if i != group.Leader {
				pairs = append(pairs, Pair{group.Leader, i, data.Items[i].SHA256 == data.Items[group.Leader].SHA256})
			}
		}
	}
	return pairs
}

// ratioBins are the edges of the aspect ratios, in steps of a sixth of an octave around 1.
func ratioBins(low, high float64) []float64 {
	const perOctave = 6
	first := math.Floor(math.Log2(low)*perOctave - 0.5)
	last := math.Ceil(math.Log2(high)*perOctave + 0.5)
	var edges []float64
	for step := first; step <= last && len(edges) < 200; step++ {
		edges = append(edges, math.Exp2((step+0.5)/perOctave))
	}
	return edges
}

// ImageSizes are the widths, heights and aspect ratios of a dataset's images. Where all have one size, it is a sentence. part is a phrase that
// says which images these are; empty: all.
func ImageSizes(data *imagefolder.Dataset, part string) (plot sketch.Plot, one string) {
	low, high := math.Inf(1), 0.0
	leastW, mostW, leastH, mostH := math.MaxInt, 0, math.MaxInt, 0
	points := map[string]*sketch.Series{}
	for _, item := range data.Items {
		if item.Width <= 0 || item.Height <= 0 {
			continue
		}
		s := points[item.Split]
		if s == nil {
			s = &sketch.Series{Name: item.Split, Kind: sketch.KindPoints}
			points[item.Split] = s
		}
		s.X, s.Y = append(s.X, float64(item.Width)), append(s.Y, float64(item.Height))
		ratio := float64(item.Width) / float64(item.Height)
		low, high = min(low, ratio), max(high, ratio)
		leastW, mostW, leastH, mostH = min(leastW, item.Width), max(mostW, item.Width), min(leastH, item.Height), max(mostH, item.Height)
	}
	if leastW == mostW && leastH == mostH {
		return plot, fmt.Sprintf("all images%s have %d x %d pixels", part, mostW, mostH)
	}
	if len(points) == 0 {
		return plot, fmt.Sprintf("the dataset has no image%s", part)
	}
	bins := sketch.Series{Kind: sketch.KindBins, X: ratioBins(low, high)}
	bins.Y = make([]float64, max(0, len(bins.X)-1))
	for _, s := range points {
		for i := range s.X {
			at := 0
			for at < len(bins.Y)-1 && s.X[i]/s.Y[i] >= bins.X[at+1] {
				at++
			}
			bins.Y[at]++
		}
	}
	plot = sketch.Plot{
		Title:    imagefolder.Printable(data.Name) + ": image sizes" + part,
		Subtitle: fmt.Sprintf("widths from %d to %d, heights from %d to %d pixels, aspect ratios from %.2f to %.2f", leastW, mostW, leastH, mostH, low, high),
		Panels: []sketch.View{
			{X: sketch.Axis{Name: "width in pixels", Log: true}, Y: sketch.Axis{Name: "height in pixels", Log: true}},
			{X: sketch.Axis{Name: "aspect ratio, width to height", Log: true}, Y: sketch.Axis{Name: "images"}, Series: []sketch.Series{bins}},
		},
	}
	for _, split := range []string{imagefolder.Train, imagefolder.Val, imagefolder.Test} {
		if s := points[split]; s != nil {
			plot.Panels[0].Series = append(plot.Panels[0].Series, *s)
		}
	}
	return plot, ""
}

// skippedRows is how many skipped files a table lists; the rest is counted.
const skippedRows = 20

// Skipped lists files that are not used.
func Skipped(skipped []imagefolder.Skipped) figure.TableData {
	table := figure.TableData{Title: "Skipped", Header: []string{"file", "why"}}
	for i, s := range skipped {
		if i == skippedRows {
			table.Notes = append(table.Notes, fmt.Sprintf("and %d more: --json lists them all", len(skipped)-i))
			break
		}
		table.Rows = append(table.Rows, []string{imagefolder.Printable(s.Path), s.Reason})
	}
	return table
}
