package drawing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/live"
)

// sampleNote labels everything that comes from the weights that are part of the program.
const sampleNote = "pretrained on generated shapes; for photos use --weights imagenet"

// WeightsNotes label what comes from weights that are not meant for photos.
func WeightsNotes(weights resnet.Origin) []string {
	switch {
	case !weights.Trained:
		return []string{untrainedNote}
	case weights.Name == resnet.SetSample:
		return []string{sampleNote}
	}
	return nil
}

// untrainedNote labels everything that comes from a random backbone.
const untrainedNote = "untrained backbone: its weights are random, so this shows how things work, not what transfer learning can do"

// RunForms draw the run as it stands: the pass of the backbone first, then the curves. Where reported, the run's cell says below
// the figure what that pass cost, so that the figure does not once the run has ended.
func RunForms(stand func() runstatus.Stand, reader advice.Reader, reported bool) live.Forms {
	draw := func(full bool) display.Bundle {
		s := stand()
		if len(s.History) == 0 && s.Status == progress.Running && s.Features != nil && !s.Features.Done {
			return figure.Progress(featureProgress(s.Name, s.Features), slices.Concat(advice.Memory(s.Memory), estimates(s, reader))...)
		}
		if len(s.History) == 0 && s.Status == progress.Running && s.Recipe.Method.Probes() && s.Selection == nil {
			return figure.Progress(selectionProgress(s.Name, s.Selecting), advice.Memory(s.Memory)...)
		}
		curves := runCurves(s, reader, !reported || s.Status == progress.Running)
		if full {
			return runFigure(s, curves)
		}
		text := curves.Text
		if choseOnly(s.Selection, s.Recipe.Method) {
			text = selectionPlot(curves, s.Selection).Text
		}
		return figure.RunLight(text, cardWith(s, curves.Notes))
	}
	return live.Forms{Light: func() display.Bundle { return draw(false) }, Full: func(bool) display.Bundle { return draw(true) }}
}

// estimates are the sentences that say how long a run takes, before its first epoch.
func estimates(s runstatus.Stand, reader advice.Reader) []string {
	var list []string
	for _, found := range s.Diagnoses {
		if found.Code == training.CodeEstimate || found.Code == training.CodeLong {
			list = append(list, reader.Noted(found))
		}
	}
	return list
}

// Run is a run in every form.
func Run(s runstatus.Stand, reader advice.Reader, notes ...string) display.Bundle {
	curves := runCurves(s, reader, true)
	curves.Notes = append(curves.Notes, notes...)
	return runFigure(s, curves)
}

func runFigure(s runstatus.Stand, curves figure.CurvesData) display.Bundle {
	drawn := figure.Curves(curves)
	if choseOnly(s.Selection, s.Recipe.Method) {
		drawn = figure.Plot(selectionPlot(curves, s.Selection))
	}
	return figure.Run(drawn, cardWith(s, curves.Notes))
}

// Training is the figure of how a saved model was trained; false where there is nothing to draw, as of a model that was taught.
func Training(o record.Outcome) (display.Bundle, bool) {
	switch {
	case choseOnly(o.Selection, o.Provenance.Recipe.Method):
		return figure.Plot(selectionPlot(figure.CurvesData{Title: o.Name}, o.Selection)), true
	case len(o.History) > 0:
		return figure.Curves(HistoryCurves(o.Name, o.Task, o.History, len(o.History))), true
	}
	return display.Bundle{}, false
}

// choseOnly tells whether cross-validation is all that a run did, so that it has no epochs to draw.
func choseOnly(r *selection.Report, method recipe.Method) bool {
	return r != nil && r.Folds > 0 && method == recipe.MethodAuto
}

// cardWith is the card with the notes of its curves.
func cardWith(s runstatus.Stand, notes []string) runstatus.Card {
	card := s.Card()
	card.Notes = notes
	return card
}

func featureProgress(name string, f *features.Progress) figure.ProgressData {
	return figure.ProgressData{
		Label: name + ": features", Done: f.Computed + f.Cached, Total: f.Total, Unit: "images", Rate: f.Rate, Left: f.Left,
	}
}

// FeatureLine says what the pass of the backbone cost, in the form that people and tests look for.
func FeatureLine(f *features.Progress) string {
	return fmt.Sprintf("features: %d computed, %d from cache", f.Computed, f.Cached)
}

// runCurves are the learning curves of a run with its state and its notes; withPass: what the pass of the backbone cost among them.
func runCurves(s runstatus.Stand, reader advice.Reader, withPass bool) figure.CurvesData {
	d := HistoryCurves(s.Name+" on "+s.Dataset, s.Recipe.Task, s.History, s.Epochs)
	if choseOnly(s.Selection, s.Recipe.Method) {
		d.Best, d.Epoch, d.Epochs = 0, 0, 0
	}
	card := s.Card()
	if d.Best > 0 {
		d.Best = card.Best
	}
	d.Status.State = figure.State(card.State)
	d.Notes = append(d.Notes, advice.Memory(s.Memory)...)
	if s.Slower != "" {
		d.Notes = append(d.Notes, "computed on "+s.Device+", which may be many times slower: "+s.Slower)
	}
	if withPass && s.Features != nil && s.Features.Done {
		d.Notes = append(d.Notes, FeatureLine(s.Features)+".")
	}
	for _, found := range s.Diagnoses {
		d.Notes = append(d.Notes, reader.Noted(found))
	}
	if card.KeptLast && card.Best > 0 {
		d.Notes = append(d.Notes, "The weights of the last epoch are kept, and the validation accuracy is its own.")
	}
	d.Notes = append(d.Notes, WeightsNotes(s.Backbone.Weights)...)
	d.Status.Text = accuracyLine(card)
	d.Status.Rate, d.Status.Steps = card.Rate, card.StepsPerSecond
	if n := len(s.History); n > 0 {
		d.Status.Left = s.History[n-1].Left
	}
	if s.Step != nil {
		d.Status.Left = s.Step.Left
	}
	if s.Status != progress.Running {
		d.Status.Left, d.Status.Rate, d.Status.Steps = 0, 0, 0
		if line := speedLine(s); line != "" {
			d.Notes = append(d.Notes, line)
		}
		if s.Status != progress.Finished && s.Epochs > len(s.History) {
			d.Epochs = 0 // the curves end where the run did
			d.Notes = append(d.Notes, fmt.Sprintf("%s after epoch %d; %d were planned.", endings(s.Status), len(s.History), s.Epochs))
		}
	}
	return d
}

