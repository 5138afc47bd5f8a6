package figure

import (
	"image"
	"time"
)

// LayersData is a model as its summary lists it. The totals are computed.
type LayersData struct {
	Title  string
	Layers []Layer
	Notes  []string // such as "untrained backbone"
}

// Layer is one row of a layer table.
type Layer struct {
	Name      string
	Kind      string // "convolution", "dense"
	Output    []int  // shape; a negative number stands for the batch size
	Params    int64
	Trainable bool
}

// ReliabilityData compares confidence with accuracy.
type ReliabilityData struct {
	Title string
	Bins  []ReliabilityBin
	ECE   float64 // expected calibration error, in [0, 1]
	Notes []string
}

// ReliabilityBin is the predictions whose confidence lies in [Lower, Upper).
type ReliabilityBin struct {
	Lower, Upper float64
	Confidence   float64 // mean
	Accuracy     float64
	Count        int
}

// HeatData is pictures beside their Grad-CAM overlays.
type HeatData struct {
	Title string
	Items []HeatItem
	Notes []string
}

// HeatItem is one explained picture.
type HeatItem struct {
	Image         image.Image
	Heat          []float32 // [Height, Width], row by row; scaled to its own maximum, negative values count as 0
	Width, Height int       // of Heat
	Title         string    // such as the file's name
	Score         Score     // the class that is explained
	Mark          Mark
}

// EpochsData is the log of a run, one row an epoch.
type EpochsData struct {
	Title   string
	Metrics []string // column names: "train loss", "val accuracy"
	Rows    []EpochRow
	Best    int // the best epoch, counted from 1; 0 for none
	Notes   []string
}

// EpochRow is one epoch. Values follow EpochsData.Metrics; NaN is shown as a dash.
type EpochRow struct {
	Epoch    int
	Values   []float64
	Rate     float64 // pictures a second
	Duration time.Duration
}

// TrialsData is a search over heads.
type TrialsData struct {
	Title  string
	Metric string // what Value is: "val accuracy"
	Lower  bool   // whether a lower value is better
	Trials []Trial
	Notes  []string
}

// Trial is one setting that was tried.
type Trial struct {
	Number int
	Value  float64 // NaN where it failed
	Params []Param
	Cut    bool // stopped early since it did not promise much
	Took   time.Duration
}

// Param is one setting of a trial, as text.
type Param struct{ Name, Value string }

// FeatureMapData is features projected to a plane.
type FeatureMapData struct {
	Title  string
	Method string // how they were projected: "PCA, 61 % of the variance"
	Points []FeaturePoint
	Thumbs int // at most so many pictures are drawn on the map; 0 means 40, negative none
	Notes  []string
}

// FeaturePoint is one picture on a feature map.
type FeaturePoint struct {
	X, Y  float64
	Label string
	Name  string // such as the file's name
	Mark  Mark
	Image image.Image // may be nil
}
