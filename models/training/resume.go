package training

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// Resume continues the run of a job's name in its state folder from the last completed epoch, to the same numbers as if it had
// never been interrupted. Dataset and backbone must be those of the run, which is checked. The recipe is the run's, except
// for the job's epochs where they are more.
func Resume(ctx context.Context, device *accel.Device, job Job, events func(Event)) (*Result, error) {
	if job.Environment.Home == "" {
		return nil, errors.New("resume: a state folder is needed")
	}
	r, err := openRecord(job.Environment.Home, job.Request.Name)
	if err != nil {
		return nil, fmt.Errorf("resume: %w", err)
	}
	epochs := job.Recipe.Epochs
	job.Recipe, job.Targets = r.run.Recipe, r.run.Targets
	job.Recipe.Epochs = max(epochs, job.Recipe.Epochs)
	job.Request.Cell, job.Request.Flags = r.run.Cell, r.run.Flags
	if err := errors.Join(job.Validate(), r.matches(job)); err != nil {
		return nil, errors.Join(err, r.close())
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	s.record = r
	if job.Recipe.Method == MethodFinetune {
		s.chosen = r.run.Selection // the checkpoints are of a network of these stages
	}
	r.run.Epochs, r.run.Recipe = job.Recipe.Epochs, s.job.Recipe
	if err := r.write(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s.fit(ctx)
}

// matches refuses to continue with other images or another backbone.
func (r *record) matches(j Job) error {
	if j.Dataset == nil || j.Backbone == nil {
		return nil // Validate says so
	}
	if j.Dataset.Digest != r.run.Digest {
		return fmt.Errorf("resume run %s: the dataset %s is not the one it was trained on (%s): its images, labels or split differ",
			r.run.Name, imagefolder.Printable(j.Dataset.Name), imagefolder.Printable(r.run.Root))
	}
	if have, want := j.Backbone.Identity(), r.run.Backbone; have.Fingerprint != want.Fingerprint {
		return fmt.Errorf("resume run %s: the backbone is not the one it was trained on: that was %s, and this is %s", r.run.Name, want, have)
	}
	return nil
}
