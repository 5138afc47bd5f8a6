package models

import (
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/nbhelpers"
)

// A page is where a training is shown.
type page struct {
	progress func(label string, total int) bar
	curves   func(title string, epochs int) curves
	show     func(v any) error
}

type bar interface {
	Set(done int) error
	Close() error
}

type curves interface {
	Add(panel, line string, value float64)
	Percent(panel string)
	Best(epoch int)
	Step() error
	Close() error
}

// notebook is the output of the cell that the program is.
func notebook() page {
	return page{
		progress: func(label string, total int) bar { return nbhelpers.Progress(label, total) },
		curves:   func(title string, epochs int) curves { return nbhelpers.Curves(title, epochs) },
		show:     nbhelpers.Show,
	}
}

// A watcher shows a training while it runs: how far the pass of the backbone is, then the curves. What cannot be shown does not end
// a training: the watcher stops then.
type watcher struct {
	page   page
	title  string
	epochs int
	auto   bool // a classifier is chosen: there is no curve over epochs

	quantity string // that the accuracies are

	features, choosing bar
	drawn              curves
	failed             bool
}

func newWatcher(p page, job Job) *watcher {
	return &watcher{page: p, title: job.Dataset.Name, epochs: job.Recipe.Epochs, auto: job.Recipe.Method == recipe.MethodAuto, quantity: job.Recipe.Task.Quantity()}
}

// hear takes in an event; it is the callback of a training.
func (w *watcher) hear(e Event) {
	if w.failed {
		return
	}
	var err error
	switch e.Kind {
	case progress.FeaturesEvent:
		err = w.bar(&w.features, w.title+": features", e.Features.Cached+e.Features.Computed, e.Features.Total, e.Features.Done)
	case progress.SelectionEvent:
		err = w.bar(&w.choosing, w.title+": comparing classifiers", e.Selection.Done, e.Selection.Total, e.Selection.Done == e.Selection.Total)
	case progress.ChosenEvent:
		err = w.page.show(e.Chosen.Summary())
	case progress.ResumedEvent:
		for _, epoch := range e.History {
			w.add(epoch)
		}
	case progress.EpochEvent:
		if !w.auto {
			w.add(*e.Epoch)
			err = w.drawn.Step()
		}
	}
	w.failed = err != nil
}

// bar shows how far work is; one that has ended is closed, and another pass gets one of its own.
func (w *watcher) bar(shown *bar, label string, done, total int, ended bool) error {
	if *shown == nil {
		*shown = w.page.progress(label, total)
	}
	err := (*shown).Set(done)
	if ended && err == nil {
		err = (*shown).Close()
		*shown = nil
	}
	return err
}

// add adds an epoch to the curves, which the first one makes.
func (w *watcher) add(e history.Epoch) {
	if w.drawn == nil {
		w.drawn = w.page.curves(w.title, w.epochs)
	}
	w.drawn.Add("loss", "train", e.Loss)
	if e.Validated() {
		w.drawn.Add("loss", "validation", e.ValLoss)
	}
	w.drawn.Add(w.quantity, "train", e.Accuracy)
	if e.Validated() {
		w.drawn.Add(w.quantity, "validation", e.ValAccuracy)
	}
	if w.quantity == history.Accuracy {
		w.drawn.Percent(w.quantity)
	}
	if e.Best {
		w.drawn.Best(e.Epoch)
	}
}

// close leaves the bars and curves as they are at the end.
func (w *watcher) close() {
	for _, b := range []bar{w.features, w.choosing} {
		if b != nil && !w.failed {
			w.failed = b.Close() != nil
		}
	}
	if w.drawn != nil && !w.failed {
		w.failed = w.drawn.Close() != nil
	}
}
