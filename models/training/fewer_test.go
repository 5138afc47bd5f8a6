package training

import (
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// TestAResumedRunGetsTheEpochsThatAreAskedFor also where they are fewer than were planned. Epochs that are trained are not taken back.
func TestAResumedRunGetsTheEpochsThatAreAskedFor(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home, job.Request.Name, job.Recipe.Epochs = t.TempDir(), "long", 50
	abort := make(chan struct{})
	job.Control.Abort = abort
	if _, err := Fit(t.Context(), device, job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent && e.Epoch.Epoch == 3 {
			close(abort)
		}
	}); !errors.Is(err, progress.ErrAborted) {
		t.Fatal(err)
	}
	job.Control.Abort = nil
	job.Recipe.Epochs = 2
	_, err := Resume(t.Context(), device, job, nil)
	if refused, ok := errors.AsType[*recipe.FieldError](err); !ok || refused.Field != "epochs" {
		t.Errorf("with fewer epochs than it has: %v", err)
	}
	for _, epochs := range []int{5, 0} { // 0: as planned, which is 5 by now
		job.Recipe.Epochs = epochs
		m, err := Resume(t.Context(), device, job, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.History) != 5 || m.Status != progress.Finished || m.Provenance.Recipe.Epochs != 5 {
			t.Errorf("asked for %d: %d epochs, %s, and the recipe says %d", epochs, len(m.History), m.Status, m.Provenance.Recipe.Epochs)
		}
		m.Close()
	}
	if runs, err := record.Runs(job.Environment.Home); err != nil || len(runs) != 1 || runs[0].Epochs != 5 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
}
