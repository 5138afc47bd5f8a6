package training

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// Resume continues the run of a job's name in its state folder from the last completed epoch, to the same numbers as if it had
// never been interrupted. Dataset and backbone must be those of the run, which is checked. The recipe is the run's, except
// for the job's epochs; 0 are those of the run. They are not fewer than the run has trained.
func Resume(ctx context.Context, device *accel.Device, job Job, events func(progress.Event)) (*Result, error) {
	if job.Environment.Home == "" {
		return nil, errors.New("resume: a state folder is needed")
	}
	r, err := record.Open(job.Environment.Home, job.Request.Name)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	epochs := job.Recipe.Epochs
	job.Recipe, job.Targets = r.Run.Recipe, r.Run.Targets
	job.Recipe.Epochs = cmp.Or(epochs, job.Recipe.Epochs)
	job.Request.Cell, job.Request.Flags = r.Run.Cell, r.Run.Flags
	if err := errors.Join(job.Validate(), matches(r.Run, job)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	s.record = r
	if job.Recipe.Method == recipe.MethodFinetune {
		s.chosen = r.Run.Selection // the checkpoints are of a network of these stages
	}
	r.Run.Epochs, r.Run.Recipe = job.Recipe.Epochs, s.job.Recipe
	if err := r.Write(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s.fit(ctx)
}

// matches refuses to continue with other images, another backbone, or fewer epochs than there are.
func matches(r record.Run, j Job) error {
	if j.Dataset == nil || j.Backbone == nil {
		return nil // Validate says so
	}
	if j.Dataset.Digest != r.Digest {
		return fmt.Errorf("resume run %s: the dataset %s is not the one it was trained on (%s): its images, labels or split differ",
			r.Name, imagefolder.Printable(j.Dataset.Name), imagefolder.Printable(r.Root))
	}
	if have, want := j.Backbone.Identity(), r.Backbone; have.Fingerprint != want.Fingerprint {
		return fmt.Errorf("resume run %s: the backbone is not the one it was trained on: that was %s, and this is %s", r.Name, want, have)
	}
	if trained := len(r.History); j.Recipe.Epochs < trained {
		return fmt.Errorf("resume run %s: %w", r.Name, &recipe.FieldError{
			Field: "epochs", Problem: fmt.Sprintf("must be at least the %d that it has trained, got %d", trained, j.Recipe.Epochs),
		})
	}
	return nil
}

// restore goes back to the last finished epoch on disk.
func (s *session) restore() error {
	return s.record.Restore(func(state record.State, last, best, kept stepper.State) error {
		if err := s.stepper.SetState(last, state.Progress); err != nil {
			return err
		}
		s.state, s.best = state, best
		if s.job.Recipe.KeepLast {
			s.last = kept
		}
		return nil
	})
}

// commit puts the finished epoch on disk.
func (s *session) commit() error {
	last, progress, err := s.stepper.State()
	if err != nil {
		return err
	}
	s.state.Progress = progress
	if err := s.record.Commit(s.state, last, s.best, s.last); err != nil {
		return err
	}
	if s.job.Environment.CSVLog == "" {
		return nil
	}
	return s.state.History.WriteCSV(s.job.Environment.CSVLog)
}
