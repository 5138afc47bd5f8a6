package training

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// Environment of the process that the test starts and kills.
const (
	killHome   = "HEADSTART_TEST_KILL_HOME"
	killImages = "HEADSTART_TEST_KILL_IMAGES"
)

// killJob is the training that is killed: epochs long enough to be hit, and all that has to be restored.
func killJob(t *testing.T, home, images string) Job {
	job := Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Load(t, images), Backbone: modeltest.Backbone(t, modeltest.Options()),
		Environment: Environment{Home: home}, Request: Request{Name: "killed"},
	}
	r := &job.Recipe
	r.Epochs, r.BatchSize, r.AccumulatedSteps, r.Seed = 200, 8, 2, 3
	r.Head, r.Schedule = "dense:16:relu,batchnorm,dropout:0.3", recipe.SchedulePlateau
	return job
}

// TestKilledChild is the process that is killed, not a test of its own.
func TestKilledChild(t *testing.T) {
	home := os.Getenv(killHome)
	if home == "" {
		t.Skip("this is the child of TestKilledAtAnyMoment")
	}
	job := killJob(t, home, os.Getenv(killImages))
	device := modeltest.PureGo(t)
	m, err := Resume(context.Background(), device, job, nil)
	if _, missing := record.ReadRun(home, job.Request.Name); missing != nil {
		// Killed before the run had a description: it begins anew, as a user would begin it.
		if err := os.RemoveAll(filepath.Join(home, "runs")); err != nil {
			t.Fatal(err)
		}
		m, err = Fit(context.Background(), device, job, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = m.Close()
}

// A training that is killed at random moments and resumed ends with the same numbers as one that is not. It is killed 8
// times, with HEADSTART_SLOW 50 times, and a table says how far it had come.
func TestKilledAtAnyMoment(t *testing.T) {
	if os.Getenv(killHome) != "" {
		t.Skip("this is the child")
	}
	kills := 8
	if os.Getenv("HEADSTART_SLOW") != "" {
		kills = 50
	}
	images, home := t.TempDir(), t.TempDir()
	modeltest.WriteImages(t, images, 15, "red", "green", "blue")
	start := time.Now()
	want := fit(t, modeltest.PureGo(t), killJob(t, t.TempDir(), images))
	whole := time.Since(start)
	random := rand.New(rand.NewPCG(1, 1))
	var table killTable
	for table.kills < kills {
		table.processes++
		if runAndKill(t, home, images, time.Duration(random.Int64N(int64(whole)))) {
			table.add(home)
			continue
		}
		compareKilled(t, want, home) // it came to its end: a new run gives more to kill
		table.ends++
		home = t.TempDir()
	}
	m, err := resumeKilled(t, home, images)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.History, m.History, sameNumbers); diff != "" {
		t.Error(diff)
	}
	if want.Provenance.HeadDigest != m.Provenance.HeadDigest {
		t.Error("the weights differ from those of the training that was not killed")
	}
	t.Log(table)
}

// runAndKill starts or resumes the training in a process of its own and kills it after a time; killed is false where it
// came to its end before.
func runAndKill(t *testing.T, home, images string, after time.Duration) (killed bool) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
	child.Env = append(os.Environ(), killHome+"="+home, killImages+"="+images)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- child.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("the training did not go on after a kill: %v", err)
		}
		return false
	case <-time.After(after):
		if err := child.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		return (<-done) != nil // it may have ended by itself just before
	}
}

// A killTable counts kills by how far the training had come.
type killTable struct {
	kills, processes, ends int
	unborn                 int    // before there was a run on disk
	quarters               [5]int // before the first finished epoch, then by quarters of the epochs
}

func (k *killTable) add(home string) {
	k.kills++
	r, err := record.ReadRun(home, "killed")
	switch {
	case err != nil:
		k.unborn++
	case len(r.History) == 0:
		k.quarters[0]++
	default:
		k.quarters[1+4*(len(r.History)-1)/r.Epochs]++
	}
}

func (k killTable) String() string {
	return fmt.Sprintf("%d kills in %d processes, of which %d came to their end\n"+
		"no run on disk yet %4d\nin the first epoch %4d\nthen, by quarters  %4d %4d %4d %4d",
		k.kills, k.processes, k.ends, k.unborn, k.quarters[0], k.quarters[1], k.quarters[2], k.quarters[3], k.quarters[4])
}

func resumeKilled(t *testing.T, home, images string) (*Result, error) {
	t.Helper()
	job := killJob(t, home, images)
	device := modeltest.PureGo(t)
	if _, err := record.ReadRun(home, job.Request.Name); err != nil {
		if err := os.RemoveAll(filepath.Join(home, "runs")); err != nil {
			return nil, err
		}
		return Fit(context.Background(), device, job, nil)
	}
	return Resume(context.Background(), device, job, nil)
}

// compareKilled compares the finished run on disk.
func compareKilled(t *testing.T, want *Result, home string) {
	t.Helper()
	w, err := record.Open(home, "killed")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	read := false
	err = w.Restore(func(state record.State, _, _, _ stepper.State) error {
		read = true
		if diff := cmp.Diff(want.History, state.History, sameNumbers); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if !read {
		t.Error("the run has no checkpoint")
	}
	if err != nil {
		t.Error(err)
	}
}
