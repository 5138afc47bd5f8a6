package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// A Ref names a trained model: by the run that made it, or by the model that holds it. With neither it is the current model.
type Ref struct {
	Run   string
	Model string
}

// A Trained is a model that predicts.
type Trained struct {
	Model   *classifier.Model
	Name    string               // of the model or of the run, by which it was found
	Dataset *imagefolder.Dataset // that it was trained on; nil where it is not loaded
}

// Weights says where the weights of the model's backbone come from.
func (t *Trained) Weights() resnet.Origin { return t.Model.Backbone().Identity().Weights }

// Trained returns the model of a reference. That of a run is its own, also where another run has trained the same model
// since: it is read from the state folder then.
func (l *Lab) Trained(ctx context.Context, of Ref) (*Trained, error) {
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
		return nil, &FewClassesError{m.Name}
	}
	if m.result == nil {
		return nil, &UntrainedError{m.Name}
	}
	data := m.data
	if data == nil { // it was read from a folder; its images may be loaded all the same
		data = l.datasetOf(m.result.Provenance.DatasetDigest)
	}
	return &Trained{Model: m.result, Name: m.Name, Dataset: data}, nil
}

// mostRestored is how many models of runs that were read from disk stay on the device.
const mostRestored = 2

// restored is the model of a run that was read from disk.
type restored struct {
	model *classifier.Model
}

func (r *restored) close() { _ = r.model.Close() }

// trainedBy is the model that a run has made.
func (l *Lab) trainedBy(ctx context.Context, run string) (*Trained, error) {
	if r, err := l.Run(run); err == nil && r.running() {
		return nil, &RunningError{Doing: "use the model of a run", Run: run}
	}
	for _, m := range l.Models() {
		m.mu.Lock()
		result, by, data := m.result, m.run, m.data
		m.mu.Unlock()
		if result != nil && by == run {
			return &Trained{Model: result, Name: run, Dataset: data}, nil
		}
	}
	names, err := l.RunNames()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(names, run) {
		return nil, &NotFoundError{KindRun, run, names}
	}
	model, err := l.restore(ctx, run)
	if err != nil {
		return nil, &NoWeightsError{run, err}
	}
	return &Trained{Model: model, Name: run, Dataset: l.datasetOf(model.Provenance.DatasetDigest)}, nil
}

// restore reads the model of a run from the state folder, unless it was read before.
func (l *Lab) restore(ctx context.Context, run string) (*classifier.Model, error) {
	l.mu.Lock()
	have, ok := l.restored.items[run]
	l.mu.Unlock()
	if ok {
		return have.model, nil
	}
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
	model, err := classifier.Restore(device, l.home, outcome, backbone)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, ok := l.restored.items[run]; ok { // read by another request meanwhile
		_ = model.Close()
		return have.model, nil
	}
	l.restored.put(run, &restored{model})
	if oldest, ok := l.restored.dropOldest(mostRestored); ok {
		oldest.close()
	}
	return model, nil
}

// PredictOptions say how images are answered.
type PredictOptions struct {
	Top int            // most probable classes for each image; 0: all
	TTA prediction.TTA // empty: none
}

// Predict answers each image in order; an image that cannot be read gets a Prediction with its Error. The limits are those of
// the first file.
func (t *Trained) Predict(ctx context.Context, images []Image, o PredictOptions) ([]prediction.Prediction, error) {
	var files []string
	options := classifier.PredictOptions{Top: o.Top, TTA: o.TTA}
	for _, i := range images {
		if i.File != "" {
			if len(files) == 0 {
				options.Limits = i.Limits
			}
			files = append(files, i.File)
		}
	}
	fromFiles, err := t.Model.PredictWith(ctx, files, options)
	if err != nil {
		return nil, err
	}
	result := make([]prediction.Prediction, 0, len(images))
	for _, i := range images {
		var p prediction.Prediction
		if i.File != "" {
			p, fromFiles = fromFiles[0], fromFiles[1:]
		} else if p, err = t.predictPixels(ctx, i, o); err != nil {
			return nil, fmt.Errorf("predict %s: %w", i.Name, err)
		}
		p.Name, p.Path, p.Truth = i.Name, i.File, i.Truth
		result = append(result, p)
	}
	return result, nil
}

// predictPixels answers one image that is in no file.
func (t *Trained) predictPixels(ctx context.Context, i Image, o PredictOptions) (prediction.Prediction, error) {
	probabilities, err := t.Model.PredictAveraged(ctx, i.resized(t.Geometry()), 1, o.TTA)
	if err != nil {
		return prediction.Prediction{}, err
	}
	p, err := t.Model.Rank(probabilities, o.Top)
	if o.TTA.Mirrors() {
		p.TTA = o.TTA
	}
	return p, err
}

