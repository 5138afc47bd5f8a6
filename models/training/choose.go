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
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// comparedStages is how many stages are compared, from the last on: earlier ones tell of edges and colors alone.
const comparedStages = 3

// choose is the method auto: it compares probes on the features of several stages by cross-validation on the training images,
// makes the chosen one the head, and measures it once on the validation images.
func (s *session) choose(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // a fit of the cross-validation is not worth waiting for
		select {
		case <-s.job.Control.Abort:
			cancel()
		case <-ctx.Done():
		}
	}()
	err := s.chooseHead(ctx)
	if s.aborted() {
		return ErrAborted
	}
	return err
}

func (s *session) chooseHead(ctx context.Context) error {
	start := time.Now()
	s.given = s.job.Backbone
	data, err := s.stageFeatures(ctx)
	if err != nil {
		return err
	}
	trained := data.Take(s.rowsOf(s.train))
	choice, err := s.compare(ctx, trained)
	if err != nil {
		return err
	}
	joined, err := trained.Join(choice.Candidate)
	if err != nil {
		return err
	}
	samples := probe.Samples{Features: joined, Labels: trained.Labels, Classes: trained.Classes, Weights: trained.Weights}
	steps := 0
	fitted, err := choice.Fit(ctx, samples, s.workers(), func(i probe.Iteration) {
		steps++
		s.events(Event{Kind: StepEvent, Step: &Step{Epoch: 1, Step: steps, Steps: steps, Loss: i.Loss}})
	})
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	fitted.Scale(1 / choice.Temperature)
	if err := s.build(choice.Candidate, fitted); err != nil {
		return err
	}
	all, err := data.Join(choice.Candidate)
	if err != nil {
		return err
	}
	return s.measureOnce(all, start)
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

// stageFeatures computes the features of the training and validation images at the stages that are compared.
func (s *session) stageFeatures(ctx context.Context) (selection.Data, error) {
	items := slices.Concat(s.train, s.val)
	if err := s.lookAt(s.stages()); err != nil {
		return selection.Data{}, err
	}
	table, err := s.compute(ctx, items, nil)
	if err != nil {
		return selection.Data{}, err
	}
	data := s.rows(items)
	for _, stage := range s.stages() {
		part := table.At(stage)
		data.Stages = append(data.Stages, selection.Stage{Name: string(stage), Features: probe.Features{
			Rows: len(items), Cols: part.Length(), Data: part.Gather(make([]float32, 0, len(items)*part.Length()), items),
		}})
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
		data.Labels, data.Keys = append(data.Labels, one.Label), append(data.Keys, one.SHA256)
		if s.weights != nil {
			data.Weights = append(data.Weights, float64(s.weights[one.Label]))
		}
	}
	data.Groups = selection.Placed(s.job.Dataset.Together, place)
	return data
}

// stages are those that are compared: those of the cut where it has several, since they were asked for, else the last ones.
func (s *session) stages() []resnet.Stage {
	if s.job.Candidate != nil {
		var list []resnet.Stage
		for _, name := range s.job.Candidate.Stages {
			list = append(list, resnet.Stage(name))
		}
		return list
	}
	if cut := s.given.Cut(); len(cut) > 1 {
		return cut
	}
	all := s.given.Stages()
	return all[max(0, len(all)-comparedStages):]
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
	pass, err := features.Open(backbone, s.device, s.job.Environment.Home, s.job.Environment.CacheSize)
	if err != nil {
		return err
	}
	before := s.frozen
	s.job.Backbone, s.frozen = backbone, pass
	return before.Close()
}

// compare chooses among the candidates, tells what was chosen and why, and keeps the report.
func (s *session) compare(ctx context.Context, data selection.Data) (selection.Score, error) {
	o := s.selectionOptions()
	o.Only = s.job.Candidate
	o.Events = func(p selection.Progress) { s.events(Event{Kind: SelectionEvent, Selection: &p}) }
	id := s.given.Identity()
	s.base = &id
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
		s.record.run.Selection = report
	}
	s.events(Event{Kind: ChosenEvent, Chosen: report})
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

// build makes the network of the chosen backbone, with the classifier as its head.
func (s *session) build(c selection.Candidate, l *probe.Linear) error {
	var stages []resnet.Stage
	for _, name := range c.Stages {
		stages = append(stages, resnet.Stage(name))
	}
	err := s.lookAt(stages)
	if err != nil {
		return err
	}
	s.job.Recipe.Head = headNone
	if l.Unit {
		s.job.Recipe.Head = string(head.UnitNorm)
	}
	if s.network, err = network.New(s.job.Backbone, s.job.Recipe.Head, features.Tuning{}, s.job.outputs()); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	options := s.job.Recipe.options(s.network)
	options.Inference = true
	if s.stepper, err = stepper.New(s.device.Backend, options); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	state, err := s.stepper.Weights()
	if err != nil {
		return err
	}
	for name, values := range map[string][]float64{"head/logits/kernel": l.Kernel, "head/logits/bias": l.Bias} {
		array, ok := state[name]
		if !ok || len(array.Values) != len(values) {
			return fmt.Errorf("train: the head has no weight %s of %d numbers", name, len(values))
		}
		for i, v := range values {
			array.Values[i] = float32(v)
		}
	}
	if s.record != nil {
		s.record.run.Recipe = s.job.Recipe
	}
	return s.stepper.SetWeights(state)
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
		s.job.Recipe.Task.Interpret(outputs, s.job.outputs())
		report, err := s.job.report(outputs, items)
		if err != nil {
			return 0, 0, err
		}
		return report.Loss, report.Accuracy, nil
	}
	epoch := Epoch{Epoch: 1, Epochs: 1}
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
	s.state.Status = Finished
	return nil
}

// maxFolds is how many folds a search divides the training images into, where they are enough.
const maxFolds = 5

// foldsOf divides the training images into folds, as the method auto does.
func (s *session) foldsOf() (folds int, fold []int) {
	data := s.rows(s.train)
	folds = min(maxFolds, max(2, len(s.train)/2))
	return folds, selection.Folds(data.Labels, data.Groups, data.Keys, folds, s.job.Recipe.Seed)
}

// compareProbes compares what the method auto does for a job, and chooses among them. It is nil for a job without probes.
func compareProbes(ctx context.Context, device *accel.Device, job Job, events func(Event)) (*selection.Report, error) {
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
		_, err = s.compare(ctx, data.Take(s.rowsOf(s.train)))
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil // the search ends with what it has
	case err != nil || s.chosen.Folds == 0:
		return nil, err
	}
	return s.chosen, nil
}
