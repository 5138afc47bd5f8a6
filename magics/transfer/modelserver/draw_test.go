package modelserver

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// TestDrawsWhatCellsSend: each kind of chart comes back as a PNG of the size that is said; what is torn is an error.
func TestDrawsWhatCellsSend(t *testing.T) {
	white, err := warm.FromImage("white", image.NewGray(image.Rect(0, 0, 9, 9)))
	if err != nil {
		t.Fatal(err)
	}
	for kind, data := range map[string]any{
		warm.DrawPlot: sketch.Plot{Panels: []sketch.View{{Series: []sketch.Series{{Kind: sketch.KindLine, X: []float64{1, 2}, Y: []float64{1, math.NaN()}}}}}},
		warm.DrawBars: sketch.Bars{Names: []string{"a"}, Series: []sketch.BarSeries{{Values: []float64{1}}}}, warm.DrawHeatmap: sketch.Heatmap{Values: [][]float64{{1, 2}}},
		warm.DrawCurves: sketch.Curves{}, warm.DrawGrid: warm.GridData{Cells: []warm.GridCell{{Image: white, Title: "a"}}},
	} {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		drawn, err := Draw(warm.DrawParams{Kind: kind, Data: raw})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		img, err := png.DecodeConfig(bytes.NewReader(drawn.PNG))
		if err != nil || img.Width != 2*drawn.Width || img.Height != 2*drawn.Height {
			t.Errorf("%s: %+v of %d x %d, %v", kind, img, drawn.Width, drawn.Height, err)
		}
		// A gallery also has HTML, for pages with a dark theme.
		if gallery := strings.Contains(drawn.HTML, "<img "); gallery != (kind == warm.DrawGrid) {
			t.Errorf("%s: images in its HTML: %v", kind, gallery)
		}
		if _, err := Draw(warm.DrawParams{Kind: kind, Data: []byte(`{"panels":`)}); err == nil {
			t.Errorf("%s: torn data is drawn", kind)
		}
	}
	if _, err := Draw(warm.DrawParams{Kind: "sculpture"}); err == nil {
		t.Error("a sculpture is drawn")
	}
}
