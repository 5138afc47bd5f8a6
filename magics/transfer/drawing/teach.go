package drawing

import (
	"fmt"

	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// TaughtTable lists what a model was taught.
func TaughtTable(t *teaching.Taught) display.Bundle {
	table := figure.TableData{
		Title: fmt.Sprintf("%s, a nearest centroid on %s", t.Model, t.Backbone), Header: []string{"class", "images"}, Right: []int{1},
		Footer: []string{"all", fmt.Sprint(t.Images)},
	}
	for _, c := range t.Classes {
		table.Rows = append(table.Rows, []string{c.Name, fmt.Sprint(c.Images)})
	}
	switch {
	case !t.Ready:
		table.Notes = []string{"It predicts as soon as two classes have images."}
	case t.Accuracy != nil:
		table.Notes = []string{fmt.Sprintf("Each image judged by the others: accuracy %s. Images of one scene are more alike than those to come.",
			metric.Percent(*t.Accuracy, t.Judged))}
	}
	return figure.Table(table)
}
