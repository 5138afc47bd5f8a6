package nbhelpers

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/result"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// stringTable takes the first row as the header.
func stringTable(rows [][]string) sketch.Table {
	if len(rows) == 0 {
		return sketch.Table{}
	}
	return result.Numbered(sketch.Table{Header: rows[0], Rows: rows[1:]})
}

func predictionTable(predictions []prediction.Prediction) sketch.Table {
	t := sketch.Table{Header: []string{"image", "truth", "class", "probability", "then"}, Right: []int{3}}
	for _, p := range predictions {
		var then []string
		for _, score := range p.Top[min(1, len(p.Top)):] {
			then = append(then, score.Class+" "+sketch.Percent(score.Probability))
		}
		t.Rows = append(t.Rows, []string{p.Name, p.Truth, p.Class(), sketch.Percent(p.Probability()), strings.Join(then, ", ")})
	}
	return t
}

func reportTable(r warm.Report) sketch.Table {
	where := r.Split
	if r.Dir != "" {
		where = r.Dir
	}
	accuracy := sketch.Percent(r.Accuracy)
	if r.AccuracyHigh > 0 {
		accuracy = fmt.Sprintf("%s (95 %% interval %s to %s)", accuracy, sketch.Percent(r.AccuracyLow), sketch.Percent(r.AccuracyHigh))
	}
	t := sketch.Table{
		Title:  fmt.Sprintf("%s on %s: accuracy %s, loss %s, %s images", r.Model, where, accuracy, sketch.Number(r.Loss), sketch.Count(r.Images)),
		Header: []string{"class", "precision", "recall", "F1", "images"}, Right: []int{1, 2, 3, 4},
	}
	for _, c := range r.Classes {
		t.Rows = append(t.Rows, []string{c.Label, sketch.Percent(c.Precision), sketch.Percent(c.Recall), sketch.Percent(c.F1), sketch.Count(c.Images)})
	}
	return t
}
