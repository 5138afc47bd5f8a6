package transfer

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// A run is one training of this process, with the figures that follow it.
type run struct {
	name    string
	model   string
	trained bool // whether the backbone is
	dataset string
	backend string
	images  int
	epochs  int
	started time.Time
	facts   []figure.RunFact
	cell    string // the text of the cell that started it; empty for a run of another process
	tied    bool   // it ends with its kernel; else it goes on without one

	stopSoft func()        // the batch that runs is finished, the best model kept
	stopHard chan struct{} // closed to end it now
	hardOnce sync.Once
	done     chan struct{} // closed when the training has ended
	drawn    chan struct{} // closed when its figures have got their last state

	mu       sync.Mutex
	features *training.FeatureProgress
	history  training.History
	step     *training.Step
	status   training.Status
	notes    []string
	err      error
	ended    time.Time
	viewers  []*viewer
	dirty    bool
}

// A viewer is one place where the run's live figure stands.
type viewer struct {
	screen magics.Display
	id     display.ID
}

// hear takes in an event; it is the callback of training.Fit and must be quick.
func (r *run) hear(e training.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty = true
	switch e.Kind {
	case training.FeaturesEvent:
		r.features = e.Features
	case training.StepEvent:
		r.step = e.Step
	case training.EpochEvent:
		r.history = append(r.history, *e.Epoch)
		r.step = nil
	case training.NoteEvent, training.WarningEvent:
		r.notes = append(r.notes, e.Message)
	case training.DoneEvent:
		r.status = e.Status
	}
}

// attach shows the run's figure on a screen, which then follows it until it ends.
func (r *run) attach(ctx context.Context, screen magics.Display) error {
	bundle := r.figure()
	id, err := screen.Show(ctx, bundle)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.viewers = append(r.viewers, &viewer{screen, id})
	r.dirty = true // what came in between Show and now
	r.mu.Unlock()
	if !r.running() { // nobody may follow it any more
		r.redraw(true)
	}
	return nil
}

// follow draws the figure again while the run lasts, in all its places, and once more when it has ended.
func (r *run) follow() {
	defer close(r.drawn)
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	for {
		select {
		case <-r.done:
			r.redraw(true)
			return
		case <-ticker.C:
			r.redraw(false)
		}
	}
}

func (r *run) redraw(force bool) {
	r.mu.Lock()
	if !r.dirty && !force || len(r.viewers) == 0 {
		r.mu.Unlock()
		return
	}
	r.dirty = false
	viewers := slices.Clone(r.viewers)
	r.mu.Unlock()
	bundle := r.figure()
	var gone []*viewer
	for _, v := range viewers {
		if v.screen.Update(context.Background(), v.id, bundle) != nil { // its cell or its kernel is gone, which does not stop the training
			gone = append(gone, v)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.viewers = slices.DeleteFunc(r.viewers, func(v *viewer) bool { return slices.Contains(gone, v) })
}

func (r *run) finish(err error) {
	r.mu.Lock()
	r.err, r.ended = err, time.Now()
	r.mu.Unlock()
	close(r.done)
}

// learn adds to where the run comes from.
func (r *run) learn(more []figure.RunFact) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, more...)
}

func (r *run) abort() {
	r.stopSoft()
	r.hardOnce.Do(func() { close(r.stopHard) })
}

func (r *run) running() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// figure draws the run as it stands: the pass of the backbone first, then the curves.
func (r *run) figure() display.Bundle {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.history) == 0 && r.err == nil && r.features != nil && !r.features.Done {
		return figure.Progress(featureProgress(r.name, r.features))
	}
	return figure.Run(r.curves(), r.data())
}

func featureProgress(name string, f *training.FeatureProgress) figure.ProgressData {
	return figure.ProgressData{
		Label: name + ": features", Done: f.Computed + f.Cached, Total: f.Total, Unit: "images", Rate: f.Rate, Left: f.Left,
	}
}

// featureLine says what the pass of the backbone cost, in the form that people and tests look for.
func featureLine(f *training.FeatureProgress) string {
	return fmt.Sprintf("features: %d computed, %d from cache", f.Computed, f.Cached)
}

