package figure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/figuretest"
	"github.com/headstart-nb/headstart/nbhelpers/figure/study"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A kind is one kind of figure with the data of a small one. data is a pointer, so that the test may change what it holds.
type kind struct {
	data any
	draw func() display.Bundle
}

func figureOf[T any](data T, draw func(T) display.Bundle) kind {
	return kind{data: &data, draw: func() display.Bundle { return draw(data) }}
}

// kinds are all figures.
func kinds() map[string]kind {
	photo := drawnPhoto(1, 40, 40)
	heat := gradient(4, 4)
	return map[string]kind{
		"bars":    figureOf(classBars(), Bars),
		"heatmap": figureOf(sketch.Heatmap{Title: "t", Subtitle: "s", RowAxis: "r", ColumnAxis: "c", Rows: []string{"a", "b"}, Columns: []string{"d", "e"}, Values: [][]float64{{1, 2}, {3, 4}}, Notes: []string{"n"}}, Heatmap),
		"plot":    figureOf(linePlot(), Plot),
		"class counts": figureOf(ClassCountsData{Title: "t", Notes: []string{"n"}, Classes: []ClassCount{
			{"a", 10, 2, 3, 4}, {"b", 20, 3, 4, 5},
		}}, ClassCounts),
		"confusion":     figureOf(ConfusionData{Title: "t", Labels: []string{"a", "b"}, Counts: [][]int{{7, 2}, {3, 9}}, Notes: []string{"n"}}, Confusion),
		"curves":        figureOf(liveCurves(), Curves),
		"epochs":        figureOf(EpochsData{Title: "t", Metrics: []Metric{{Name: "loss"}}, Rows: []EpochRow{{Epoch: 1, Values: []float64{2}, Rate: 3, Duration: 4 * time.Second, Waited: time.Second}, {Epoch: 2, Values: []float64{1}, Rate: 3, Duration: 4 * time.Second}}, Best: 2, Notes: []string{"n"}}, Epochs),
		"feature map":   figureOf(FeatureMapData{Title: "t", Method: "m", Notes: []string{"n"}, Points: []FeaturePoint{{0, 0, "a", "1.jpg", MarkNone, photo}, {1, 2, "b", "2.jpg", MarkNone, drawnPhoto(2, 40, 40)}, {3, 1, "a", "3.jpg", MarkNone, nil}}}, FeatureMap),
		"grid":          figureOf(GridData{Title: "t", Notes: []string{"n"}, Cells: []Cell{{Image: photo, Title: "a", Caption: "b", Lines: []string{"c"}, Mark: MarkNone}}}, Grid),
		"heat":          figureOf(HeatData{Title: "t", Notes: []string{"n"}, Items: []HeatItem{{photo, heat, 4, 4, "a.jpg", prediction.Score{Class: "a", Probability: 0.5}, MarkNone}}}, Heat),
		"layers":        figureOf(LayersData{Title: "t", Notes: []string{"n"}, Layers: []Layer{{"conv1", "convolution", []int{-1, 8}, 12, 0}}}, Layers),
		"learning rate": figureOf(study.RateRangeData{Title: "t", Rates: []float64{1e-4, 1e-3, 1e-2}, Losses: []float64{2, 1, 3}, Suggested: 1e-3, Notes: []string{"n"}}, study.RateRange),
		"reliability":   figureOf(ReliabilityData{Title: "t", ECE: 0.1, Bins: []ReliabilityBin{{0, 0.5, 0.3, 0.2, 7}, {0.5, 1, 0.7, 0.9, 9}}, Notes: []string{"n"}}, Reliability),
		"table":         figureOf(TableData{Title: "t", Header: []string{"h"}, Rows: [][]string{{"1"}}, Footer: []string{"f"}, Notes: []string{"n"}}, Table),
		"top k":         figureOf(TopKData{Title: "t", Notes: []string{"n"}, Predictions: []Prediction{predicted("a.jpg", "a", photo, MarkNone, score{"a", 0.5}, score{"b", 0.25})}}, TopK),
		"trials": figureOf(study.TrialsData{Title: "t", Metric: "m", Notes: []string{"n"}, Trials: []study.Trial{
			{Number: 1, Value: 0.5, Params: []study.Param{{Name: "lr", Value: "1"}}, Took: time.Second}, {Number: 2, Value: 0.75, Params: []study.Param{{Name: "lr", Value: "2"}}, Took: time.Second},
		}}, study.Trials),
	}
}

