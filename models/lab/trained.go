package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// A Ref names a trained model: by the run that made it, or by the model that holds it. With neither it is the current model.
type Ref struct {
	Run   string
	Model string
}

// Trained returns the model of a reference. That of a run is its own, also where another run has trained the same model
// since: it is read from the state folder then.
func (l *Lab) Trained(ctx context.Context, of Ref) (*predictor.Predictor, error) {
	if of.Run != "" {
		return l.trainedBy(ctx, of.Run)
	}
	m, err := l.Model(of.Model)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.result == nil && m.teaching != nil {
		return nil, &teaching.FewClassesError{Model: m.Name}
	}
	if m.result == nil {
		return nil, &UntrainedError{m.Name}
	}
	data := m.data
	if data == nil { // it was read from a folder; its images may be loaded all the same
		data = l.datasetOf(m.result.Provenance.DatasetDigest)
	}
	return &predictor.Predictor{Model: m.result, Name: m.Name, Dataset: data}, nil
}

// mostRestored is how many models of runs that were read from disk stay on the device.
const mostRestored = 2

// restored is the model of a run that was read from disk.
type restored struct {
	model *classifier.Model
}

func (r *restored) close() { _ = r.model.Close() }

// trainedBy is the model that a run has made.
func (l *Lab) trainedBy(ctx context.Context, run string) (*predictor.Predictor, error) {
	if err := l.checkEnded(run); err != nil {
		return nil, err
	}
	for _, m := range l.Models() {
		m.mu.Lock()
		result, by, data := m.result, m.run, m.data
		m.mu.Unlock()
		if result != nil && by == run {
			return &predictor.Predictor{Model: result, Name: run, Dataset: data}, nil
		}
	}
	if err := l.checkKnown(run); err != nil {
		return nil, err
	}
	model, err := l.restore(ctx, run)
	if err != nil {
		return nil, &NoWeightsError{run, err}
	}
	return &predictor.Predictor{Model: model, Name: run, Dataset: l.datasetOf(model.Provenance.DatasetDigest)}, nil
}

// checkEnded returns an error where a run goes on.
func (l *Lab) checkEnded(run string) error {
	if r, err := l.Run(run); err == nil && r.running() {
		return &RunningError{Doing: "use the model of a run", Run: run}
	}
	return nil
}

// checkKnown returns an error where there is no such run.
func (l *Lab) checkKnown(run string) error {
	names, err := l.RunNames()
	if err != nil {
		return err
	}
	if !slices.Contains(names, run) {
		return &named.NotFoundError{Kind: named.KindRun, Name: run, Have: names}
	}
	return nil
}

// restore reads the model of a run from the state folder, unless it was read before.
func (l *Lab) restore(ctx context.Context, run string) (*classifier.Model, error) {
	l.mu.Lock()
	have, ok := l.restored.Get(run)
	l.mu.Unlock()
	if ok {
		return have.model, nil
	}
	model, err := l.readRun(ctx, run)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, ok := l.restored.Get(run); ok { // read by another request meanwhile
		_ = model.Close()
		return have.model, nil
	}
	l.restored.Put(run, &restored{model})
	if oldest, ok := l.restored.DropOldest(mostRestored); ok {
		oldest.close()
	}
	return model, nil
}

// readRun reads the model of a run from the state folder.
func (l *Lab) readRun(ctx context.Context, run string) (*classifier.Model, error) {
	if l.home == "" {
		return nil, fmt.Errorf("there is no state folder, and another run has trained its model since")
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	outcome, backbone, err := l.outcomeOnDisk(ctx, run)
	if err != nil {
		return nil, err
	}
	return classifier.Restore(device, l.home, outcome, backbone)
}

// Predict answers images and leaves the answer for Go cells.
func (l *Lab) Predict(ctx context.Context, t *predictor.Predictor, images []input.Image, o predictor.Options) ([]prediction.Prediction, error) {
	predictions, err := t.Predict(ctx, images, o)
	if err == nil {
		l.leave("last.predictions", warm.PredictResult{Model: t.Name, Predictions: predictions})
	}
	return predictions, err
}

// EvaluateOptions say on what a model is evaluated.
type EvaluateOptions struct {
	Split  string         // of its dataset
	Dir    string         // a folder with one folder per class, instead; empty: the split
	Limits imageio.Limits // of what is decoded of Dir; zero: imageio's default, or the training's where that is larger
	TTA    prediction.TTA // empty: none
}

// Evaluate compares a model's predictions with the labels of one split of its dataset, or of all images of a folder. A model
// whose images are not loaded is evaluated on the current dataset.
func (l *Lab) Evaluate(ctx context.Context, of Ref, o EvaluateOptions) (*predictor.Evaluation, error) {
	trained, err := l.Trained(ctx, of)
	if err != nil {
		return nil, err
	}
	data := trained.Dataset
	if o.Dir != "" {
		if data, err = l.labeledFolder(ctx, trained, o); err != nil {
			return nil, err
		}
		o.Split = ""
	} else if data == nil {
		if data, err = l.Dataset(""); err != nil {
			return nil, &predictor.NoImagesError{Model: trained.Name}
		}
	}
	report, err := trained.Model.EvaluateSplit(ctx, data, o.Split, classifier.EvaluateOptions{TTA: o.TTA})
	if err != nil {
		return nil, err
	}
	if o.Dir != "" {
		report.TrainedOn, report.ValidatedOn = trained.Known(data)
	}
	e := &predictor.Evaluation{Trained: trained, Report: report, Dataset: data, Split: o.Split, Dir: o.Dir}
	l.leave("last.report", e.Warm())
	return e, nil
}

// modelBackbone finds a loaded backbone by its fingerprint; nil where there is none.
func (l *Lab) modelBackbone(id features.Identity) *features.Backbone {
	geometry := id.Geometry
	geometry.Decode = cmp.Or(geometry.Decode, imageio.Exact)
	for _, m := range l.Models() {
		if have := m.backbone(geometry); have.Identity().Fingerprint == id.Fingerprint {
			return have
		}
	}
	return nil
}
