package drawing

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// ClassBars are precision, recall and F1 of each class, with the averages first. Of more classes than a chart has room for
// it has those with the lowest F1.
func ClassBars(report *metric.Report, notes []string) sketch.Bars {
	b := sketch.Bars{
		Title: "metrics by class", Fraction: true, ExtraName: "images",
		Series: []sketch.BarSeries{{Name: "precision"}, {Name: "recall"}, {Name: "F1"}},
		Notes:  slices.Clone(notes),
	}
	macro, weighted := report.Macro, report.Weighted
	macro.Class, weighted.Class = "macro average", "weighted average"
	classes := report.PerClass
	const averages = 2
	if len(classes) > sketch.MostBars-averages {
		classes = slices.Clone(classes)
		slices.SortStableFunc(classes, func(a, b metric.ClassScore) int { return cmp.Compare(a.F1, b.F1) })
		b.Notes = append(b.Notes, "The classes with the lowest F1 stand first.")
	}
	for _, c := range slices.Concat([]metric.ClassScore{macro, weighted}, classes) {
		b.Names, b.Extra = append(b.Names, imagefolder.Printable(c.Class)), append(b.Extra, sketch.Count(c.Support))
		for i, v := range []float64{c.Precision, c.Recall, c.F1} {
			b.Series[i].Values = append(b.Series[i].Values, v)
		}
	}
	for i, pair := range report.Confused {
		if i == 3 {
			break
		}
		b.Notes = append(b.Notes, fmt.Sprintf("%s is predicted as %s: %s.", imagefolder.Printable(pair.Label), imagefolder.Printable(pair.Predicted), countOf(pair.Images, "image", "images")))
	}
	return b
}

// mostRanked is how many classes the curves show: as many as there are colors.
const mostRanked = 6

// Ranking are the ROC curve and the precision-recall curve of each class against the rest, with their areas.
func Ranking(report *metric.Report) sketch.Plot {
	whole := [2]float64{0, 1}
	axis := func(name string) sketch.Axis { return sketch.Axis{Name: name, Range: &whole, Fraction: true} }
	r := report.Ranking
	p := sketch.Plot{Title: "ROC and precision-recall curves", Panels: []sketch.View{
		{Name: "ROC, area under the curve", X: axis("false positive rate"), Y: axis("true positive rate"), Diagonal: true},
		{Name: "precision-recall, average precision", X: axis("recall"), Y: axis("precision")},
	}}
	if r.ROCAUC != nil {
		p.Subtitle = fmt.Sprintf("each class against the rest · mean over %s: ROC AUC %.4f, average precision %.4f",
			countOf(defined(r), "class", "classes"), *r.ROCAUC, *r.AveragePrecision)
	}
	areas := map[string]metric.RankedClass{}
	for _, c := range r.PerClass {
		areas[c.Class] = c
	}
	for _, curve := range r.Curves[:min(len(r.Curves), mostRanked)] {
		c, name := areas[curve.Class], imagefolder.Printable(curve.Class)
		for i, of := range []struct {
			points []metric.Point
			area   float64
		}{{curve.ROC, *c.ROCAUC}, {curve.PR, *c.AveragePrecision}} {
			s := sketch.Series{Name: fmt.Sprintf("%s %.4f", sketch.Label(name, 28), of.area), Kind: sketch.KindLine}
			for _, point := range of.points {
				s.X, s.Y = append(s.X, point.X), append(s.Y, point.Y)
			}
			p.Panels[i].Series = append(p.Panels[i].Series, s)
		}
	}
	if n := defined(r); n > mostRanked {
		p.Notes = append(p.Notes, fmt.Sprintf("The %d classes with the smallest area under the ROC curve, of %d.", mostRanked, n))
	}
	if n := len(r.PerClass) - defined(r); n > 0 {
		p.Notes = append(p.Notes, countOf(n, "class has", "classes have")+" no area, since none or all of the images have the label.")
	}
	return p
}