// PredictData answers one encoded image that is in no file. Its decoder is that of files, with the same limits, and nothing of
// it reaches the disk.
func (t *Trained) PredictData(ctx context.Context, data []byte, top int) (prediction.Prediction, error) {
	geometry := t.Geometry()
	pixels := make([]uint8, geometry.Bytes())
	if err := imageio.At(pixels, data, geometry, t.Model.Limits()); err != nil {
		return prediction.Prediction{}, err
	}
	outputs, err := t.Model.PredictPixels(ctx, pixels, 1)
	if err != nil {
		return prediction.Prediction{}, err
	}
	return t.Model.Rank(outputs, top)
}

// Geometry is how images come to the model's size.
func (t *Trained) Geometry() imagefolder.Geometry { return t.Model.Backbone().Identity().Geometry }

// Predict answers images and leaves the answer for Go cells.
func (l *Lab) Predict(ctx context.Context, t *Trained, images []Image, o PredictOptions) ([]prediction.Prediction, error) {
	predictions, err := t.Predict(ctx, images, o)
	if err == nil {
		l.leave("last.predictions", warm.PredictResult{Model: t.Name, Predictions: predictions})
	}
	return predictions, err
}

// Explain says where in an image the model sees a class; an empty class is the most probable one.
func (t *Trained) Explain(ctx context.Context, i Image, class string) (*classifier.HeatMap, error) {
	if i.File != "" {
		return t.Model.ExplainWith(ctx, i.File, classifier.ExplainOptions{Class: class, Limits: i.Limits})
	}
	return t.Model.ExplainPixels(ctx, i.resized(t.Geometry()), class)
}

// An Evaluation is how good a model is on some images.
type Evaluation struct {
	Trained *Trained
	Report  *metric.Report
	Dataset *imagefolder.Dataset
	Split   string // empty where all images of Dir were evaluated
	Dir     string
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
func (l *Lab) Evaluate(ctx context.Context, of Ref, o EvaluateOptions) (*Evaluation, error) {
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
			return nil, &NoImagesError{trained.Name}
		}
	}
	report, err := trained.Model.EvaluateSplit(ctx, data, o.Split, classifier.EvaluateOptions{TTA: o.TTA})
	if err != nil {
		return nil, err
	}
	if o.Dir != "" {
		report.TrainedOn, report.ValidatedOn = known(trained.Model, data)
	}
	e := &Evaluation{Trained: trained, Report: report, Dataset: data, Split: o.Split, Dir: o.Dir}
	l.leave("last.report", e.Warm())
	return e, nil
}

// known counts the images of a dataset that a model was trained on, and those that it was validated on, by their content.
func known(m *classifier.Model, data *imagefolder.Dataset) (trained, validated int) {
	splits := map[string]string{}
	for _, file := range m.Provenance.Files {
		if file.Split == imagefolder.Train || splits[file.SHA256] == "" {
			splits[file.SHA256] = file.Split
		}
	}
	for _, item := range data.Items {
		switch splits[item.SHA256] {
		case imagefolder.Train:
			trained++
		case imagefolder.Val:
			validated++
		}
	}
	return trained, validated
}

// Skipped are the files of the folder that are not among the report's images.
func (e *Evaluation) Skipped() []imagefolder.Skipped {
	list := make([]imagefolder.Skipped, len(e.Report.Skipped))
	for i, s := range e.Report.Skipped {
		list[i] = imagefolder.Skipped{Path: s.Path, Reason: s.Reason}
	}
	return list
}

// Warm is the evaluation as Go cells get it.
func (e *Evaluation) Warm() warm.Report {
	r := e.Report
	report := warm.Report{
		Model: e.Trained.Name, Split: e.Split, Dir: e.Dir, Images: r.Images, Loss: r.Loss, Accuracy: r.Accuracy,
		Labels: r.Classes, Confusion: r.Confusion, ECE: r.Calibration.ECE,
	}
	for _, c := range r.PerClass {
		report.Classes = append(report.Classes, warm.ClassReport{Label: c.Class, Precision: c.Precision, Recall: c.Recall, F1: c.F1, Images: c.Support})
	}
	for _, m := range r.Worst {
		report.Worst = append(report.Worst, prediction.Prediction{
			Name: m.Path, Truth: m.Label,
			Top: []prediction.Score{{Class: m.Predicted, Index: slices.Index(r.Classes, m.Predicted), Probability: m.Probability}},
		})
	}
	return report
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
