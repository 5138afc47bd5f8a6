package figure

import (
	"bytes"
	"encoding/json"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hostile is a label as a stranger's folder may hold it.
const hostile = "<img src=x onerror=alert(1)>\n\x1b[31m\u202egpj.exe 猫 & \"quotes\" in a name that goes on and on and on, for ever and ever"

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

// figures are every figure, on data as a run has it and on data as nobody wants it.
func figures() map[string]display.Bundle {
	long := make([]float64, 120)
	for i := range long {
		long[i] = 300 * math.Exp(-float64(i)/12)
	}
	return map[string]display.Bundle{
		"curves_live":    Curves(liveCurves()),
		"curves_waiting": Curves(CurvesData{Title: "resnet50", Epochs: 10, Status: Status{State: StateRunning}, Panels: []Panel{{Name: "loss"}, {Name: "accuracy", Fraction: true}}}),
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

func TestGolden(t *testing.T) {
	for name, b := range figures() {
		t.Run(name, func(t *testing.T) {
			for mime, extension := range map[string]string{
				display.MIMEText: ".txt", display.MIMEHTML: ".html", display.MIMEVegaLite: ".vl.json", display.MIMEPNG: ".png",
				MIMERun: ".run.json",
			} {
				value, ok := b.Data[mime]
				if !ok {
					if mime == display.MIMEText {
						t.Errorf("there is no %s", mime)
					}
					continue
				}
				compare(t, filepath.Join("testdata", name+extension), golden(t, value))
			}
		})
	}
}

// golden is a representation as its golden file holds it.
func golden(t *testing.T, value any) []byte {
	t.Helper()
	switch v := value.(type) {
	case []byte:
		return v
	case string:
		return []byte(v + "\n")
	}
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(file) != ".png" {
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", file, diff)
		}
		return
	}
	if n := differing(t, want, got); n > 0 {
		t.Errorf("%s: %d pixels differ (-update rewrites it)", file, n)
	}
}

// differing counts the pixels in which two PNG files differ. Away from amd64 the floating-point unit may fuse a product
// and a sum, which moves the tone of a smooth edge by a little.
func differing(t *testing.T, want, got []byte) int {
	t.Helper()
	a, b := pixels(t, want), pixels(t, got)
	if a.Rect != b.Rect {
		t.Errorf("the sizes differ: %v and %v", a.Rect, b.Rect)
		return 0
	}
	tolerance := 0
	if runtime.GOARCH != "amd64" {
		tolerance = 8
	}
	n := 0
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d > tolerance || -d > tolerance {
			n++
		}
	}
	return n
}

func pixels(t *testing.T, data []byte) *image.RGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	drawn := image.NewRGBA(img.Bounds())
	draw.Draw(drawn, drawn.Rect, img, img.Bounds().Min, draw.Src)
	return drawn
}
