package drawing

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// Hostile names, runs without an epoch and runs without validation images are shown as what they are.
func TestComparisonOfStrangeRuns(t *testing.T) {
	long := strings.Repeat("a", 60)
	strange := func(name, model string, history history.History) ComparedRun {
		s := runstatus.Stand{Run: record.Run{Name: name, Model: model, Digest: name, History: history, Recipe: recipe.DefaultRecipe()}}
		return ComparedRun{Card: s.Card(), stand: s}
	}
	c := &Comparison{Runs: []ComparedRun{
		strange(long+"1", "<b>\x1b[31m", nil), strange(long+"2", "<b>\x1b[31m", history.History{{Epoch: 1, ValAccuracy: 0.5}}),
	}}
	labels := c.labels()
	if sketch.Label(labels[0], seriesName) == sketch.Label(labels[1], seriesName) {
		t.Errorf("a chart does not tell the names %q apart", labels)
	}
	text := strings.Join(strings.Fields(c.Curves().Text(88)), " ") // as if no line were wrapped
	if !strings.Contains(text, "waiting for the first epoch") || !strings.Contains(text, "different images or splits") ||
		!strings.Contains(text, ": no validation images") {
		t.Errorf("the comparison says:\n%s", text)
	}
	c.Runs[0].Model = "<i>"
	if labels := c.labels(); labels[0] != "<i>" {
		t.Errorf("models with names of their own are called %q", labels)
	}
	if shown := c.Table().HTML() + c.Table().Text(); strings.Contains(shown, "\x1b") || !strings.Contains(shown, "&lt;i&gt;") ||
		strings.Contains(c.Table().HTML(), "<i>") {
		t.Errorf("a name got through as it was: %s", shown)
	}
}
