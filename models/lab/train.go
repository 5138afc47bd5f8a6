package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/lab/board"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/search"
	"github.com/headstart-nb/headstart/models/training/trial"
)

// TrainOptions say what is trained, on what, and how.
type TrainOptions struct {
	Recipe  recipe.Recipe // its head is the model's
	Dataset string        // empty: the current one
	Model   string        // empty: the current one

	Name   string // of the run; empty: one is made
	Resume string // continue this run from its last completed epoch
	More   bool   // Recipe.Epochs says how many epochs a resumed run gets, more or fewer; else it ends where it was to end
	CSVLog string // a file for a row for each epoch; empty: none
	// TensorBoard is a folder for TensorBoard's event files, in a folder of the run's name; empty: none.
	TensorBoard string

	Cell   string   // the text of the cell or command that asks for it
	Flags  []string // that were given
	Accept []string // codes of the diagnoses that are accepted

	Background bool // the context does not stop it
	Tied       bool // it ends with its kernel
}

// Job is what the options ask for.
func (l *Lab) Job(o TrainOptions) (training.Job, *Model, error) {
	data, err := l.Dataset(o.Dataset)
	if err != nil {
		return training.Job{}, nil, err
	}
	model, err := l.Model(o.Model)
	if err != nil {
		return training.Job{}, nil, err
	}
	job := training.Job{
		Recipe: o.Recipe, Dataset: data, Backbone: model.backbone(data.Geometry()), Accept: o.Accept,
		Environment: training.Environment{Home: l.home, CSVLog: o.CSVLog},
		Request:     training.Request{Name: o.Name, Model: model.Name, Cell: o.Cell, Flags: o.Flags},
	}
	if !o.Recipe.Method.Probes() {
		job.Recipe.Head = model.Head()
	}
	if o.Resume == "" {
		return job, model, nil
	}
	stored, err := l.StoredRun(o.Resume)
	if err != nil {
		return training.Job{}, nil, fmt.Errorf("resume: %w", err)
	}
	job.Request.Name, job.Recipe, job.Targets = o.Resume, stored.Recipe, stored.Targets
	job.Recipe.Epochs = stored.Epochs
	if o.More {
		job.Recipe.Epochs = o.Recipe.Epochs
	}
	return job, model, nil
}

// Train begins a training in a goroutine of the lab's own. Unless it goes to the background, ctx stops it as Run.Stop does.
func (l *Lab) Train(ctx context.Context, o TrainOptions) (*Run, error) {
	job, model, err := l.Job(o)
	if err != nil {
		return nil, err
	}
	if err := preflight.Check(job); err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	if o.Background {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	started := time.Now()
	if job.Request.Name == "" {
		job.Request.Name = fmt.Sprintf("%s-%s", model.Name, started.Format("0102-150405"))
	}
	recorded, err := l.naming(ctx, o.Name != "" || o.Resume != "")
	if err != nil {
		cancel()
		return nil, err
	}
	r := &Run{
		tied: o.Tied, skipped: job.Dataset.Skipped, stop: cancel, abort: make(chan struct{}), done: make(chan struct{}), watches: map[int]func(){},
		stand: runstatus.Stand{Run: record.NewRun(job, device, started), Slower: device.Fallback()},
	}
	if err := l.register(r, o.Name != "" || o.Resume != "", o.Resume != ""); err != nil {
		recorded()
		cancel()
		return nil, err
	}
	job.Request.Name, job.Control.Abort, job.Control.Recorded = r.Name(), r.abort, recorded
	log, err := l.boardOf(o.TensorBoard, r)
	if err != nil {
		recorded()
		cancel()
		r.finish(nil, err, func(runstatus.Stand) {})
		return nil, err
	}
	job.Accept = append(slices.Clone(job.Accept), preflight.CodeRandom) // whoever shows it labels an untrained backbone
	r.hearMemory(l.room())
	go r.watchMemory(l.room, memoryEvery)
	go l.train(ctx, cancel, device, r, job, model, log, o.Resume != "")
	return r, nil
}

// naming holds off other processes that choose the name of a run, until recorded is called. A name that was asked for is not chosen.
func (l *Lab) naming(ctx context.Context, named bool) (recorded func(), err error) {
	if named || l.home == "" {
		return func() {}, nil
	}
	lock, err := record.Naming(ctx, l.home)
	if err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { _ = lock.Close() }), nil // nothing was written
}

// register makes the run known under a name that no other run of this process or on disk has.
func (l *Lab) register(r *Run, named, resumed bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := r.stand.Name
	if !named {
		name = l.freeName(name)
	}
	for _, other := range l.runs {
		if other.Name() == name && other.running() {
			return &RunningError{Doing: "train", Run: name}
		}
	}
	if l.home != "" && !resumed {
		if _, err := record.ReadRun(l.home, name); err == nil {
			return &RunExistsError{Run: name}
		}
	}
	r.stand.Name = name // before others can see the run
	l.runs = append(l.runs, r)
	return nil
}

// freeName numbers a name that another run of the same second has already. The caller holds the lock.
func (l *Lab) freeName(stem string) string {
	taken := func(name string) bool {
		if slices.ContainsFunc(l.runs, func(r *Run) bool { return r.Name() == name }) {
			return true
		}
		if l.home == "" {
			return false
		}
		_, err := record.ReadRun(l.home, name)
		return err == nil
	}
	name := stem
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", stem, n)
	}
	return name
}

// FindRate draws the loss over a rising learning rate; no model changes.
func (l *Lab) FindRate(ctx context.Context, o TrainOptions) (*training.RateCurve, error) {
	job, _, err := l.Job(o)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	return training.FindRate(ctx, device, job, nil)
}

// Search looks for a head, a learning rate, dropout and weight decay; the best becomes the model's head, trained.
func (l *Lab) Search(
	ctx context.Context, o TrainOptions, options search.Options, events func(progress.Event), tell func(trial.Trial),
) (*search.Result, error) {
	job, model, err := l.Job(o)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	result, err := search.Run(ctx, device, job, options, events, tell)
	if err != nil {
		return nil, err
	}
	best := classifier.New(result.Best)
	model.mu.Lock()
	if best.Selection == nil { // else the head belongs to other stages
		model.head, model.chosen = best.Head().String(), true
	}
	model.mu.Unlock()
	model.take(best, best.Name, job.Dataset)
	return result, nil
}

// train sees a run to its end.
func (l *Lab) train(
	ctx context.Context, cancel context.CancelFunc, device *accel.Device, r *Run, job training.Job, model *Model, log *board.Board, resume bool,
) {
	defer cancel()
	defer job.Control.Recorded() // also where there is no record
	fit := training.Fit
	if resume {
		fit = training.Resume
	}
	result, err := fit(ctx, device, job, func(e progress.Event) {
		r.hear(e)
		log.Hear(e, time.Now())
	})
	if failed := log.Close(time.Now(), r.Stand(), err == nil); failed != nil {
		l.log.Warn("write the TensorBoard log of a run", "run", r.Name(), "error", failed)
	}
	if result != nil {
		model.take(classifier.New(result), job.Request.Name, job.Dataset)
	}
	if _, err := l.PruneRuns(RunsQuota); err != nil {
		l.log.Warn("remove the weights of old runs", "error", err)
	}
	r.finish(result, err, func(s runstatus.Stand) { l.leave("last.run", s.Card()) })
}
