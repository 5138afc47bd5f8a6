package nbhelpers

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// The smallest files of their formats: no test of this package imports the decoders of GIF.
const (
	tinyGIF = "R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
	tinyPNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

func TestImagesOfEveryFormatDecode(t *testing.T) {
	for format, text := range map[string]string{"gif": tinyGIF, "png": tinyPNG} {
		if _, got, err := image.Decode(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text))); err != nil || got != format {
			t.Errorf("%s: %q, %v", format, got, err)
		}
	}
}

// TestCharts: what a cell makes has all forms that this package draws, survives the pipe to GoNB, and any values at all.
func TestCharts(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, v := range map[string]any{
		"line": Line(nil2(), []float32{1, 2, float32(math.NaN())}), "scatter": Scatter([]int{1, 2, 3}, []float64{1, nan, inf}),
		"histogram": Histogram([]uint8{1, 2, 2, 3}, 0), "none": Histogram([]float64{}, 0), "not finite": Histogram([]float64{nan, inf, 1}, 3),
		"one value": Histogram([]float64{7, 7, 7}, 0), "huge": Histogram([]float64{-math.MaxFloat64, math.MaxFloat64, 0}, 0),
		"bars": Bars([]string{"a"}, []float64{nan}), "map": BarsOf(map[string]int{"a": 1, "b": 5}), "heat map": Heatmap([][]float64{{1, nan}, nil, {inf}}),
		"no plots": Overlay(), "beside": Beside(Line([]int{1}, []int{2}).Titled("a", "x", "y"), Scatter([]int{1}, []int{2})),
		"unequal": Line([]int{1, 2, 3}, []int{1}),
	} {
		b, err := Bundle(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text, _ := b.Data[display.MIMEText].(string); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Errorf("%s: %s", name, text)
		}
		if b.Data[display.MIMEVegaLite] == nil {
			t.Errorf("%s has no chart", name)
		}
		if _, err := gobData(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := json.Marshal(v); err != nil {
			t.Errorf("%s does not go to the program that draws: %v", name, err)
		}
	}
}

// TestNullKeepsItsPlace on the way through GoNB: the values after a gap of a Plotly chart would move to others' places.
func TestNullKeepsItsPlace(t *testing.T) {
	const mime, chart = "application/vnd.plotly.v1+json", `{"data":[{"x":[1,2,3],"y":[0.5,null,0.5],"z":[[null],[0]]}]}`
	sent, err := gobData(display.Bundle{Data: map[string]any{mime: json.RawMessage(chart)}})
	if err != nil {
		t.Fatal(err)
	}
	gob.Register(map[string]any{}) // as GoNB does
	gob.Register([]any{})
	var pipe bytes.Buffer
	if err := gob.NewEncoder(&pipe).Encode(sent); err != nil {
		t.Fatal(err)
	}
	var received protocol.DisplayData
	if err := gob.NewDecoder(&pipe).Decode(&received); err != nil {
		t.Fatal(err)
	}
	if got, err := json.Marshal(received.Data[mime]); err != nil || string(got) != chart {
		t.Errorf("%s becomes %s, %v", chart, got, err)
	}
}

func nil2() []int { return nil }

func TestHistogramCountsAll(t *testing.T) {
	var values []float64
	for i := range 1000 {
		values = append(values, math.Sin(float64(i))*math.Exp(float64(i%7)))
	}
	for _, bins := range []int{0, 1, 7, 100} {
		plot := Histogram(values, bins)
		s := plot.Panels[0].Series[0]
		sum := 0.0
		for _, n := range s.Y {
			sum += n
		}
		if sum != 1000 || len(s.X) != len(s.Y)+1 || bins > 0 && len(s.Y) != bins {
			t.Errorf("%d bins: %d edges, %d heights, %g values", bins, len(s.X), len(s.Y), sum)
		}
	}
}

// TestHistogramOfCloseValues: all edges differ, however large the values are; else the bins are not drawn, with what they hold.
func TestHistogramOfCloseValues(t *testing.T) {
	for _, values := range [][]float64{{5, 5}, {1e17, 1e17}, {-1e299, -1e299}, {0, 5e-324}, {1e17, 1e17 + 16}, {5, 5 + 1e-14}} {
		for _, bins := range []int{0, 1000} {
			plot := Histogram(values, bins)
			view := plot.Panels[0]
			low, high, heights := view.Bins(view.Series[0])
			sum := 0.0
			for i, n := range heights {
				if sum += n; !(low[i] < high[i]) {
					t.Errorf("%v in %d bins: from %g to %g", values, bins, low[i], high[i])
				}
			}
			if sum != float64(len(values)) {
				t.Errorf("%v in %d bins: %g values are drawn", values, bins, sum)
			}
		}
	}
	if s := Histogram([]int{5, 5}, 0).Panels[0].Series[0]; s.X[0] != 4.5 || s.X[len(s.X)-1] != 5.5 {
		t.Errorf("the edges are %v", s.X)
	}
}

// A key that is not a number finds nothing in its map.
func TestBarsOfAMapWithNaN(t *testing.T) {
	got := BarsOf(map[float64]int{math.NaN(): 7, 1: 3})
	if want := []float64{7, 3}; !slices.Equal(got.Series[0].Values, want) || !slices.Equal(got.Names, []string{"NaN", "1"}) {
		t.Errorf("%v: %v, want %v", got.Names, got.Series[0].Values, want)
	}
}

// TestBarsOfAMap are in the order of their values, the same each time.
func TestBarsOfAMap(t *testing.T) {
	got := BarsOf(map[string]int{"a": 1, "b": 5, "c": 5, "d": 3})
	if strings.Join(got.Names, "") != "bcda" {
		t.Errorf("the order is %v", got.Names)
	}
}

// TestOverlayKeepsItsParts: the plots that are laid over each other stay as they were.
func TestOverlayKeepsItsParts(t *testing.T) {
	a, b := Line([]int{1}, []int{2}).As("a"), Line([]int{1}, []int{3}).As("b")
	both := Overlay(a, b).Titled("t", "x", "y")
	if len(both.Panels) != 1 || len(both.Panels[0].Series) != 2 || len(a.Panels[0].Series) != 1 || a.Panels[0].X.Name != "" {
		t.Errorf("both: %+v, one: %+v", both, a)
	}
}
