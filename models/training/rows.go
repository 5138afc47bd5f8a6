package training

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/training/history"
	"github.com/headstart-nb/headstart/models/training/nan"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
)

// A RowsJob is a training on a file of features, which need not fit in memory: some blocks of its rows are there at a time.
type RowsJob struct {
	Recipe   recipe.Recipe // of the method classic and the task single, on a frozen backbone
	Rows     *rowfile.File
	Backbone *features.Backbone // that of the file; nil: opened as the file names it
	// Val is the fraction of the rows that validate, drawn by the seed, where the paths do not say which.
	Val  float64
	Name string
}

// FitRows trains a head on a file of features. events may be nil; it hears of steps and epochs. An epoch that a canceled context has cut
// short does not count; what is kept of those before it is returned, where there is one. Where the loss or weights are no longer numbers, it
// is the best epoch before that, with a nan.Error.
func FitRows(ctx context.Context, device *accel.Device, job RowsJob, events func(progress.Event)) (*Result, error) {
	if events == nil {
		events = func(progress.Event) {}
	}
	s := &rowsSession{job: job, events: events, started: time.Now()}
	r, err := s.fit(ctx, device)
	if err == nil && s.nan != nil {
		err = s.nan
	}
	if err != nil {
		return r, fmt.Errorf("train on %s: %w", job.Rows.Name, err)
	}
	return r, nil
}

type rowsSession struct {
	job     RowsJob
	events  func(progress.Event)
	started time.Time
	stepper *stepper.Stepper
	history history.History
	best    stepper.State
	last    stepper.State // of the last finished epoch, where the recipe keeps that one
	toldAt  time.Time
	nan     *nan.Error // why it ended, where the loss or the weights are no longer numbers

	validated bool // some row validates
}

func (j RowsJob) validate() error {
	r := j.Recipe
	if err := r.Validate(); err != nil {
		return err
	}
	switch {
	case r.Method != recipe.MethodClassic || r.Task != recipe.Single || r.Unfreeze != recipe.StageNone || r.Augment != "" || r.ClassWeights != recipe.ClassWeightsNone:
		return errors.New("on features, a head is trained by the method classic, for the task single, without augmentation, class weights and unfrozen stages")
	case r.Schedule == recipe.SchedulePlateau:
		return &recipe.FieldError{Field: "schedule", Problem: "must be one of constant, cosine, onecycle, warmup on features; got plateau"}
	case j.Val < 0 || j.Val >= 1:
		return fmt.Errorf("the fraction that validates must be from 0 to below 1; got %g", j.Val)
	}
	return nil
}

func (s *rowsSession) fit(ctx context.Context, device *accel.Device) (*Result, error) {
	j := &s.job
	if err := j.validate(); err != nil {
		return nil, err
	}
	if j.Backbone == nil {
		var err error
		if j.Backbone, err = j.Rows.Backbone.Open(ctx); err != nil {
			return nil, err
		}
	}
	n, err := network.New(j.Backbone, j.Recipe.Head, j.Recipe.Tuning(), len(j.Rows.Classes))
	if err != nil {
		return nil, err
	}
	if shape := n.Backbone.FeatureShape(); len(shape) != 1 || shape[0] != j.Rows.Length() {
		return nil, fmt.Errorf("its rows have %d numbers, and the backbone's features the shape %v", j.Rows.Length(), shape)
	}
	if j.Recipe, err = j.Recipe.On(device); err != nil {
		return nil, err
	}
	if s.stepper, err = stepper.New(device.Backend, stepperOptions(j.Recipe, n)); err != nil {
		return nil, err
	}
	status, err := s.run(ctx)
	switch {
	case err != nil || s.best != nil:
	case s.nan != nil:
		err = s.nan
	default:
		err = ctx.Err()
	}
	state := s.best
	if j.Recipe.KeepLast && s.nan == nil {
		state = s.last
	}
	if err == nil {
		err = s.stepper.SetWeights(state)
	}
	var frozen *features.Pass
	if err == nil {
		frozen, err = features.Open(j.Backbone, device, "", 0)
	}
	if err != nil {
		s.stepper.Close()
		return nil, err
	}
	return s.result(device, n, frozen, state, status), nil
}

