package predictor

import (
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// An Evaluation is how good a model is on some images.
type Evaluation struct {
	Trained *Predictor
	Report  *metric.Report
	Dataset *imagefolder.Dataset
	Split   string // empty where all images of Dir were evaluated
	Dir     string
}

// Known counts the images of a dataset that the model was trained on, and those that it was validated on, by their content.
func (t *Predictor) Known(data *imagefolder.Dataset) (trained, validated int) {
	splits := map[string]string{}
	for _, file := range t.Model.Provenance.Files {
		if file.Split == imagefolder.Train || splits[file.SHA256] == "" {
			splits[file.SHA256] = file.Split
		}
	}
	for _, item := range data.Items {
		switch splits[item.SHA256.String()] {
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
	if i := r.AccuracyInterval; i != nil && r.Images < metric.Few {
		report.AccuracyLow, report.AccuracyHigh = i.Low, i.High
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
