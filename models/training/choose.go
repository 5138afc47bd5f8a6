package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// comparedStages is how many stages are compared, from the last on: earlier ones tell of edges and colors alone.
const comparedStages = 3

// choose is the method auto: it compares probes on the features of several stages by cross-validation on the training images,
// makes the chosen one the head, and measures it once on the validation images.
func (s *session) choose(ctx context.Context) error { return s.untilAborted(ctx, s.chooseHead) }

// untilAborted does what is not worth waiting for when the training is aborted.
func (s *session) untilAborted(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.job.Control.Abort:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := do(ctx)
	if s.aborted() {
		return progress.ErrAborted
	}
	return err
}

func (s *session) chooseHead(ctx context.Context) error {
	start := time.Now()
	found, err := s.fitProbe(ctx)
	if err != nil {
		return err
	}
	if err := s.build(found); err != nil {
		return err
	}
	all, err := found.data.Join(found.candidate)
	if err != nil {
		return err
	}
	return s.measureOnce(all, start)
}

// A probed is a classifier that was chosen, fitted to all training images.
type probed struct {
	data      selection.Data // the features of the training and validation images
	trained   selection.Data // those that classifiers are fitted to
	candidate selection.Candidate
	linear    *probe.Linear
}

// fitProbe is how every method with probes begins: it computes the features, chooses a classifier on those of the training images,
// and fits it to all of them.
func (s *session) fitProbe(ctx context.Context) (*probed, error) {
	data, err := s.stageFeatures(ctx)
	if err != nil {
		return nil, err
	}
	trained := data.Take(s.fittedTo(data))
	choice, err := s.compare(ctx, trained)
	if err != nil {
		return nil, err
	}
	steps := 0
	fitted, err := s.fitTo(ctx, trained, choice, func(i probe.Iteration) {
		steps++
		s.events(progress.Event{Kind: progress.StepEvent, Step: &progress.Step{Epoch: 1, Step: steps, Steps: steps, Loss: i.Loss}})
	})
	if err != nil {
		return nil, err
	}
	return &probed{data: data, trained: trained, candidate: choice.Candidate, linear: fitted}, nil
}

// fitTo fits a chosen classifier to all training images, and divides its logits by the temperature that calibrates them.
func (s *session) fitTo(ctx context.Context, trained selection.Data, choice selection.Score, each func(probe.Iteration)) (*probe.Linear, error) {
	joined, err := trained.Join(choice.Candidate)
	if err != nil {
		return nil, err
	}
	samples := probe.Samples{Features: joined, Labels: trained.Labels, Classes: trained.Classes, Weights: trained.Weights}
	fitted, err := choice.Fit(ctx, samples, s.workers(), each)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	fitted.Scale(1 / choice.Temperature)
	return fitted, nil
}

func (s *session) workers() int {
	if n := s.job.Environment.Workers; n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}

// rowsOf are the places of items among the training and validation images.
func (s *session) rowsOf(items []int) []int {
	place := map[int]int{}
	for at, item := range slices.Concat(s.train, s.val) {
		place[item] = at
	}
	rows := make([]int, len(items))
	for i, item := range items {
		rows[i] = place[item]
	}
	return rows
}

// stageFeatures computes the features of the training and validation images at the stages that are compared, then those of
// augmented copies of the training images.
func (s *session) stageFeatures(ctx context.Context) (selection.Data, error) {
	s.given = s.job.Backbone
	items := slices.Concat(s.train, s.val)
	stages := s.stages()
	if frozen := s.frozenStage(); frozen != "" {
		stages = append([]resnet.Stage{frozen}, stages...)
	}
	if err := s.lookAt(stages); err != nil {
		return selection.Data{}, err
	}
	plain, err := s.compute(ctx, items, nil)
	if err != nil {
		return selection.Data{}, err
	}
	tables := []*features.Table{plain}
	if s.job.Recipe.Method == recipe.MethodAuto && s.augmenter != nil {
		for i := range s.job.Recipe.AugmentCopies {
			table, err := s.compute(ctx, s.train, &features.Variation{Augmenter: s.augmenter, Copy: i + 1})
			if err != nil {
				return selection.Data{}, err
			}
			tables = append(tables, table)
		}
	}
	data := s.withCopies(s.rows(items), items, len(tables)-1)
	for _, stage := range stages {
		rows := len(data.Labels)
		length := plain.At(stage).Length()
		values := plain.At(stage).Gather(make([]float32, 0, rows*length), items)
		for _, table := range tables[1:] {
			values = table.At(stage).Gather(values, s.train)
		}
		data.Stages = append(data.Stages, selection.Stage{Name: string(stage), Features: probe.Features{Rows: rows, Cols: length, Data: values}})
	}
	return data, nil
}