// speedLine says how fast a run was: images through the backbone, and steps of the head where that read cached features. It is
// empty where neither was measured.
func speedLine(s runstatus.Stand) string {
	var parts []string
	if s.Features != nil && s.Features.Computed > 0 && s.Features.Rate > 0 {
		parts = append(parts, fmt.Sprintf("backbone %.1f images/s", s.Features.Rate))
	} else if rate := s.ImagesPerSecond(); rate > 0 {
		parts = append(parts, fmt.Sprintf("backbone and head %.1f images/s", rate))
	}
	if steps := s.StepsPerSecond(); steps > 0 {
		parts = append(parts, fmt.Sprintf("head %.0f steps/s of %d images", steps, s.Recipe.BatchSize))
	}
	if len(parts) == 0 {
		return ""
	}
	return "speed: " + strings.Join(parts, ", ") + "."
}

// endings says how a run ended before its last planned epoch.
func endings(s progress.Status) string {
	switch s {
	case progress.EarlyStop:
		return "Early stopping ended it"
	case progress.Stopped:
		return "It was stopped"
	case progress.NaN:
		return "It ended with a loss that is not a number"
	case progress.Interrupted:
		return "Its process ended"
	}
	return "It failed"
}

// accuracyLine names both validation accuracies that people call the best, or the R2 of a regression; it is empty before the first epoch.
func accuracyLine(c runstatus.Card) string {
	if r2, ok := c.Metrics["val_r2"]; ok {
		return fmt.Sprintf("val R2 %.3f (epoch %d)", r2, c.Best)
	}
	if c.ValAccuracy == nil || c.HighestValAccuracy == nil {
		return ""
	}
	accuracy := metric.Percent(*c.ValAccuracy, c.AccuracyImages())
	if c.Choice != nil {
		return "val accuracy " + accuracy
	}
	at := "at the lowest validation loss"
	switch {
	case c.KeptLast:
		at = "at the last epoch, whose weights are kept"
	case c.SelectedBy == recipe.SelectByAccuracy:
		return fmt.Sprintf("val accuracy %s, the highest (epoch %d)", accuracy, c.Best)
	}
	return fmt.Sprintf("val accuracy %s %s (epoch %d), highest %.1f %% (epoch %d)", accuracy, at, c.Best, 100**c.HighestValAccuracy, c.HighestValEpoch)
}

// HistoryCurves turns the history of a task into the panels of loss and accuracy, or R2.
func HistoryCurves(title string, task recipe.Task, h history.History, epochs int) figure.CurvesData {
	d := figure.CurvesData{Title: title, Epoch: len(h), Epochs: epochs}
	for _, curve := range h.CurvesOf(task.Quantity()) {
		if n := len(d.Panels); n == 0 || d.Panels[n-1].Name != curve.Quantity {
			d.Panels = append(d.Panels, figure.Panel{Name: curve.Quantity, Fraction: curve.Quantity == history.Accuracy})
		}
		panel := &d.Panels[len(d.Panels)-1]
		panel.Lines = append(panel.Lines, figure.Line{Name: curve.Split, Values: curve.Values})
	}
	if best := h.Best(); best != nil {
		d.Best = best.Epoch
	}
	return d
}

// EpochTable is the figure of the epochs of a run that has ended.
func EpochTable(run record.Run) display.Bundle {
	quantity := run.Recipe.Task.Quantity()
	fraction := quantity == history.Accuracy
	d := figure.EpochsData{Title: "Epochs", Metrics: []figure.Metric{
		{Name: "loss"}, {Name: quantity, Fraction: fraction}, {Name: "val loss"}, {Name: "val " + quantity, Fraction: fraction},
	}}
	if !run.History.Validated() {
		d.Metrics = d.Metrics[:2]
	}
	for _, e := range run.History {
		row := figure.EpochRow{
			Epoch: e.Epoch, Values: []float64{e.Loss, e.Accuracy, e.ValLoss, e.ValAccuracy}[:len(d.Metrics)],
			Waited: time.Duration(e.Waited * float64(time.Second)), Duration: time.Duration(e.Seconds * float64(time.Second)),
		}
		if !run.Recipe.ComputedOnce() { // else no image goes through the backbone
			row.Rate = e.Rate
		}
		d.Rows = append(d.Rows, row)
	}
	if kept := run.Kept(); kept != nil {
		d.Best = kept.Epoch
	}
	table := figure.Epochs(d)
	table.Data[figure.MIMEEpochs] = map[string]any{} // the run's card has the epochs already
	return table
}