// result describes a training that has come to its end.
func (s *rowsSession) result(device *accel.Device, n *network.Network, frozen *features.Pass, state stepper.State, status progress.Status) *Result {
	j := s.job
	used := j.Recipe
	used.Method = recipe.MethodRows
	name := strings.TrimSuffix(filepath.Base(j.Rows.Name), filepath.Ext(j.Rows.Name))
	root, _ := filepath.Abs(filepath.Dir(j.Rows.Name)) // an error leaves it out
	files, digest := s.files(mostListed)
	return &Result{
		Outcome: record.Outcome{Name: j.Name, Classes: j.Rows.Classes, Task: recipe.Single, History: s.history, Status: status, Provenance: record.Provenance{
			Run: j.Name, Created: s.started.UTC(), Dataset: name, DatasetRoot: root, DatasetDigest: digest, Files: files, Backbone: j.Backbone.Identity(), Recipe: used,
			Versions: record.Versions(device), Device: device.Name(), HeadDigest: record.Digest(state),
		}},
		Device: device, Network: n, Stepper: s.stepper, Frozen: frozen,
	}
}

// mostListed is up to how many images a model's description lists: beyond it, the description would be larger than is read again.
const mostListed = 500_000

// files are the images as the file names them, where they are not more than most, and the digest of all; their hashes stay in the caches of
// the shards.
func (s *rowsSession) files(most int) (files []record.File, digest string) {
	hash := sha256.New()
	for row, path := range s.job.Rows.Paths {
		file := record.File{Path: path, Label: s.job.Rows.Label[row]}
		switch {
		case s.validates(row):
			file.Split = imagefolder.Val
		case s.trains(row):
			file.Split = imagefolder.Train
		default:
			file.Split = imagefolder.Test
		}
		fmt.Fprintf(hash, "%q %d %s\n", file.Path, file.Label, file.Split)
		if len(s.job.Rows.Paths) <= most {
			files = append(files, file)
		}
	}
	return files, hex.EncodeToString(hash.Sum(nil))
}

// validates tells whether a row is a validation row.
func (s *rowsSession) validates(row int) bool {
	if split := s.job.Rows.Split; split != nil {
		return split[row] == imagefolder.Val
	}
	// splitmix64's mixing of the seed and the row, as a fraction.
	x := uint64(s.job.Recipe.Seed)*0x9e3779b97f4a7c15 + uint64(row)*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11)/(1<<53) < s.job.Val
}

func (s *rowsSession) trains(row int) bool {
	if split := s.job.Rows.Split; split != nil {
		return split[row] == imagefolder.Train
	}
	return !s.validates(row)
}

func (s *rowsSession) run(ctx context.Context) (progress.Status, error) {
	train := 0
	for row := range s.job.Rows.Len() {
		if s.trains(row) {
			train++
		}
		s.validated = s.validated || s.validates(row)
	}
	if train == 0 {
		return "", errors.New("no row is left to train on")
	}
	steps := (train + s.job.Recipe.BatchSize - 1) / s.job.Recipe.BatchSize
	for number := 1; number <= s.job.Recipe.Epochs; number++ {
		epoch, err := s.epoch(ctx, number, steps)
		if err != nil && ctx.Err() != nil {
			return progress.Stopped, nil
		}
		if err == nil {
			err = s.finish(epoch)
		}
		if errors.As(err, &s.nan) {
			return progress.NaN, nil
		}
		if err != nil {
			return "", err
		}
		if patience := s.job.Recipe.EarlyStop; patience > 0 && number-s.history.Best().Epoch >= patience {
			return progress.EarlyStop, nil
		}
	}
	return progress.Finished, nil
}