// TestWhatEachFormCarries changes every single value of every kind of figure, and records which of the figure's forms change
// with it: a form that does not shows less than another. The golden file lists them all; read its difference.
func TestWhatEachFormCarries(t *testing.T) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(kinds())) {
		k := kinds()[name]
		before := forms(t, k.draw())
		b.WriteString(name + ": " + strings.Join(slices.Sorted(maps.Keys(before)), " ") + "\n")
		fields := map[string]map[string]bool{}
		leaves(reflect.ValueOf(k.data).Elem(), "", func(path string, change func() (undo func())) {
			undo := change()
			after := forms(t, k.draw())
			undo()
			if fields[path] == nil {
				fields[path] = map[string]bool{}
			}
			for form := range before {
				fields[path][form] = fields[path][form] || before[form] != after[form]
			}
		})
		for _, path := range slices.Sorted(maps.Keys(fields)) {
			var lacking []string
			for _, form := range slices.Sorted(maps.Keys(before)) {
				if !fields[path][form] {
					lacking = append(lacking, form)
				}
			}
			if len(lacking) > 0 && len(lacking) < len(before) {
				fmt.Fprintf(&b, "  %s is not in %s\n", path, strings.Join(lacking, ", "))
			}
		}
	}
	figuretest.Compare(t, *update, filepath.Join("testdata", "forms.txt"), []byte(b.String()))
}

// forms are the bytes of each form of a figure, by a short name.
func forms(t *testing.T, b display.Bundle) map[string]string {
	t.Helper()
	result := map[string]string{}
	for mime, short := range map[string]string{display.MIMEPNG: "png", display.MIMEVegaLite: "vega", display.MIMEText: "text", display.MIMEHTML: "html"} {
		value, ok := b.Data[mime]
		if !ok {
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		result[short] = string(raw)
	}
	return result
}

// leaves visits the values below v, each with a function that changes it.
func leaves(v reflect.Value, path string, visit func(path string, change func() (undo func()))) {
	set := func(to any) func() (undo func()) {
		return func() (undo func()) {
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			v.Set(reflect.ValueOf(to).Convert(v.Type()))
			return func() { v.Set(old) }
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				leaves(v.Field(i), strings.TrimPrefix(path+"."+f.Name, "."), visit)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if n := v.Len(); i > 0 && i != n/2 && i < n-1 {
				continue // they say nothing new
			}
			leaves(v.Index(i), path+"[]", visit)
		}
	case reflect.Pointer, reflect.Array:
	case reflect.String:
		visit(path, set(v.String()+"X"))
	case reflect.Bool:
		visit(path, set(!v.Bool()))
	case reflect.Int, reflect.Int64:
		by := int64(1)
		if v.Type() == reflect.TypeFor[time.Duration]() {
			by = int64(time.Minute)
		}
		visit(path, set(v.Int()+by))
	case reflect.Float32, reflect.Float64:
		visit(path, set(v.Float()*1.25+0.001))
	case reflect.Interface:
		if _, ok := v.Interface().(image.Image); ok {
			visit(path, set(red()))
		}
	}
}

// TestFormsDiffer guards the test above: bytes that depend on the clock or a map's order would make every form change.
func TestFormsDiffer(t *testing.T) {
	for name, k := range kinds() {
		first, second := forms(t, k.draw()), forms(t, k.draw())
		for form := range first {
			if !bytes.Equal([]byte(first[form]), []byte(second[form])) {
				t.Errorf("%s: the %s of the same data differs", name, form)
			}
		}
	}
}

// red is an image that no figure's data has.
func red() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 20, 20))
	for i := range 400 {
		img.SetRGBA(i%20, i/20, color.RGBA{200, 0, 0, 255})
	}
	return img
}
