package figure

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"maps"
	"math"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/figuretest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const hostile = figuretest.Hostile

func liveCurves() CurvesData {
	return CurvesData{
		Title: "resnet50 on trashnet-6c", Epoch: 7, Epochs: 10, Best: 6,
		Status: Status{State: StateRunning, Rate: 1203.4, Left: 12 * time.Second, Text: "val accuracy 82.0 %"},
		Panels: []Panel{
			{Name: "loss", Lines: []Line{
				{Name: "train", Values: []float64{1.9, 1.1, .8, .6, .5, .42, .36}},
				{Name: "validation", Values: []float64{1.4, 1.05, .9, .82, .8, .79, .83}},
			}},
			{Name: "accuracy", Fraction: true, Lines: []Line{
				{Name: "train", Values: []float64{.4, .61, .7, .78, .85, .9, .93}},
				{Name: "validation", Values: []float64{.5, .66, .71, math.NaN(), .80, .82, .81}},
			}},
		},
		Notes: []string{"features: 384 computed, 0 from cache"},
	}
}

// comparedCurves have more lines than a panel's head has room to name.
func comparedCurves() CurvesData {
	d := CurvesData{Title: "comparison", Panels: []Panel{{Name: "validation accuracy", Fraction: true}, {Name: "validation loss"}}}
	for i, name := range []string{"resnet50-0102-150405", "resnet50-0102-150731", "<img src=x onerror=alert(1)>", "猫", "of-one-epoch", "of-no-epoch"} {
		accuracy, loss := Line{Name: name}, Line{Name: name}
		for epoch := range []int{8, 8, 5, 8, 1, 0}[i] {
			accuracy.Values = append(accuracy.Values, 0.9-0.08*float64(i)-0.4/float64(epoch+1))
			loss.Values = append(loss.Values, 0.2+0.2*float64(i)+1/float64(epoch+1))
		}
		d.Panels[0].Lines, d.Panels[1].Lines = append(d.Panels[0].Lines, accuracy), append(d.Panels[1].Lines, loss)
	}
	return d
}

// drawn are the figures, drawn once.
var drawn = sync.OnceValue(func() map[string]display.Bundle {
	all := figures()
	maps.Copy(all, drawnPlots())
	return all
})

func featureMap120() display.Bundle {
	return FeatureMap(FeatureMapData{Title: "features of 120 images", Method: "PCA, 61 % of the variance", Points: featurePoints(120), Notes: []string{"ring or cross: wrong prediction"}})
}

