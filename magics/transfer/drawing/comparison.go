package drawing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// seriesName is how many columns of a series' name every form of a figure shows at least.
const seriesName = 40

// A Comparison is runs side by side.
type Comparison struct {
	Runs        []ComparedRun            `json:"runs"`
	Differences []recipe.FieldDifference `json:"differences"`
}

// A ComparedRun is a run with what a comparison says of it beyond its card.
type ComparedRun struct {
	runstatus.Card
	Weights string `json:"weights"` // of the backbone
	// KeptEpoch is the epoch whose weights are kept; 0 before the first.
	KeptEpoch       int      `json:"kept_epoch,omitempty"`
	KeptValAccuracy *float64 `json:"kept_val_accuracy,omitempty"`

	stand runstatus.Stand
}

// Compare finds the runs of some names, each the name of a run or of a model.
func Compare(l *lab.Lab, names []string) (*Comparison, error) {
	c := &Comparison{}
	var recipes []recipe.Recipe
	for i, name := range names {
		stand, err := l.RunOrModel(name)
		if err != nil {
			return nil, err
		}
		if at := slices.IndexFunc(c.Runs, func(r ComparedRun) bool { return r.ID == stand.Name }); at >= 0 {
			return nil, fmt.Errorf("compare %s with %s: both are the run %s; name two runs", names[at], names[i], stand.Name)
		}
		r := ComparedRun{Card: stand.Card(), Weights: stand.Backbone.Weights.String(), stand: stand}
		if kept := stand.Kept(); kept != nil {
			r.KeptEpoch = kept.Epoch
			if r.ValAccuracy != nil {
				r.KeptValAccuracy = &kept.ValAccuracy
			}
		}
		c.Runs, recipes = append(c.Runs, r), append(recipes, stand.Recipe)
	}
	c.Differences = recipe.Differences(recipes...)
	return c, nil
}

// labels name the runs in a chart: by their models where each has one of its own, else by their own names. Names that a chart
// cuts to the same text are numbered.
func (c *Comparison) labels() []string {
	models, runs := make([]string, len(c.Runs)), make([]string, len(c.Runs))
	for i, r := range c.Runs {
		models[i], runs[i] = r.Model, r.ID
	}
	switch {
	case distinct(models):
		return models
	case !distinct(runs):
		for i := range runs {
			runs[i] = fmt.Sprintf("%d: %s", i+1, runs[i])
		}
	}
	return runs
}

// distinct tells whether names are told apart in a chart.
func distinct(names []string) bool {
	seen := map[string]bool{"": true}
	for _, name := range names {
		shown := sketch.Label(name, seriesName)
		if seen[shown] {
			return false
		}
		seen[shown] = true
	}
	return true
}

// Curves are the validation accuracies and the validation losses, a line for each run.
func (c *Comparison) Curves() figure.CurvesData {
	accuracy, loss := figure.Panel{Name: "validation accuracy", Fraction: true}, figure.Panel{Name: "validation loss"}
	labels := c.labels()
	for i, r := range c.Runs {
		a, l := figure.Line{Name: labels[i]}, figure.Line{Name: labels[i]}
		if r.stand.ValImages > 0 {
			for _, e := range r.stand.History {
				if l.Values = append(l.Values, e.ValLoss); r.stand.Recipe.Task != recipe.Regression { // that has none
					a.Values = append(a.Values, e.ValAccuracy)
				}
			}
		}
		accuracy.Lines, loss.Lines = append(accuracy.Lines, a), append(loss.Lines, l)
	}
	return figure.CurvesData{
		Title: "comparison of " + strings.Join(labels, ", "), Panels: []figure.Panel{accuracy, loss}, Notes: c.notes(),
	}
}

// notes are what a reader of the comparison must know, each once, with the runs that it is about.
func (c *Comparison) notes() []string {
	var notes []string
	if !same(c.each(func(r ComparedRun) string { return r.stand.Digest })) {
		notes = append(notes, "The runs had different images or splits, so their accuracies are not of the same validation images.")
	}
	var about []string
	runs := map[string][]string{} // by what is said about them
	for i, label := range c.labels() {
		said := WeightsNotes(c.Runs[i].stand.Backbone.Weights)
		if c.Runs[i].stand.ValImages == 0 {
			said = append(said, "no validation images")
		}
		for _, note := range said {
			if runs[note] == nil {
				about = append(about, note)
			}
			runs[note] = append(runs[note], label)
		}
	}
	for _, note := range about {
		notes = append(notes, strings.Join(runs[note], ", ")+": "+note)
	}
	return notes
}

// each is something of every run.
func (c *Comparison) each(of func(ComparedRun) string) []string {
	cells := make([]string, len(c.Runs))
	for i, r := range c.Runs {
		cells[i] = of(r)
	}
	return cells
}

func same(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return cell != cells[0] })
}

// Table has a row for each run; what is the same in all runs is left out, except for the weights.
func (c *Comparison) Table() figure.TableData {
	t := figure.TableData{
		Title: "comparison", Rows: make([][]string, len(c.Runs)),
		Notes: []string{"val accuracy is that of the kept epoch, whose weights the model has."},
	}
	column := func(name string, cells []string) {
		t.Header = append(t.Header, name)
		for i, cell := range cells {
			t.Rows[i] = append(t.Rows[i], cell)
		}
	}
	number := func(name string, of func(ComparedRun) string) {
		t.Right = append(t.Right, len(t.Header))
		column(name, c.each(of))
	}
	differing := func(name string, of func(ComparedRun) string) {
		if cells := c.each(of); !same(cells) {
			column(name, cells)
		}
	}
	column("run", c.each(func(r ComparedRun) string { return r.ID }))
	differing("model", func(r ComparedRun) string { return r.Model })
	differing("dataset", func(r ComparedRun) string { return r.Dataset })
	differing("backbone", func(r ComparedRun) string {
		id := r.stand.Backbone
		return fmt.Sprintf("%s, %s, %s, %s", id.Name(), id.Cut(), id.Architecture.Pool, id.Architecture.Preprocess)
	})
	column("weights", c.each(func(r ComparedRun) string { return r.Weights }))
	for _, d := range c.Differences {
		if d.Field == "epochs" {
			continue // in a column of its own
		}
		cells := make([]string, len(d.Values))
		for i, v := range d.Values {
			cells[i] = valueText(v)
		}
		column(strings.ReplaceAll(d.Field, "_", " "), cells)
	}
	number("epochs", func(r ComparedRun) string { return fmt.Sprintf("%d/%d", r.Epoch, r.Epochs) })
	number("kept epoch", func(r ComparedRun) string { return epochText(r.KeptEpoch) })
	number("val accuracy", func(r ComparedRun) string { return intervalOf(r.KeptValAccuracy, r.AccuracyImages()) })
	number("highest val accuracy", func(r ComparedRun) string { return percentOf(r.HighestValAccuracy) })
	if len(c.Differences) == 0 {
		t.Notes = append(t.Notes, "All hyper-parameters are the same.")
	}
	return t
}

// epochText is the number of an epoch; empty where there is none.
func epochText(epoch int) string {
	if epoch == 0 {
		return ""
	}
	return strconv.Itoa(epoch)
}

// valueText is the value of a hyper-parameter for people.
func valueText(v any) string {
	if text := fmt.Sprint(v); text != "" {
		return text
	}
	return "none"
}
