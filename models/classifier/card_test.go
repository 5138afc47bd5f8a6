package classifier

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// The card says what moved, not what was asked for, and a stage that stayed where it was is warned of.
func TestCardSaysWhatMoved(t *testing.T) {
	device := modeltest.XLA(t, 1)
	cardRow := func(m *Model) string {
		for _, line := range strings.Split(m.Card(nil), "\n") {
			if strings.HasPrefix(line, "| Fine-tuned |") {
				return line
			}
		}
		return ""
	}
	for name, c := range map[string]struct {
		change func(*recipe.Recipe)
		want   string
		warned bool
	}{
		"as it is":          {func(*recipe.Recipe) {}, "| Fine-tuned | from conv3; the weights changed by: conv3 ", false},
		"frozen":            {func(r *recipe.Recipe) { r.Unfreeze = recipe.StageNone }, "| Fine-tuned | none: the backbone stayed frozen |", false},
		"too low a rate":    {func(r *recipe.Recipe) { r.StageRate = 1e-20 }, "| Fine-tuned | none: unfrozen from conv3, but no weight of the backbone changed |", true},
		"too low for conv2": {func(r *recipe.Recipe) { r.Unfreeze, r.StageRate, r.LearningRate = "conv2", 3e-4, 0.01 }, "| Fine-tuned | from conv3; the weights changed by: conv3 ", true},
	} {
		t.Run(name, func(t *testing.T) {
			warned := false
			job := fineTuned(t, head.Default, modeltest.Options())
			c.change(&job.Recipe)
			result, err := training.Fit(t.Context(), device, job, func(e progress.Event) {
				warned = warned || e.Kind == progress.DiagnosisEvent && e.Diagnosis.Code == training.CodeUnchanged
			})
			if err != nil {
				t.Fatal(err)
			}
			m := New(result)
			defer m.Close()
			if got := cardRow(m); !strings.HasPrefix(got, c.want) || strings.Contains(got, "conv2 ") {
				t.Errorf("the card says %q, want %q", got, c.want)
			}
			if warned != c.warned {
				t.Errorf("warned of stages that hardly changed: %t", warned)
			}
		})
	}
}

// The card of a model that was trained without validation images has no results of a validation.
func TestCardWithoutValidation(t *testing.T) {
	m := fit(t, modeltest.PureGo(t), smallJob(t))
	for _, c := range []struct {
		epoch history.Epoch
		rows  int
	}{{history.Epoch{Epoch: 1, Loss: 1, Accuracy: 0.5, Best: true}, 0}, {history.Epoch{Epoch: 1, Loss: 1, Accuracy: 0.5, ValLoss: 1, Best: true}, 1}} {
		m.History = history.History{c.epoch}
		if card := m.Card(nil); strings.Count(card, "| validation |") != c.rows || !strings.Contains(card, "| training, epoch 1 |") {
			t.Errorf("of %+v the card says\n%s", c.epoch, card)
		}
	}
}