// figures are every figure, on the data of a run and on malformed data.
func figures() map[string]display.Bundle {
	long := make([]float64, 120)
	for i := range long {
		long[i] = 300 * math.Exp(-float64(i)/12)
	}
	many := ConfusionData{Title: "1000 classes"}
	for i := range 1000 {
		many.Labels = append(many.Labels, fmt.Sprint("class ", i))
		many.Counts = append(many.Counts, make([]int, i%1001))
	}
	many.Counts[700][7], many.Counts[900][7], many.Counts[900][800] = 30, 10, 5
	return map[string]display.Bundle{
		"class_counts": ClassCounts(ClassCountsData{
			Title: "trashnet-6c", Notes: []string{"3 files are skipped: 2 are not images, 1 is in two classes"},
			Classes: []ClassCount{{"cardboard", 64, 16, 0, 0}, {"glass", 64, 16, 0, 2}, {"metal", 62, 15, 0, 1}, {"paper", 64, 16, 0, 0}, {"plastic", 120, 30, 12, 0}, {"trash", 20, 5, 0, 0}},
		}),
		"class_counts_hostile": ClassCounts(ClassCountsData{Title: hostile, Classes: []ClassCount{{hostile, 0, 0, 0, 0}, {"", -3, 2, 0, 0}, {"b", 1000000, 1, 1, 1}}}),
		"class_counts_none":    ClassCounts(ClassCountsData{}),
		"grid":                 Grid(GridData{Title: "8 of 96 validation images", Cells: photoCells(), Notes: []string{"check mark: correct prediction, cross: wrong prediction"}}),
		"grid_hostile": Grid(GridData{Title: hostile, Cells: []Cell{
			{Title: hostile, Caption: hostile, Mark: MarkWrong}, {Image: image.NewRGBA(image.Rectangle{}), Title: "empty"},
			{Image: drawnPhoto(1, 900, 2), Title: "flat", Mark: MarkRight}, {Image: drawnPhoto(1, 1, 400), Title: "thin", Mark: MarkRight}, {Image: image.NewAlpha(image.Rect(-3, -3, 7, 7)), Title: "transparent"},
		}}),
		"grid_none": Grid(GridData{}),
		"grid_lines": Grid(GridData{Title: "top losses", Thumb: 132, Cells: []Cell{
			{Image: drawnPhoto(2, 112, 112), Title: "loss 3.219", Caption: "actual glass 4.0 %", Lines: []string{"predicted metal 93.0 %", "IMG_0017.jpg"}, Mark: MarkWrong},
			{Image: drawnPhoto(3, 112, 112), Title: "loss 0.510", Caption: "actual paper 60.0 %", Lines: []string{"predicted paper 60.0 %", hostile}, Mark: MarkRight},
		}}),
		"topk": TopK(TopKData{Title: "predictions", Predictions: []Prediction{
			predicted("glass17.jpg", "glass", drawnPhoto(1, 224, 224), MarkRight, score{"glass", .913}, score{"plastic", .06}, score{"metal", .02}, score{"paper", .004}, score{"trash", .003}),
			predicted("metal3.jpg", "metal", drawnPhoto(2, 300, 200), MarkWrong, score{"glass", .48}, score{"metal", .44}, score{"trash", .08}),
			predicted("unknown.png", "", drawnPhoto(3, 200, 300), MarkNone, score{"paper", .6}, score{"cardboard", .4}),
		}}),
		"topk_hostile": TopK(TopKData{Title: hostile, Predictions: []Prediction{
			predicted(hostile, hostile, nil, MarkNone, score{hostile, math.NaN()}, score{"b", -1}, score{"c", 7}, score{}, score{"e", 0}, score{"f", 0}, score{"g", math.Inf(1)}), {},
		}}),
		"confusion": Confusion(ConfusionData{
			Title: "confusion matrix, 96 validation images", Labels: []string{"cardboard", "glass", "metal", "paper", "plastic", "trash"},
			Counts: [][]int{{15, 0, 0, 1, 0, 0}, {0, 12, 2, 0, 2, 0}, {0, 1, 14, 0, 1, 0}, {1, 0, 0, 15, 0, 0}, {0, 4, 0, 0, 11, 1}, {2, 0, 1, 3, 1, 9}},
		}),
		"confusion_hostile": Confusion(ConfusionData{Title: hostile, Labels: []string{hostile, "b", ""}, Counts: [][]int{{1 << 40}, nil}}),
		"confusion_many":    Confusion(many),
		"confusion_none":    Confusion(ConfusionData{}),
		"table":             Table(TableData{Title: "three rows", Header: []string{"name", "value"}, Rows: [][]string{{"a", "1"}, {"b", "22"}, {hostile}}, Right: []int{1, 7}, Footer: []string{"sum", "23"}, Notes: []string{hostile}}),
		"table_none":        Table(TableData{}),
		"layers": Layers(LayersData{
			Title: "resnet50, cut at conv4, with its head", Notes: []string{"weights: imagenet (caffe)"},
			Layers: []Layer{
				{"conv1", "convolution 7x7/2", []int{-1, 112, 112, 64}, 9472, 0}, {"pool1", "max pooling 3x3/2", []int{-1, 56, 56, 64}, 0, 0},
				{"conv4", "6 bottleneck blocks", []int{-1, 14, 14, 1024}, 7098368, 0}, {"avg_pool", "global average", []int{-1, 1024}, 0, 0},
				{"dense_1", "dense 256, relu", []int{-1, 256}, 262400, 262400}, {"batchnorm_1", "batch norm", []int{-1, 256}, 1024, 512},
				{"dense_2", "dense 6, softmax", []int{-1, 6}, 1542, 1542},
			},
		}),
		"epochs": Epochs(EpochsData{Title: "log", Metrics: []Metric{{Name: "train loss"}, {Name: "val loss"}, {Name: "val accuracy", Fraction: true}}, Best: 2, Rows: []EpochRow{
			{1, []float64{1.9, 1.4, .5}, 0, 1180, 1200 * time.Millisecond}, {2, []float64{1.1, math.NaN(), .661}, 1300 * time.Millisecond, 1203.2, 95 * time.Second}, {3, nil, 0, 0, 0},
		}}),
		"reliability": Reliability(ReliabilityData{Title: "reliability, 96 validation images", ECE: 0.061, Bins: []ReliabilityBin{
			{0.3, 0.4, 0.36, 0.25, 4}, {0.4, 0.5, 0.44, 0.5, 8}, {0.5, 0.6, 0.57, 0.5, 10}, {0.6, 0.7, 0.66, 0.7, 10}, {0.7, 0.8, 0.75, 0.68, 16}, {0.8, 0.9, 0.86, 0.8, 20}, {0.9, 1, 0.96, 0.93, 28}, {0, 0.1, 0, 0, 0},
		}}),
		"reliability_hostile": Reliability(ReliabilityData{Title: hostile, ECE: math.NaN(), Bins: []ReliabilityBin{{math.NaN(), math.Inf(1), -3, 7, 1}, {0.9, 0.1, 0.5, 0.5, 1}}}),
		"heat": Heat(HeatData{Title: "Grad-CAM", Items: []HeatItem{
			{drawnPhoto(1, 224, 224), gradient(7, 7), 7, 7, "glass17.jpg", prediction.Score{Class: "glass", Probability: 0.91}, MarkRight},
			{drawnPhoto(2, 300, 200), gradient(14, 14), 14, 14, "metal3.jpg", prediction.Score{Class: "glass", Probability: 0.48}, MarkWrong},
		}}),
		"heat_hostile": Heat(HeatData{Title: hostile, Items: []HeatItem{
			{nil, nil, 0, 0, hostile, prediction.Score{Class: hostile, Probability: math.NaN()}, MarkNone}, {drawnPhoto(1, 20, 20), []float32{1}, 7, 7, "truncated map", prediction.Score{}, MarkNone},
			{drawnPhoto(1, 20, 20), []float32{float32(math.NaN()), -1, float32(math.Inf(1)), 0}, 2, 2, "no numbers", prediction.Score{}, MarkNone}, {drawnPhoto(1, 20, 20), []float32{1}, math.MaxInt, math.MaxInt, "huge", prediction.Score{}, MarkNone},
		}}),
		"feature_map": featureMap120(),
		"feature_map_hostile": FeatureMap(FeatureMapData{Title: hostile, Method: hostile, Points: []FeaturePoint{
			{math.NaN(), 1, "a", "", 0, nil}, {math.MaxFloat64, -math.MaxFloat64, hostile, hostile, MarkWrong, nil}, {-math.MaxFloat64, math.MaxFloat64, "b", "", 0, drawnPhoto(1, 900, 2)}, {math.Inf(1), 0, "", "", 0, nil},
		}}),
		"feature_map_one": FeatureMap(FeatureMapData{Points: []FeaturePoint{{1, 1, "a", "a.png", 0, nil}}}),
		"progress":        Progress(ProgressData{Label: "features", Done: 213, Total: 480, Unit: "images", Rate: 34.2, Left: 8 * time.Second}),
		"progress_ended":  Progress(ProgressData{Label: "features", Done: 480, Total: 480, Unit: "images", Took: 14 * time.Second}),
		"run":             Run(Curves(liveCurves()), map[string]any{"id": "2026-11-25-1", "state": StateRunning}),
		"run_light":       RunLight(liveCurves().Text, map[string]any{"id": "2026-11-25-1", "state": StateRunning}),
		"curves_live":     Curves(liveCurves()),
		"curves_waiting":  Curves(CurvesData{Title: "resnet50", Epochs: 10, Status: Status{State: StateRunning}, Panels: []Panel{{Name: "loss"}, {Name: "accuracy", Fraction: true}}}),
		"curves_compared": Curves(comparedCurves()),
		"curves_hostile": Curves(CurvesData{
			Title: hostile, Epoch: 120, Best: 120, Axis: "step", Status: Status{State: StateFailed, Text: hostile}, Notes: []string{hostile},
			Panels: []Panel{
				{Name: hostile, Lines: []Line{{Name: hostile, Values: long}, {Name: "b", Values: []float64{math.Inf(1), 3, math.NaN(), 4}}, {Name: "c", Values: nil}}},
				{Name: "constant", Lines: []Line{{Name: "a", Values: []float64{0, 0, 0}}}},
				{Name: "negative", Lines: []Line{{Name: "a", Values: []float64{-5, 3, -1e9}}}},
			},
		}),
	}
}