// rows is what a comparison knows of items beside their features.
func (s *session) rows(items []int) selection.Data {
	data := selection.Data{Classes: len(s.job.Dataset.Classes)}
	place := map[int]int{}
	for at, item := range items {
		one := s.job.Dataset.Items[item]
		place[item] = at
		data.Labels, data.Keys = append(data.Labels, one.Label), append(data.Keys, one.SHA256.String())
		if s.weights != nil {
			data.Weights = append(data.Weights, float64(s.weights[one.Label]))
		}
	}
	data.Groups = selection.Placed(s.job.Dataset.Together, place)
	return data
}

// stages are those that are compared: those of the candidate where the job has one, or where the run that this one resumes has chosen one; those
// of the cut where it has several, since they were asked for; else the last ones. Fine-tuning begins with a classifier on the last one
// alone. With one that also has features of a stage that stays as it is, the training images are fitted by these, and the last stage
// learns less.
func (s *session) stages() []resnet.Stage {
	switch {
	case s.job.Candidate != nil:
		return stagesOf(*s.job.Candidate)
	case s.chosen != nil:
		return stagesOf(s.chosen.Choice().Candidate)
	}
	if cut := s.given.Cut(); len(cut) > 1 {
		return cut
	}
	all := s.given.Stages()
	if s.job.Recipe.Method == recipe.MethodFinetune {
		return all[len(all)-1:]
	}
	return all[max(0, len(all)-comparedStages):]
}

// stagesOf are the stages of a candidate.
func stagesOf(c selection.Candidate) []resnet.Stage {
	list := make([]resnet.Stage, len(c.Stages))
	for i, name := range c.Stages {
		list[i] = resnet.Stage(name)
	}
	return list
}

