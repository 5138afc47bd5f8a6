package transfer

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/run"
)

// Environment of the process that the test starts and kills.
const (
	killHome     = "HEADSTART_TEST_KILL_HOME"
	killPictures = "HEADSTART_TEST_KILL_PICTURES"
)

// killConfig is the training that is killed: epochs long enough to be hit, and all that has to be restored.
func killConfig(t *testing.T, home, pictures string) Config {
	device := pureGo(t)
	return Config{
		Name: "killed", Home: home, Dataset: load(t, pictures), Backbone: newTiny(device), Epochs: 200, Batch: 8,
		Head: "dense:16:relu,batchnorm,dropout:0.3", Schedule: "plateau", Accumulate: 2, Seed: 3,
	}
}

// TestKilledChild is the process that is killed, not a test of its own.
func TestKilledChild(t *testing.T) {
	home := os.Getenv(killHome)
	if home == "" {
		t.Skip("it is started by TestKilledAtAnyMoment")
	}
	c := killConfig(t, home, os.Getenv(killPictures))
	device := c.Backbone.(tiny).device
	m, err := Resume(context.Background(), device, c, nil)
	if _, missing := ReadRun(home, c.Name); missing != nil {
		// Killed before the run had a description: it begins anew, as a user would begin it.
		if err := os.RemoveAll(runsDir(home)); err != nil {
			t.Fatal(err)
		}
		m, err = Fit(context.Background(), device, c, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	_ = m.Close()
}

// A training that is killed at random moments and resumed ends with the same numbers as one that is not. HEADSTART_SLOW
// kills it at least 50 times, else it is 8 times.
func TestKilledAtAnyMoment(t *testing.T) {
	if os.Getenv(killHome) != "" {
		t.Skip("this is the child")
	}
	kills := 8
	if os.Getenv("HEADSTART_SLOW") != "" {
		kills = 50
	}
	pictures, home := t.TempDir(), t.TempDir()
	writePictures(t, pictures, 15, "red", "green", "blue")
	whole := killConfig(t, t.TempDir(), pictures)
	want := fit(t, whole)
	killed, runs := 0, 0
	random := rand.New(rand.NewPCG(1, 1))
	for ; killed < kills; runs++ {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
		child.Env = append(os.Environ(), killHome+"="+home, killPictures+"="+pictures)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- child.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("after %d kills the training did not go on: %v", killed, err)
			}
			// It came to its end: a new run gives more to kill.
			compareKilled(t, want, home)
			home = t.TempDir()
		case <-time.After(time.Duration(random.IntN(900)+20) * time.Millisecond):
			if err := child.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Fatal(err)
			}
			<-done
			killed++
		}
	}
	m, err := resumeKilled(t, home, pictures)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.History, m.History, sameNumbers); diff != "" {
		t.Error(diff)
	}
	if want.Provenance.HeadDigest != m.Provenance.HeadDigest {
		t.Error("the weights differ from those of the training that was not killed")
	}
	t.Logf("%d kills in %d processes", killed, runs)
}

func resumeKilled(t *testing.T, home, pictures string) (*Model, error) {
	t.Helper()
	c := killConfig(t, home, pictures)
	device := c.Backbone.(tiny).device
	if _, err := ReadRun(home, c.Name); err != nil {
		if err := os.RemoveAll(runsDir(home)); err != nil {
			return nil, err
		}
		return Fit(context.Background(), device, c, nil)
	}
	return Resume(context.Background(), device, c, nil)
}

// compareKilled compares the finished run on disk.
func compareKilled(t *testing.T, want *Model, home string) {
	t.Helper()
	dir, err := run.Open(runsDir(home), "killed")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	_, err = dir.Latest(func(path string) error {
		state, _, _, err := readCheckpoint(path)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want.History, state.History, sameNumbers); diff != "" {
			t.Error(diff)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