func (r *run) curves() figure.CurvesData {
	d := curvesOf(r.name+" on "+r.dataset, r.history, r.epochs)
	d.Status.State = r.state()
	if r.features != nil && r.features.Done {
		d.Notes = append(d.Notes, featureLine(r.features)+".")
	}
	d.Notes = append(d.Notes, r.notes...)
	if !r.trained {
		d.Notes = append(d.Notes, untrainedNote)
	}
	if n := len(r.history); n > 0 {
		last := r.history[n-1]
		d.Status.Rate, d.Status.Left = last.Rate, last.Left
		d.Status.Text = fmt.Sprintf("validation accuracy %.1f %%", 100*last.ValAccuracy)
		if best := r.history.Best(); best != nil {
			d.Status.Text = fmt.Sprintf("validation accuracy %.1f %%, at the best epoch %.1f %%", 100*last.ValAccuracy, 100*best.ValAccuracy)
		}
	}
	if r.step != nil {
		d.Status.Left = r.step.Left
	}
	if d.Status.State != figure.StateRunning {
		d.Status.Left = 0
	}
	return d
}

// curvesOf turns a history into the panels of loss and accuracy.
func curvesOf(title string, history training.History, epochs int) figure.CurvesData {
	column := func(value func(training.Epoch) float64) []float64 {
		values := make([]float64, len(history))
		for i, e := range history {
			values[i] = value(e)
		}
		return values
	}
	d := figure.CurvesData{Title: title, Epoch: len(history), Epochs: epochs, Panels: []figure.Panel{
		{Name: "loss", Lines: []figure.Line{
			{Name: "train", Values: column(func(e training.Epoch) float64 { return e.Loss })},
			{Name: "validation", Values: column(func(e training.Epoch) float64 { return e.ValLoss })},
		}},
		{Name: "accuracy", Fraction: true, Lines: []figure.Line{
			{Name: "train", Values: column(func(e training.Epoch) float64 { return e.Accuracy })},
			{Name: "validation", Values: column(func(e training.Epoch) float64 { return e.ValAccuracy })},
		}},
	}}
	if best := history.Best(); best != nil {
		d.Best = best.Epoch
	}
	return d
}

func (r *run) state() figure.State {
	switch {
	case r.ended.IsZero():
		return figure.StateRunning
	case r.status == training.Finished:
		return figure.StateDone
	case r.status == training.Stopped, r.status == training.EarlyStop:
		return figure.StateStopped
	}
	return figure.StateFailed
}

// data is what the notebook extension and scripts read of the run.
func (r *run) data() figure.RunData {
	d := figure.RunData{
		ID: r.name, Title: r.name, State: r.state(), Dataset: r.dataset, Model: r.model, Backend: r.backend,
		Epoch: len(r.history), Epochs: r.epochs, Images: r.images, Started: r.started, Metrics: map[string]float64{},
		Facts: r.facts, Cell: r.cell,
	}
	if r.err != nil {
		d.Error = r.err.Error()
	}
	if n := len(r.history); n > 0 {
		d.Rate, d.LeftMS = r.history[n-1].Rate, r.history[n-1].Left.Milliseconds()
	}
	if best := r.history.Best(); best != nil {
		d.Best = best.Epoch
		for name, value := range map[string]float64{
			"loss": best.Loss, "accuracy": best.Accuracy, "val_loss": best.ValLoss, "val_accuracy": best.ValAccuracy,
		} {
			if !math.IsNaN(value) && !math.IsInf(value, 0) {
				d.Metrics[name] = value
			}
		}
	}
	if v, ok := d.Metrics["val_accuracy"]; ok {
		d.ValAccuracy = &v
	}
	for _, panel := range curvesOf("", r.history, r.epochs).Panels {
		for _, line := range panel.Lines {
			d.Series = append(d.Series, figure.RunSeries{Panel: panel.Name, Name: line.Name, Values: nullable(line.Values)})
		}
	}
	if !r.ended.IsZero() {
		d.Seconds = r.ended.Sub(r.started).Seconds()
	}
	return d
}

// nullable turns what JSON cannot say into null.
func nullable(values []float64) []*float64 {
	result := make([]*float64, len(values))
	for i := range values {
		if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
			result[i] = &values[i]
		}
	}
	return result
}
