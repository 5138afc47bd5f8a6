package drawing

import (
	"cmp"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// How many images a matrix names: with 40 classes and long paths the payload stays below 150 kB.
const (
	mostInCell   = 50
	mostInMatrix = 500
)

// A ConfusionCard is a confusion matrix for the notebook extension, which shows the images behind a cell of it. It asks %dataset
// for them: {"dataset": Dataset, "only": [paths]} is answered as a page of the dataset panel.
//
// Classes and paths come from file names: they are text, and never markup.
type ConfusionCard struct {
	Title   string           `json:"title"`
	Dataset string           `json:"dataset"`  // by which %dataset knows the images
	Classes []string         `json:"classes"`  // of rows and columns, printable
	Of      int              `json:"of"`       // classes of the model, of which Classes are those with the most mistakes
	Counts  [][]int          `json:"counts"`   // [true class][predicted class] images
	Totals  []int            `json:"totals"`   // images of each true class: a cell's fraction of its row is its count divided by that
	Images  []ConfusionImage `json:"images"`   // mistakes first, then by cell; in a cell the highest loss first; at most 50 of a cell
	LeftOut int              `json:"left_out"` // images that are counted and not named
}

// A ConfusionImage is an image behind a cell.
type ConfusionImage struct {
	Actual      string  `json:"actual"`    // one of Classes
	Predicted   string  `json:"predicted"` // one of Classes
	Path        string  `json:"path"`      // relative to the folder, printable
	Probability float64 `json:"probability"`
}

// Confusion is the confusion matrix in every form. The dataset is the name by which the extension asks for images.
func Confusion(report *metric.Report, title, dataset string, notes []string) display.Bundle {
	data := figure.ConfusionData{Title: title, Counts: report.Confusion, Notes: notes}
	for _, class := range report.Classes {
		data.Labels = append(data.Labels, imagefolder.Printable(class))
	}
	bundle := figure.Confusion(data)
	bundle.Data[figure.MIMEConfusion] = confusionCard(report, data, dataset)
	return bundle
}

func confusionCard(report *metric.Report, data figure.ConfusionData, dataset string) ConfusionCard {
	shown, order := data.Shown()
	card := ConfusionCard{
		Title: data.Title, Dataset: dataset, Classes: slices.Clone(shown.Labels), Of: len(data.Labels),
		Counts: [][]int{}, Totals: []int{}, Images: []ConfusionImage{},
	}
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
	for _, at := range mistakesFirst(cells) {
		judged := cells[at]
		slices.SortStableFunc(judged, func(a, b metric.Judgment) int { return cmp.Compare(b.Loss(), a.Loss()) })
		named := judged[:min(len(judged), mostInCell, mostInMatrix-len(card.Images))]
		for _, j := range named {
			card.Images = append(card.Images, ConfusionImage{
				Actual: card.Classes[at[0]], Predicted: card.Classes[at[1]], Path: imagefolder.Printable(j.Path), Probability: j.Probability,
			})
		}
		card.LeftOut += len(judged) - len(named)
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