// lookAt makes the job's backbone the cut of the given one after some stages, with a frozen pass for it.
func (s *session) lookAt(stages []resnet.Stage) error {
	backbone := s.given
	if !slices.Equal(stages, s.given.Cut()) {
		var err error
		if backbone, err = s.given.At(stages...); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	pass, err := s.open(backbone)
	if err != nil {
		return err
	}
	before := s.frozen
	s.job.Backbone, s.frozen = backbone, pass
	if before == nil {
		return nil
	}
	return before.Close()
}

// compare chooses among the candidates, tells what was chosen and why, and keeps the report.
func (s *session) compare(ctx context.Context, data selection.Data) (selection.Score, error) {
	o := s.selectionOptions()
	o.Only = s.job.Candidate
	o.Events = func(p selection.Progress) { s.events(progress.Event{Kind: progress.SelectionEvent, Selection: &p}) }
	if s.job.Recipe.Method == recipe.MethodFinetune { // a classifier on earlier stages alone has no use for the last
		stages := s.stages()
		last := string(stages[len(stages)-1])
		// Of features of unit length, the gradients have one scale, whichever classifier is chosen.
		o.Normalizations = []probe.Normalization{probe.L2}
		o.Sets = slices.DeleteFunc(o.Sets, func(set []string) bool { return set[len(set)-1] != last })
	}
	id := s.given.Identity()
	s.base = &id
	if s.chosen != nil { // by the run that this one resumes
		return s.chosen.Choice(), nil
	}
	report, err := selection.Choose(ctx, data, o)
	switch {
	case errors.Is(err, selection.ErrTooFew):
		report = selection.Unjudged(data, o)
		s.warn(CodeFewForFolds, "There are too few training images to compare classifiers (%v): it is %s, without a comparison.", err, report.Choice().Candidate)
	case err != nil:
		return selection.Score{}, fmt.Errorf("train: %w", err)
	default:
		s.tell(diagnosis.Diagnosis{Severity: diagnosis.Note, Code: CodeChosen, Sentence: "Chosen: " + report.Summary() + "."})
	}
	s.chosen = report
	if s.record != nil {
		s.record.Run.Selection = report
	}
	s.events(progress.Event{Kind: progress.ChosenEvent, Chosen: report})
	return report.Choice(), nil
}

// selectionOptions compare the stages of the session.
func (s *session) selectionOptions() selection.Options {
	o := selection.DefaultOptions()
	var names []string
	for _, stage := range s.stages() {
		names = append(names, string(stage))
	}
	o.Sets, o.Seed, o.Workers = selection.SetsOf(names), s.job.Recipe.Seed, s.workers()
	return o
}

// layOut lays out the network of the chosen stages, with a classifier as its head.
func (s *session) layOut(found *probed) error {
	err := s.lookAt(stagesOf(found.candidate))
	if err != nil {
		return err
	}
	s.job.Recipe.Head = head.None
	if found.linear.Unit {
		s.job.Recipe.Head = string(head.UnitNorm)
	}
	if s.record != nil {
		s.record.Run.Recipe = s.job.Recipe
	}
	if s.network, err = s.job.Network(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

// build makes the network of the chosen stages, with the classifier as its head, for predictions.
func (s *session) build(found *probed) error {
	err := s.layOut(found)
	if err != nil {
		return err
	}
	options := stepperOptions(s.job.Recipe, s.network)
	options.Inference = true
	if s.stepper, err = stepper.New(s.device.Backend, options); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return s.setHead(found.linear)
}

// measureOnce measures the network on the training and the validation images, whose features are in the rows of all, and
// records it as the one epoch of the run.
func (s *session) measureOnce(all probe.Features, start time.Time) error {
	measure := func(items []int) (loss, accuracy float64, err error) {
		if len(items) == 0 {
			return 0, 0, nil
		}
		rows := all.Select(s.rowsOf(items))
		outputs, err := s.stepper.Logits(rows.Data, nil, rows.Rows)
		if err != nil {
			return 0, 0, err
		}
		s.job.Recipe.Task.Interpret(outputs, s.job.Outputs())
		report, err := s.job.Report(outputs, items)
		if err != nil {
			return 0, 0, err
		}
		return report.Loss, report.Accuracy, nil
	}
	epoch := history.Epoch{Epoch: 1, Epochs: 1}
	var err error
	if epoch.Loss, epoch.Accuracy, err = measure(s.train); err != nil {
		return err
	}
	if epoch.ValLoss, epoch.ValAccuracy, err = measure(s.val); err != nil {
		return err
	}
	if math.IsNaN(epoch.Loss) {
		return errors.New("train: the features or weights are not finite")
	}
	epoch.Seconds = time.Since(start).Seconds()
	if err := s.finishEpoch(epoch); err != nil {
		return err
	}
	s.state.Status = progress.Finished
	return nil
}

// CompareProbes compares what the method auto does for a job, and chooses among them. It is nil for a job without probes.
func CompareProbes(ctx context.Context, device *accel.Device, job Job, events func(progress.Event)) (*selection.Report, error) {
	s, err := newProbing(device, job, events)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, nil // another task, or features that are not pooled
	}
	defer s.close()
	data, err := s.stageFeatures(ctx)
	if err == nil {
		_, err = s.compare(ctx, data.Take(s.fittedTo(data)))
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil // the search ends with what it has
	case err != nil || s.chosen.Folds == 0:
		return nil, err
	}
	return s.chosen, nil
}
