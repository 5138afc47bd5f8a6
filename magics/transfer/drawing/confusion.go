package drawing

import (
	"cmp"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// How many images a matrix names: with 40 classes and long paths the payload stays below 300 kB.
const (
	mostInCell   = 50
	mostInMatrix = 1000
)

// A ConfusionCard is a confusion matrix for the notebook extension, which shows the images behind a cell of it. It asks
// %evaluate for them: {"evaluation": Evaluation, "images": [numbers]} is answered by {"items": [...]}.
//
// Classes and paths come from file names: they are text, and never markup.
type ConfusionCard struct {
	Evaluation string          `json:"evaluation"` // by which %evaluate knows it; an evaluation of an earlier process is unknown
	Title      string          `json:"title"`
	Classes    []string        `json:"classes"`  // of rows and columns
	Of         int             `json:"of"`       // classes of the model, of which Classes are those with the most mistakes
	Counts     [][]int         `json:"counts"`   // [true class][predicted class] images
	Totals     []int           `json:"totals"`   // images of each true class: a cell's fraction of its row is its count divided by that
	Cells      []ConfusionCell `json:"cells"`    // those with images; mistakes first
	LeftOut    int             `json:"left_out"` // images that are counted and not named
}

// A ConfusionCell names images of a cell, those with the highest loss first.
type ConfusionCell struct {
	Truth     int              `json:"truth"`     // row, an index of Classes
	Predicted int              `json:"predicted"` // column
	Images    []ConfusionImage `json:"images"`    // at most 50
}

// A ConfusionImage is an image of a cell.
type ConfusionImage struct {
	Number      int     `json:"number"`      // place in the evaluated images, by which it is asked for
	Path        string  `json:"path"`        // relative to the folder, printable
	Probability float64 `json:"probability"` // of the predicted class
}

// Confusion is the confusion matrix in every form. The evaluation is the name by which the extension asks for images.
func Confusion(report *metric.Report, title, evaluation string, notes []string) display.Bundle {
	data := figure.ConfusionData{Title: title, Counts: report.Confusion, Notes: notes}
	for _, class := range report.Classes {
		data.Labels = append(data.Labels, imagefolder.Printable(class))
	}
	bundle := figure.Confusion(data)
	bundle.Data[figure.MIMEConfusion] = confusionCard(report, data, evaluation)
	return bundle
}

func confusionCard(report *metric.Report, data figure.ConfusionData, evaluation string) ConfusionCard {
	shown, order := data.Shown()
	card := ConfusionCard{Evaluation: evaluation, Title: data.Title, Classes: shown.Labels, Of: len(data.Labels), Counts: [][]int{}, Totals: []int{}, Cells: []ConfusionCell{}}
	place := map[int]int{}
	for row, class := range order {
		place[class] = row
		counts, total := make([]int, len(order)), 0
		for column, predicted := range order {
			counts[column] = report.Confusion[class][predicted]
		}
		for _, n := range report.Confusion[class] {
			total += n
		}
		card.Counts, card.Totals = append(card.Counts, counts), append(card.Totals, total)
	}
	cells := map[[2]int][]metric.Judgment{}
	for _, j := range report.Judgments {
		row, isRow := place[j.Label]
		column, isColumn := place[j.Predicted]
		if isRow && isColumn {
			cells[[2]int{row, column}] = append(cells[[2]int{row, column}], j)
		} else {
			card.LeftOut++
		}
	}
	named := 0
	for _, at := range mistakesFirst(cells) {
		judged := cells[at]
		slices.SortStableFunc(judged, func(a, b metric.Judgment) int { return cmp.Compare(b.Loss(), a.Loss()) })
		cell := ConfusionCell{Truth: at[0], Predicted: at[1], Images: []ConfusionImage{}}
		for _, j := range judged[:min(len(judged), mostInCell, mostInMatrix-named)] {
			cell.Images = append(cell.Images, ConfusionImage{Number: j.Index, Path: imagefolder.Printable(j.Path), Probability: j.Probability})
		}
		named += len(cell.Images)
		card.LeftOut += len(judged) - len(cell.Images)
		if len(cell.Images) > 0 {
			card.Cells = append(card.Cells, cell)
		}
	}
	return card
}

// mistakesFirst orders cells: those off the diagonal first, then by row and column.
func mistakesFirst(cells map[[2]int][]metric.Judgment) [][2]int {
	var order [][2]int
	for at := range cells {
		order = append(order, at)
	}
	right := func(at [2]int) int {
		if at[0] == at[1] {
			return 1
		}
		return 0
	}
	slices.SortFunc(order, func(a, b [2]int) int {
		return cmp.Or(cmp.Compare(right(a), right(b)), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	return order
}