// finish notes an epoch, and its weights where it is the best or may be the last.
func (s *rowsSession) finish(epoch history.Epoch) error {
	epoch.Best = improves(s.job.Recipe, s.history, epoch, s.validated)
	if epoch.Best || s.job.Recipe.KeepLast {
		weights, err := s.stepper.Weights()
		if err != nil {
			return err
		}
		if !weights.Finite() {
			return &nan.Error{LearningRate: s.job.Recipe.LearningRate}
		}
		if s.last = weights; epoch.Best {
			s.best = weights
		}
	}
	s.history = append(s.history, epoch)
	s.events(progress.Event{Run: s.job.Name, Kind: progress.EpochEvent, Epoch: &epoch})
	return nil
}

func (s *rowsSession) epoch(ctx context.Context, number, steps int) (history.Epoch, error) {
	r, start, rates := s.job.Recipe, time.Now(), s.job.Recipe.Course(steps)
	e := history.Epoch{Epoch: number, Epochs: r.Epochs}
	var sum stepper.Result
	waiting := time.Now()
	for batch, err := range s.job.Rows.Batches(ctx, rowfile.Order{Batch: r.BatchSize, Seed: uint64(r.Seed), Epoch: number, Keep: s.trains}) {
		if err != nil {
			return e, err
		}
		e.Waited += time.Since(waiting).Seconds()
		step := sum.Rows / r.BatchSize
		done := (number-1)*steps + step
		e.LearningRate = r.LearningRate * rates.At(done)
		got, err := s.stepper.Step(stepper.Batch{Rows: len(batch.Rows), Inputs: batch.Values, Targets: s.targets(batch.Rows), Last: step == steps-1},
			stepper.Hyper{LearningRate: e.LearningRate, WeightDecay: r.WeightDecay}, uint64(r.Seed)*0x9e3779b97f4a7c15+uint64(done))
		if errors.Is(err, stepper.ErrNotFinite) {
			err = &nan.Error{LearningRate: r.LearningRate}
		}
		if err != nil {
			return e, err
		}
		sum.Loss, sum.Correct, sum.Rows = sum.Loss+got.Loss, sum.Correct+got.Correct, sum.Rows+got.Rows
		if time.Since(s.toldAt) >= progressEvery {
			s.toldAt = time.Now()
			s.events(progress.Event{Run: s.job.Name, Kind: progress.StepEvent, Step: &progress.Step{Epoch: number, Step: step + 1, Steps: steps, Loss: sum.Loss / float64(sum.Rows)}})
		}
		waiting = time.Now()
	}
	e.Loss, e.Accuracy = sum.Loss/float64(sum.Rows), sum.Correct/float64(sum.Rows)
	var err error
	if e.ValLoss, e.ValAccuracy, err = s.measure(ctx); err != nil {
		return e, err
	}
	e.Seconds = time.Since(start).Seconds()
	e.Rate = float64(sum.Rows) / max(e.Seconds, 1e-9)
	return e, nil
}

// targets are one-hot.
func (s *rowsSession) targets(rows []int) []float32 {
	classes := len(s.job.Rows.Classes)
	list := make([]float32, len(rows)*classes)
	for i, row := range rows {
		list[i*classes+s.job.Rows.Label[row]] = 1
	}
	return list
}

// measure computes loss and accuracy on the validation rows; without any both are 0.
func (s *rowsSession) measure(ctx context.Context) (loss, accuracy float64, err error) {
	classes, rows, correct := len(s.job.Rows.Classes), 0, 0
	for batch, err := range s.job.Rows.Batches(ctx, rowfile.Order{Batch: s.job.Recipe.BatchSize, Keep: s.validates}) {
		if err != nil {
			return 0, 0, err
		}
		logits, err := s.stepper.Logits(batch.Values, nil, len(batch.Rows))
		if err != nil {
			return 0, 0, err
		}
		recipe.Single.Interpret(logits, classes)
		for i, row := range batch.Rows {
			probabilities, label := logits[i*classes:(i+1)*classes], s.job.Rows.Label[row]
			loss -= math.Log(max(float64(probabilities[label]), 1e-12))
			if metric.Argmax(probabilities) == label {
				correct++
			}
			rows++
		}
	}
	if rows == 0 {
		return 0, 0, nil
	}
	return loss / float64(rows), float64(correct) / float64(rows), nil
}
