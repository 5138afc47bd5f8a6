package figure

import (
	"encoding/json"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/figuretest"
	"github.com/headstart-nb/headstart/nbhelpers/figure/study"
)

// mostDrawn bounds a figure's image: 16 megapixels take 64 MB while they are drawn.
const mostDrawn = 16_000_000

// TestThousandsOfThings draws each figure of a dataset of 1,000 classes: its image stays small, and says what it leaves out.
func TestThousandsOfThings(t *testing.T) {
	const n = 1000
	var (
		counts  ClassCountsData
		grid    GridData
		top     TopKData
		table   = TableData{Header: make([]string, n), Rows: [][]string{make([]string, n), {"a"}}}
		epochs  EpochsData
		layers  LayersData
		heat    HeatData
		search  = study.TrialsData{Metric: "loss"}
		points  FeatureMapData
		curves  CurvesData
		oneEach = Panel{Name: "lines"}
	)
	for i := range n {
		name := fmt.Sprint("class ", i)
		counts.Classes = append(counts.Classes, ClassCount{Name: name, Train: i})
		grid.Cells = append(grid.Cells, Cell{Title: name})
		top.Predictions = append(top.Predictions, predicted(name, "", nil, MarkNone, score{name, 1 / float64(i+1)}))
		epochs.Rows = append(epochs.Rows, EpochRow{Epoch: i})
		layers.Layers = append(layers.Layers, Layer{Name: name})
		heat.Items = append(heat.Items, HeatItem{Title: name})
		search.Trials = append(search.Trials, study.Trial{Number: i + 1, Value: float64(i)})
		points.Points = append(points.Points, FeaturePoint{X: float64(i), Y: float64(i * i % 97), Label: name})
		curves.Panels = append(curves.Panels, Panel{Name: name, Lines: []Line{{Name: "train", Values: []float64{1}}}})
		oneEach.Lines = append(oneEach.Lines, Line{Name: name, Values: []float64{1, float64(i)}})
	}
	for name, b := range map[string]display.Bundle{
		"class counts": ClassCounts(counts), "grid": Grid(grid), "top k": TopK(top), "table": Table(table), "epochs": Epochs(epochs),
		"layers": Layers(layers), "heat": Heat(heat), "trials": study.Trials(search), "feature map": FeatureMap(points), "curves": Curves(curves),
		"one panel": Curves(CurvesData{Panels: []Panel{oneEach}}),
	} {
		png := b.Data[display.MIMEPNG].([]byte)
		if size := figuretest.Pixels(t, png).Rect.Size(); size.X*size.Y > mostDrawn {
			t.Errorf("%s: %d x %d pixels", name, size.X, size.Y)
		}
		if _, err := json.Marshal(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNotNumbers: what is not finite becomes a dash or a gap, in every form.
func TestNotNumbers(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, b := range map[string]display.Bundle{
		"curves":      Curves(CurvesData{Status: Status{State: StateRunning, Rate: inf}, Panels: []Panel{{Lines: []Line{{Values: []float64{nan, inf, -inf}}}}}}),
		"epochs":      Epochs(EpochsData{Metrics: []Metric{{Name: "a", Fraction: true}, {Name: "b"}}, Rows: []EpochRow{{Values: []float64{inf, nan}, Rate: inf}}}),
		"top k":       TopK(TopKData{Predictions: []Prediction{predicted("a", "", nil, MarkNone, score{"a", nan}, score{"b", inf})}}),
		"trials":      study.Trials(study.TrialsData{Trials: []study.Trial{{Number: 1, Value: nan}, {Number: 2, Value: inf}, {Number: 3, Value: 1}}}),
		"reliability": Reliability(ReliabilityData{ECE: inf, Bins: []ReliabilityBin{{Lower: nan, Upper: nan, Confidence: inf, Accuracy: nan, Count: 3}}}),
		"heat":        Heat(HeatData{Items: []HeatItem{{Image: image.NewRGBA(image.Rect(0, 0, 4, 4)), Heat: []float32{float32(nan)}, Width: 1, Height: 1}}}),
	} {
		text, _ := b.Data[display.MIMEText].(string)
		raw, err := json.Marshal(b)
		if err != nil || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: %v, %q, %d bytes", name, err, text, len(raw))
		}
	}
}

// TestRunLight: the light forms are those of Run but for what takes long to render.
func TestRunLight(t *testing.T) {
	payload := map[string]any{"id": "a"}
	full, light := Run(Curves(liveCurves()), payload), RunLight(liveCurves().Text, payload)
	if full.Data[display.MIMEText] != light.Data[display.MIMEText] || len(light.Data) != 2 || light.Data[MIMERun] == nil {
		t.Errorf("the light forms are %v", light.Data)
	}
	if full.Data[display.MIMEPNG] == nil || full.Data[display.MIMEVegaLite] == nil {
		t.Error("the full forms lack an image or a specification")
	}
}