type score struct {
	class       string
	probability float64
}

func predicted(name, truth string, img image.Image, mark Mark, top ...score) Prediction {
	p := Prediction{Prediction: prediction.Prediction{Name: name, Truth: truth}, Image: img, Mark: mark}
	for i, s := range top {
		p.Top = append(p.Top, prediction.Score{Class: s.class, Index: i, Probability: s.probability})
	}
	return p
}

// drawnPhoto is an image with the smooth and the sharp parts of a photograph, the same on every machine.
func drawnPhoto(seed, width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	state := uint32(seed + 1)
	for y := range height {
		for x := range width {
			state = state*1664525 + 1013904223
			noise := uint8(state >> 28)
			c := color.RGBA{uint8(60+seed*37%120+x*80/width) + noise, uint8(80+y*100/height) + noise, uint8(200-seed*29%150) + noise, 255}
			if dx, dy := x-width/2, y-height*(seed%4+2)/8; dx*dx+dy*dy < width*height/16 {
				c = color.RGBA{uint8(220 - seed*53%200), uint8(40 + seed*71%180), uint8(seed * 31), 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// gradient is a heat map with one hot place.
func gradient(width, height int) []float32 {
	var heat []float32
	for y := range height {
		for x := range width {
			dx, dy := float64(x)-0.6*float64(width), float64(y)-0.4*float64(height)
			heat = append(heat, float32(math.Exp(-(dx*dx+dy*dy)/float64(width)))-0.05)
		}
	}
	return heat
}

func featurePoints(n int) []FeaturePoint {
	labels := []string{"cardboard", "glass", "metal", "paper", "plastic", "trash", "wood", "textile"}
	var all []FeaturePoint
	for i := range n {
		k := i % len(labels)
		angle, r := float64(k)*0.9+math.Sin(float64(i))*0.35, 2+math.Cos(float64(i*i))
		p := FeaturePoint{X: r * math.Cos(angle), Y: r * math.Sin(angle), Label: labels[k], Name: fmt.Sprintf("%s%d.jpg", labels[k], i), Mark: MarkRight, Image: drawnPhoto(k, 64, 64)}
		if i%17 == 0 {
			p.Mark = MarkWrong
		}
		all = append(all, p)
	}
	return all
}

func photoCells() []Cell {
	var cells []Cell
	for i, label := range []string{"cardboard", "glass", "metal", "paper", "plastic", "trash", "glass", "paper"} {
		mark := MarkRight
		if i%3 == 2 {
			mark = MarkWrong
		}
		cells = append(cells, Cell{Image: drawnPhoto(i, 160+i%3*60, 200), Title: label, Caption: fmt.Sprintf("%.1f %%", 97.3-4*float64(i)), Mark: mark})
	}
	return cells
}

func TestGolden(t *testing.T) {
	for name, b := range drawn() {
		t.Run(name, func(t *testing.T) {
			figuretest.Forms(t, *update, name, b)
			if payload, ok := b.Data[MIMERun]; ok {
				figuretest.Compare(t, *update, filepath.Join("testdata", name+".run.json"), figuretest.Golden(t, payload))
			}
		})
	}
}

func TestSameDataSameBytes(t *testing.T) {
	for name, again := range map[string]display.Bundle{"curves_live": Curves(liveCurves()), "feature_map": featureMap120()} {
		if !bytes.Equal(drawn()[name].Data[display.MIMEPNG].([]byte), again.Data[display.MIMEPNG].([]byte)) {
			t.Errorf("%s: drawn twice, the PNG differs", name)
		}
	}
}

func TestEveryBundleIsJSON(t *testing.T) {
	for name, b := range drawn() {
		figuretest.Check(t, name, b)
	}
}
