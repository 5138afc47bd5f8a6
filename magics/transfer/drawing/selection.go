package drawing

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// SelectionTable shows what cross-validation compared, with the best C of each kind, stages and normalization, and what it chose; validated:
// whether there are validation images, which have judged that.
func SelectionTable(r *selection.Report, validated bool) display.Bundle {
	t := figure.TableData{
		Title:  "cross-validation",
		Header: []string{"", "classifier", "stages", "features", "C", "accuracy", "std error", "behind", "std error"}, Right: []int{4, 5, 6, 7, 8},
	}
	seen := map[string]bool{r.Choice().Family(): true} // the chosen C stands for its family
	for i, s := range r.Scores {
		family := s.Family()
		if i != r.Chosen && seen[family] {
			continue
		}
		seen[family] = true
		mark, c := "", ""
		if i == r.Chosen {
			mark = "chosen"
		} else if s.Tied() {
			mark = "tied"
		}
		if s.C > 0 {
			c = s.Decimals()
		}
		t.Rows = append(t.Rows, []string{
			mark, string(s.Kind), strings.Join(s.Stages, "+"), string(s.Normalization), c, percent(s.Accuracy), percent(s.Error), percent(s.Behind), percent(s.Apart),
		})
	}
	judged := ""
	if validated {
		judged = "; the validation images have judged the chosen one once"
	}
	t.Notes = []string{
		"Chosen is the candidate with the lowest loss of those within one standard error of the highest accuracy, compared image by image.",
		fmt.Sprintf("These accuracies chose the classifier, so that the highest is too high%s. %d-fold, %d of %d training images.", judged,
			r.Folds, r.Images, r.Of),
		fmt.Sprintf("Probabilities are scaled by the temperature %.2g of the held-out predictions.", r.Choice().Temperature),
	}
	return figure.Table(t)
}

func percent(fraction float64) string { return fmt.Sprintf("%.1f %%", 100*fraction) }

// selectionPlot draws the cross-validated accuracy over C, under the heading of the run's curves.
func selectionPlot(d figure.CurvesData, r *selection.Report) sketch.Plot {
	view := sketch.View{Name: "held-out accuracy", X: sketch.Axis{Name: axisOfC, Log: true}, Y: sketch.Axis{Fraction: true}}
	for _, curve := range r.Curves() {
		view.Series = append(view.Series, sketch.Series{Name: curve.Name, Kind: sketch.KindLine, X: curve.C, Y: curve.Accuracies})
	}
	return sketch.Plot{Title: d.Title, Subtitle: d.Summary(), Panels: []sketch.View{view}, Notes: d.Notes}
}

// axisOfC is what the accuracies of a selection are drawn over. C is scikit-learn's: less is stronger regularization.
const axisOfC = "C (log scale)"

func selectionProgress(name string, p *selection.Progress) figure.ProgressData {
	label := name + ": cross-validation"
	if p == nil {
		return figure.ProgressData{Label: label}
	}
	if p.Best != nil {
		label += fmt.Sprintf(", best so far %s ± %s", percent(p.Best.Accuracy), percent(p.Best.Error))
	}
	return figure.ProgressData{Label: label, Done: p.Done, Total: p.Total, Unit: "fits"}
}
