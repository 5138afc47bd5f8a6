package training

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/training/trial"
)

// maxFolds is how many folds the training images are divided into, where they are enough.
const maxFolds = 5

// Folds are the training images of a job in parts, on which heads are compared by cross-validation. The parts are those of the
// method auto.
type Folds struct {
	session *session
	n       int
	fold    []int // of each training image
}

// OpenFolds computes the features for a valid job whose recipe has them computed once. The caller closes it.
func OpenFolds(ctx context.Context, device *accel.Device, job Job, events func(progress.Event)) (*Folds, error) {
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, err
	}
	s.searching = true
	if err := s.openFeeds(ctx); err != nil {
		_ = s.close() // the first error says more
		return nil, err
	}
	data := s.rows(s.train)
	lists := selection.Lists(len(s.train), data.Groups)
	if lists < 2 {
		err := fmt.Errorf("divide %s into folds: its training images are all of one group, and a head must be judged on another", imagefolder.Printable(job.Dataset.Name))
		return nil, errors.Join(err, s.close())
	}
	f := &Folds{session: s, n: min(maxFolds, max(2, len(s.train)/2), lists)}
	f.fold = selection.Folds(data.Labels, data.Groups, data.Keys, f.n, job.Recipe.Seed)
	return f, nil
}

// Close frees the features.
func (f *Folds) Close() error { return f.session.close() }

// Len is the number of folds.
func (f *Folds) Len() int { return f.n }

// Share is the fraction of the training images that is in a fold.
func (f *Folds) Share(k int) float64 { return float64(len(f.inside(k))) / float64(len(f.fold)) }

// Compile compiles a head with its dropout and weight decay as inputs of the step. The caller closes it.
func (f *Folds) Compile(text string) (*stepper.Stepper, error) {
	job := f.session.job
	n, err := network.New(job.Backbone, trial.WithDropout(text, trial.DropoutStep), features.Tuning{}, job.Outputs())
	if err != nil {
		return nil, err
	}
	o := stepperOptions(job.Recipe, n)
	o.DropoutInput = true
	return stepper.New(f.session.device.Backend, o)
}

// Train trains the compiled head of a trial from its beginning, once for each fold, which it is then judged on. Where the loss on a
// fold is not a number, it returns the epochs so far, without those of the folds that follow. It is safe for concurrent use, each call
// with a head of its own.
func (f *Folds) Train(ctx context.Context, compiled *stepper.Stepper, t trial.Trial, epochs int) ([]history.History, error) {
	var runs []history.History
	for k := range f.n {
		own := *f.session // its loop on this network, without its events
		own.stepper, own.events, own.record, own.state, own.best = compiled, func(progress.Event) {}, nil, record.State{}, nil
		own.job.Recipe.Epochs, own.job.Recipe.LearningRate, own.job.Recipe.WeightDecay = epochs, t.LearningRate, t.WeightDecay
		own.dropout = t.Dropout
		own.train, own.val = f.outside(k), f.inside(k)
		if err := compiled.Reset(own.job.Recipe.Seed); err != nil {
			return nil, err
		}
		if err := own.run(ctx); err != nil {
			return nil, err
		}
		if own.state.Status == progress.Stopped {
			return nil, ctx.Err()
		}
		runs = append(runs, own.state.History)
		if len(own.state.History) < epochs && own.state.Status == progress.NaN {
			break
		}
	}
	return runs, nil
}

// inside are the training images of a fold, and outside the others.
func (f *Folds) inside(k int) []int  { return f.of(func(fold int) bool { return fold == k }) }
func (f *Folds) outside(k int) []int { return f.of(func(fold int) bool { return fold != k }) }

func (f *Folds) of(wanted func(fold int) bool) []int {
	var items []int
	for i, item := range f.session.train {
		if wanted(f.fold[i]) {
			items = append(items, item)
		}
	}
	return items
}
