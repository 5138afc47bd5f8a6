package figure

import (
	"image"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// BenchmarkGrid draws a page of photographs, and reports how large its PNG is.
func BenchmarkGrid(b *testing.B) {
	var cells []Cell
	for i := range 24 {
		cells = append(cells, Cell{Image: noisyPhoto(i, 512, 384), Title: "glass", Caption: "97.3 %", Mark: MarkRight})
	}
	size := 0
	for b.Loop() {
		size = len(Grid(GridData{Title: "24 images", Cells: cells}).Data[display.MIMEPNG].([]byte))
	}
	b.ReportMetric(float64(size), "png-bytes")
}

// BenchmarkCurves draws what a training shows twice a second.
func BenchmarkCurves(b *testing.B) {
	curves := liveCurves()
	for b.Loop() {
		Curves(curves)
	}
}

// noisyPhoto is drawnPhoto under the noise of a camera.
func noisyPhoto(seed, width, height int) image.Image {
	img := drawnPhoto(seed, width, height).(*image.RGBA)
	state := uint32(seed + 1)
	for i := range img.Pix {
		state = state*1664525 + 1013904223
		if i%4 != 3 {
			img.Pix[i] = uint8(min(255, int(img.Pix[i])+int(state>>27)))
		}
	}
	return img
}
