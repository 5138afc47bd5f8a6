package drawing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// familyOf is the candidates that differ in C alone.
func familyOf(c selection.Candidate) string {
	return string(c.Kind) + " " + strings.Join(c.Stages, "+") + " " + string(c.Normalization)
}

// SelectionTable shows what cross-validation compared, with the best C of each kind, stages and normalization, and what it chose.
func SelectionTable(r *selection.Report) display.Bundle {
	t := figure.TableData{
		Title:  "cross-validation",
		Header: []string{"", "classifier", "stages", "features", "C", "accuracy", "std error", "behind", "std error"}, Right: []int{4, 5, 6, 7, 8},
	}
	seen := map[string]bool{familyOf(r.Choice().Candidate): true} // the chosen C stands for its family
	for i, s := range r.Scores {
		family := familyOf(s.Candidate)
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
			c = fmt.Sprintf("%.3g", s.C)
		}
		t.Rows = append(t.Rows, []string{
			mark, string(s.Kind), strings.Join(s.Stages, "+"), string(s.Normalization), c, percent(s.Accuracy), percent(s.Error), percent(s.Behind), percent(s.Apart),
		})
	}
	t.Notes = []string{
		"Chosen is the candidate with the lowest loss of those within one standard error of the highest accuracy, compared image by image.",
		fmt.Sprintf("These accuracies chose the classifier, so that the highest is too high; the validation images have judged the chosen one once. "+
			"%d-fold, %d of %d training images.", r.Folds, r.Images, r.Of),
		fmt.Sprintf("Probabilities are scaled by the temperature %.2g of the held-out predictions.", r.Choice().Temperature),
	}
	return figure.Table(t)
}

func percent(fraction float64) string { return fmt.Sprintf("%.1f %%", 100*fraction) }

// selectionCurves draw the cross-validated accuracy over C, for the best normalization of each set of stages.
func selectionCurves(r *selection.Report) figure.Panel {
	panel := figure.Panel{Name: "held-out accuracy", Fraction: true}
	seen := map[string]bool{}
	for _, best := range r.Scores {
		stages := strings.Join(best.Stages, "+")
		if best.Kind != selection.Logistic || seen[stages] {
			continue
		}
		seen[stages] = true
		line := figure.Line{Name: stages + ", " + string(best.Normalization)}
		for _, s := range byC(r.Scores, familyOf(best.Candidate)) {
			line.Values = append(line.Values, s.Accuracy)
		}
		panel.Lines = append(panel.Lines, line)
	}
	return panel
}

// byC are the scores of a family by ascending C.
func byC(scores []selection.Score, family string) []selection.Score {
	var list []selection.Score
	for _, s := range scores {
		if familyOf(s.Candidate) == family {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b selection.Score) int { return cmp.Compare(a.C, b.C) })
	return list
}

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
