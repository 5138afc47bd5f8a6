package models

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// told is a page that keeps what is shown on it.
type told struct {
	lines []string
	fails bool // whether nothing can be shown
}

func (t *told) say(format string, args ...any) error {
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
	if t.fails {
		return errors.New("the page is gone")
	}
	return nil
}

func (t *told) page() page {
	return page{
		progress: func(label string, total int) bar { return &toldBar{t, label, total} },
		curves: func(title string, epochs int) curves {
			_ = t.say("curves %s of %d", title, epochs)
			return toldCurves{t}
		},
		show: func(v any) error { return t.say("shown") },
	}
}

type toldBar struct {
	*told
	label string
	total int
}

func (b *toldBar) Set(done int) error { return b.say("%s %d/%d", b.label, done, b.total) }
func (b *toldBar) Close() error       { return b.say("end of %s", b.label) }

type toldCurves struct{ *told }

func (c toldCurves) Add(panel, line string, value float64) { _ = c.say("%s %s %g", panel, line, value) }
func (c toldCurves) Percent(panel string)                  { _ = c.say("%s in percent", panel) }
func (c toldCurves) Best(epoch int)                        { _ = c.say("best %d", epoch) }
func (c toldCurves) Step() error                           { return c.say("step") }
func (c toldCurves) Close() error                          { return c.say("end of curves") }

func job(method recipe.Method) Job {
	r := recipe.DefaultRecipe()
	r.Method, r.Epochs = method, 2
	return Job{Recipe: r, Dataset: &imagefolder.Dataset{Name: "photos"}}
}

func TestATrainingIsShown(t *testing.T) {
	events := []Event{
		{Kind: progress.FeaturesEvent, Features: &features.Progress{Total: 9, Cached: 2, Computed: 3}},
		{Kind: progress.FeaturesEvent, Features: &features.Progress{Total: 9, Cached: 2, Computed: 7, Done: true}},
		{Kind: progress.StepEvent, Step: &progress.Step{}},
		{Kind: progress.EpochEvent, Epoch: &history.Epoch{Epoch: 1, Loss: 2, ValLoss: 3, Accuracy: 0.5, ValAccuracy: 0.25, Best: true}},
		{Kind: progress.DoneEvent, Status: progress.Finished},
	}
	var page told
	w := newWatcher(page.page(), job(recipe.MethodClassic))
	for _, e := range events {
		w.hear(e)
	}
	w.close()
	want := "photos: features 5/9, photos: features 9/9, end of photos: features, curves photos of 2, loss train 2, " +
		"loss validation 3, accuracy train 0.5, accuracy validation 0.25, accuracy in percent, best 1, step, end of curves"
	if got := strings.Join(page.lines, ", "); got != want {
		t.Errorf("shown is\n%s\nwant\n%s", got, want)
	}

	page = told{}
	w = newWatcher(page.page(), job(recipe.MethodClassic))
	w.hear(Event{Kind: progress.EpochEvent, Epoch: &history.Epoch{Epoch: 1, Loss: 2, Accuracy: 0.5}})
	if got := strings.Join(page.lines, ", "); strings.Contains(got, "validation") {
		t.Errorf("without validation images, shown is %s", got)
	}

	page = told{fails: true}
	w = newWatcher(page.page(), job(recipe.MethodClassic))
	for _, e := range events {
		w.hear(e)
	}
	w.close()
	if len(page.lines) != 1 {
		t.Errorf("after a page that is gone %q was shown", page.lines)
	}
}

func TestAChoiceIsShown(t *testing.T) {
	var page told
	w := newWatcher(page.page(), job(recipe.MethodAuto))
	w.hear(Event{Kind: progress.SelectionEvent, Selection: &selection.Progress{Done: 1, Total: 4}})
	w.hear(Event{Kind: progress.EpochEvent, Epoch: &history.Epoch{Epoch: 1}})
	w.close() // as when it is interrupted
	if got := strings.Join(page.lines, ", "); got != "photos: comparing classifiers 1/4, end of photos: comparing classifiers" {
		t.Errorf("shown is %s", got)
	}
}
