package training

import (
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Whoever waits for the name of a run to be taken waits no longer than that.
func TestRecordedIsCalledBeforeTheFirstEpoch(t *testing.T) {
	job := smallJob(t)
	job.Environment.Home, job.Request.Name, job.Recipe.Epochs = t.TempDir(), "waited-for", 2
	called, epochs := 0, 0
	job.Control.Recorded = func() {
		called++
		if _, err := record.ReadRun(job.Environment.Home, "waited-for"); err != nil || epochs > 0 {
			t.Errorf("called after %d epochs, when the record is %v", epochs, err)
		}
	}
	r, err := Fit(t.Context(), modeltest.PureGo(t), job, func(e progress.Event) {
		if e.Kind == progress.EpochEvent {
			epochs++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if called != 1 || epochs != 2 {
		t.Errorf("called %d times in %d epochs", called, epochs)
	}
}
