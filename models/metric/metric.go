// Package metric computes the quality of a classifier's predictions, in scikit-learn's definitions.
package metric

import (
	"math"

	"github.com/headstart-nb/headstart/models/prediction"
)

// A Report is the quality of predictions on labeled images.
type Report struct {
	Images  int    `json:"images"`
	Skipped []File `json:"skipped"` // files of the folder that are not among Images
	// TrainedOn is how many Images of a folder the model was trained on, by their content: its results are too good as far as they are
	// these. ValidatedOn are those that chose its best epoch.
	TrainedOn   int      `json:"trained_on,omitempty"`
	ValidatedOn int      `json:"validated_on,omitempty"`
	Classes     []string `json:"classes"`

	TTA prediction.TTA `json:"tta,omitempty"` // test-time augmentation of the predictions; empty: none

	Loss     float64 `json:"loss"`     // mean cross-entropy, natural logarithm
	Accuracy float64 `json:"accuracy"` // fraction in [0, 1]
	// AccuracyInterval is of 95 %, by Wilson's formula; nil for tasks whose accuracy is not one of images.
	AccuracyInterval *Interval `json:"accuracy_interval,omitempty"`
	// Top3 is the fraction of images whose label is among the three most probable classes; nil with three classes or fewer, where
	// it would be 1 whatever the model predicts.
	Top3 *float64 `json:"top3,omitempty"`

	PerClass []ClassScore `json:"per_class"`
	Macro    ClassScore   `json:"macro"`    // mean over the classes that are labeled or predicted, as scikit-learn's
	Weighted ClassScore   `json:"weighted"` // mean over classes, weighted by support

	Confusion [][]int    `json:"confusion"` // [label][predicted] images
	Confused  []Confused `json:"confused"`  // the most confused pairs, most images first
	Worst     []Mistake  `json:"worst"`     // the most confident mistakes first
	// TopLosses are the images with the highest loss, mistakes or not, the highest first; at most 24.
	TopLosses []Mistake `json:"top_losses"`

	Ranking    *Ranking    `json:"ranking,omitempty"`    // areas under the ROC and precision-recall curves
	Thresholds *Thresholds `json:"thresholds,omitempty"` // of two classes

	Judgments []Judgment `json:"-"` // one for each image, in their order

	Calibration Calibration `json:"calibration"`

	Values *Values `json:"values,omitempty"` // of a regression, which leaves all but Images and Loss empty
}

// A File is one that could not be judged.
type File struct {
	Path   string `json:"path"`
	Reason string `json:"reason"` // for people
}

// Values is how near predicted numbers are to the true ones, averaged over the outputs.
type Values struct {
	MAE  float64 `json:"mae"`  // mean absolute error
	RMSE float64 `json:"rmse"` // root of the mean squared error
	R2   float64 `json:"r2"`   // coefficient of determination; 1 is perfect, 0 is the mean
}

// ClassScore is precision, recall and F1 of one class, 0 where nothing was predicted or labeled.
type ClassScore struct {
	Class     string  `json:"class"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"` // images with this label
}

// Confused is a pair of classes that are confused.
type Confused struct {
	Label     string `json:"label"`
	Predicted string `json:"predicted"`
	Images    int    `json:"images"`
}

// A Judgment is the prediction for one image beside its label.
type Judgment struct {
	Index            int // place in the evaluated images
	Path             string
	Label, Predicted int     // indices of Report.Classes
	Probability      float64 // of the predicted class
	OfLabel          float64 // probability that the true class got
}

// Right says whether the prediction is the label.
func (j Judgment) Right() bool { return j.Label == j.Predicted }

// Loss is the cross-entropy of the image.
func (j Judgment) Loss() float64 { return -math.Log(max(j.OfLabel, smallest)) }

func (j Judgment) mistake(classes []string) Mistake {
	return Mistake{
		Index: j.Index, Path: j.Path, Label: classes[j.Label], Predicted: classes[j.Predicted], Probability: j.Probability, OfLabel: j.OfLabel,
		Loss: j.Loss(),
	}
}

// A Mistake is one image that was predicted as a wrong class, or, among the highest losses, with little confidence.
type Mistake struct {
	Index       int     `json:"index"` // place in the evaluated images
	Path        string  `json:"path,omitempty"`
	Label       string  `json:"label"`
	Predicted   string  `json:"predicted"`
	Probability float64 `json:"probability"` // of the predicted class
	OfLabel     float64 `json:"of_label"`    // probability that the true class got
	Loss        float64 `json:"loss"`        // cross-entropy, natural logarithm
}

// Calibration compares the probability of the predicted class with how often it is right.
type Calibration struct {
	Bins []Bin   `json:"bins"`
	ECE  float64 `json:"ece"` // expected calibration error: |confidence - accuracy|, weighted by the images in each bin
}

// A Bin holds the predictions whose confidence lies in (Low, High].
type Bin struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Images     int     `json:"images"`
	Confidence float64 `json:"confidence"` // mean
	Accuracy   float64 `json:"accuracy"`
}