// defined is how many classes have an area.
func defined(r *metric.Ranking) int {
	n := 0
	for _, c := range r.PerClass {
		if c.ROCAUC != nil {
			n++
		}
	}
	return n
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Thresholds is what another threshold would change, for one of two classes.
func Thresholds(t *metric.Thresholds) sketch.Plot {
	whole := [2]float64{0, 1}
	view := sketch.View{X: sketch.Axis{Name: "threshold", Range: &whole, Fraction: true}, Y: sketch.Axis{Range: &whole, Fraction: true}}
	var x []float64
	for _, point := range t.Points {
		x = append(x, point.Threshold)
	}
	var best metric.Threshold
	for _, of := range []struct {
		name  string
		value func(metric.Threshold) float64
	}{
		{"precision", func(p metric.Threshold) float64 { return p.Precision }}, {"recall", func(p metric.Threshold) float64 { return p.Recall }},
		{"F1", func(p metric.Threshold) float64 { return p.F1 }}, {"accuracy", func(p metric.Threshold) float64 { return p.Accuracy }},
	} {
		s := sketch.Series{Name: of.name, Kind: sketch.KindLine, X: x}
		for _, point := range t.Points {
			s.Y = append(s.Y, of.value(point))
			if point.Threshold == t.Best {
				best = point
			}
		}
		view.Series = append(view.Series, s)
	}
	view.Rules = []sketch.Rule{{At: t.Best, Label: fmt.Sprintf("highest F1 at %.2f", t.Best)}}
	return sketch.Plot{
		Title: fmt.Sprintf("threshold for %s", imagefolder.Printable(t.Class)),
		Subtitle: fmt.Sprintf("an image is predicted as %s from this probability on · highest F1 %.1f %% at %.2f: precision %.1f %%, recall %.1f %%",
			imagefolder.Printable(t.Class), 100*best.F1, t.Best, 100*best.Precision, 100*best.Recall),
		Panels: []sketch.View{view},
		Notes:  []string{"A threshold chosen on these images looks better on them than on others: choose on the validation images, and report the test's."},
	}
}

// Reliability compares confidence with accuracy.
func Reliability(report *metric.Report) figure.ReliabilityData {
	d := figure.ReliabilityData{Title: "reliability diagram", ECE: report.Calibration.ECE}
	for _, b := range report.Calibration.Bins {
		d.Bins = append(d.Bins, figure.ReliabilityBin{Lower: b.Low, Upper: b.High, Confidence: b.Confidence, Accuracy: b.Accuracy, Count: b.Images})
	}
	return d
}

// TopLosses are the images with the highest loss: actual and predicted class, loss, probabilities, file.
func TopLosses(report *metric.Report, data *imagefolder.Dataset, limit int) (figure.GridData, error) {
	index := map[string]int{}
	for i, item := range data.Items {
		index[item.Path] = i
	}
	grid := figure.GridData{Title: "top losses", Thumb: 132}
	for _, m := range report.TopLosses[:min(limit, len(report.TopLosses))] {
		cell := figure.Cell{
			Mark: figure.MarkRight, Title: fmt.Sprintf("loss %.3f", m.Loss), Caption: "actual " + imagefolder.Printable(m.Label) + " " + percent(m.OfLabel),
			Lines: []string{"predicted " + imagefolder.Printable(m.Predicted) + " " + percent(m.Probability), imagefolder.Printable(path.Base(m.Path))},
		}
		if m.Label != m.Predicted {
			cell.Mark = figure.MarkWrong
		}
		if i, ok := index[m.Path]; ok {
			pixels, err := ItemPixels(data, i)
			if err != nil {
				return grid, err
			}
			cell.Image = figure.RGB(pixels, ThumbSide, ThumbSide)
		}
		grid.Cells = append(grid.Cells, cell)
	}
	return grid, nil
}

// MirrorNote says that probabilities are averaged with those of the mirror images.
const MirrorNote = "averaged with the mirror images"

// Quality is the accuracy of images with its interval, that of labels, or how near predicted numbers are.
func Quality(r *metric.Report) string {
	switch {
	case r.Values != nil:
		return fmt.Sprintf("mean absolute error %.4g, root mean squared error %.4g, R2 %.3f", r.Values.MAE, r.Values.RMSE, r.Values.R2)
	case r.AccuracyInterval == nil:
		return fmt.Sprintf("accuracy of the labels %.1f %%", 100*r.Accuracy)
	}
	return "accuracy " + metric.Percent(r.Accuracy, r.Images)
}
