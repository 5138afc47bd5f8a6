package drawing

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/training/recipe"
)

// A Setting is one property of compared runs: a hyper-parameter, or what else makes or measures their models.
type Setting struct {
	Name    string   `json:"name"`
	Values  []string `json:"values"` // one for each run, in their order
	Differs bool     `json:"differs"`
	Measure bool     `json:"measure,omitempty"` // the outcome of the training, not a choice before it
}

// Settings lists everything by which runs can differ, and how they came out.
func (c *Comparison) Settings() []Setting {
	var list []Setting
	add := func(name string, of func(ComparedRun) string) {
		cells := c.each(of)
		list = append(list, Setting{Name: name, Values: cells, Differs: !same(cells)})
	}
	add("dataset", func(r ComparedRun) string { return r.Dataset })
	add("dataset sha256", func(r ComparedRun) string { return r.stand.Digest[:min(8, len(r.stand.Digest))] })
	add("model", func(r ComparedRun) string { return r.Model })
	add("backbone", func(r ComparedRun) string {
		a := r.stand.Backbone.Architecture
		return fmt.Sprintf("%s, %s, %s, %s", a.Name(), a.Cut, a.Pool, a.Preprocess)
	})
	add("weights", func(r ComparedRun) string { return r.Weights })
	var recipes []recipe.Recipe
	for _, r := range c.Runs {
		recipes = append(recipes, r.stand.Recipe)
	}
	for _, f := range recipe.Fields(recipes...) {
		cells := make([]string, len(f.Values))
		for i, v := range f.Values {
			cells[i] = valueText(v)
		}
		list = append(list, Setting{Name: strings.ReplaceAll(f.Field, "_", " "), Values: cells, Differs: f.Differs()})
	}
	choices := len(list)
	add("completed epochs", func(r ComparedRun) string { return fmt.Sprintf("%d/%d", r.Epoch, r.Epochs) })
	add("kept epoch", func(r ComparedRun) string { return epochText(r.KeptEpoch) })
	add("val accuracy", func(r ComparedRun) string { return intervalOf(r.KeptValAccuracy, r.AccuracyImages()) })
	add("highest val accuracy", func(r ComparedRun) string { return percentOf(r.HighestValAccuracy) })
	for i := range list[choices:] {
		list[choices+i].Measure = true
	}
	return list
}
