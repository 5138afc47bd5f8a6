package warm

import (
	"encoding/json"
	"time"

	"github.com/headstart-nb/headstart/models/prediction"
)

// ModelsResult lists the models that are warm.
type ModelsResult struct {
	Models []Model `json:"models"`
}

// Model is one warm model.
type Model struct {
	Name       string    `json:"name"`
	Backbone   string    `json:"backbone,omitempty"` // "resnet50"
	Labels     []string  `json:"labels,omitempty"`   // in the order of the logits; empty before training
	FeatureDim int       `json:"feature_dim,omitempty"`
	Trained    bool      `json:"trained"` // whether the head was trained
	Device     string    `json:"device,omitempty"`
	Dataset    string    `json:"dataset,omitempty"`
	Run        string    `json:"run,omitempty"` // the run that made it
	Made       time.Time `json:"made,omitzero"`
}

// PredictParams asks for the most likely classes of images.
type PredictParams struct {
	Model  string  `json:"model,omitempty"` // "" means the latest
	Images []Image `json:"images"`
	Top    int     `json:"top,omitempty"` // classes an image; 0 means 5, negative all
}

// PredictResult answers PredictParams, in the order of its images.
type PredictResult struct {
	Model       string                  `json:"model"`
	Predictions []prediction.Prediction `json:"predictions"`
}

// Prediction is a model's answer for one image.
//
// Deprecated: use prediction.Prediction. The alias goes away with the release after next.
type Prediction = prediction.Prediction

// Score is the probability of one class.
//
// Deprecated: use prediction.Score. The alias goes away with the release after next.
type Score = prediction.Score

// FeaturesParams asks for the backbone's features of images.
type FeaturesParams struct {
	Model  string  `json:"model,omitempty"` // "" means the latest
	Images []Image `json:"images"`
}

// FeaturesResult answers FeaturesParams.
type FeaturesResult struct {
	Model    string `json:"model"`
	Features Tensor `json:"features"` // [images, dim], or [images, height, width, channels] without pooling
}

// EvaluateParams asks how good a model is.
type EvaluateParams struct {
	Model string `json:"model,omitempty"` // "" means the latest
	// Split is one of "train", "val" (also where it is empty) and "test", of the dataset that the model was trained on.
	Split string `json:"split,omitempty"`
	// Dir is a folder with one folder a class, evaluated instead of Split.
	Dir string `json:"dir,omitempty"`
}

// Report is how good a model is on some images.
type Report struct {
	Model        string                  `json:"model"`
	Split        string                  `json:"split,omitempty"`
	Dir          string                  `json:"dir,omitempty"`
	Images       int                     `json:"images"`
	Loss         float64                 `json:"loss"`                   // mean cross-entropy in nats
	Accuracy     float64                 `json:"accuracy"`               // in [0, 1]
	AccuracyLow  float64                 `json:"accuracy_low,omitempty"` // the 95 % interval of Accuracy; both 0 from 1,000 images on
	AccuracyHigh float64                 `json:"accuracy_high,omitempty"`
	Labels       []string                `json:"labels"`
	Confusion    [][]int                 `json:"confusion"` // [truth][predicted]
	Classes      []ClassReport           `json:"classes"`   // in the order of Labels
	ECE          float64                 `json:"ece"`       // expected calibration error, in [0, 1]
	Worst        []prediction.Prediction `json:"worst,omitempty"`
}

// ClassReport is how good a model is on one class, each figure in [0, 1].
type ClassReport struct {
	Label     string  `json:"label"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Images    int     `json:"images"`
}

// ExplainParams asks where in an image a model sees a class (Grad-CAM).
type ExplainParams struct {
	Model string `json:"model,omitempty"` // "" means the latest
	Image Image  `json:"image"`
	Class string `json:"class,omitempty"` // "" means the most likely
}

// Explanation answers ExplainParams.
type Explanation struct {
	Model   string           `json:"model"`
	Class   prediction.Score `json:"class"`            // the class that is explained
	Heat    Tensor           `json:"heat"`             // [height, width], not negative, to be stretched over the image
	Drawing Drawing          `json:"drawing,omitzero"` // the image beside itself under the heat map
}

// PutParams gives a value a name, for magics (@name) and for later cells.
type PutParams struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
}

// GetParams asks for a named value. Magics leave theirs under names with a dot: "last.report" (Report),
// "last.predictions" (PredictResult), "last.dataset", "last.run".
type GetParams struct {
	Name string `json:"name"`
}

// Value is what put and get carry; exactly one field is set.
type Value struct {
	JSON   json.RawMessage `json:"json,omitempty"`
	Images []Image         `json:"images,omitempty"`
	Tensor *Tensor         `json:"tensor,omitempty"`
}

// The kinds of figure that draw knows, with the type of its data.
const (
	DrawCurves  = "curves"  // sketch.Curves
	DrawGrid    = "grid"    // GridData
	DrawPlot    = "plot"    // sketch.Plot
	DrawBars    = "bars"    // sketch.Bars
	DrawHeatmap = "heatmap" // sketch.Heatmap
)

// DrawParams asks for a figure as PNG, which a Go cell links no library for.
type DrawParams struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

// GridData is what draw needs for DrawGrid.
type GridData struct {
	Title   string     `json:"title,omitempty"`
	Columns int        `json:"columns,omitempty"` // 0 chooses
	Cells   []GridCell `json:"cells"`
	Notes   []string   `json:"notes,omitempty"`
}

// GridCell is one image of a grid.
type GridCell struct {
	Image   Image  `json:"image"`
	Title   string `json:"title,omitempty"`
	Caption string `json:"caption,omitempty"`
	Mark    int    `json:"mark,omitempty"` // a sketch.Mark
}

// Drawing answers DrawParams.
type Drawing struct {
	PNG    []byte `json:"png"`
	Width  int    `json:"width"` // in CSS pixels
	Height int    `json:"height"`
	HTML   string `json:"html,omitempty"` // of galleries, in the colors of the page
}
