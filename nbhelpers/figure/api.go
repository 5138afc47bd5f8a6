package figure

import (
	"image"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

func ClassCounts(d ClassCountsData) display.Bundle { return display.Text(d.Title) }
func Grid(d GridData) display.Bundle               { return display.Text(d.Title) }
func Layers(d LayersData) display.Bundle           { return display.Text(d.Title) }
func TopK(d TopKData) display.Bundle               { return display.Text(d.Title) }
func Confusion(d ConfusionData) display.Bundle     { return display.Text(d.Title) }
func Reliability(d ReliabilityData) display.Bundle { return display.Text(d.Title) }
func Heat(d HeatData) display.Bundle               { return display.Text(d.Title) }
func Epochs(d EpochsData) display.Bundle           { return display.Text(d.Title) }
func Trials(d TrialsData) display.Bundle           { return display.Text(d.Title) }
func FeatureMap(d FeatureMapData) display.Bundle   { return display.Text(d.Title) }
func Table(d TableData) display.Bundle             { return display.Text(d.Title) }
func Progress(d ProgressData) display.Bundle       { return display.Text(d.Text(80)) }

func rgbImage(pix []byte, width, height int) image.Image {
	if width <= 0 || height <= 0 || len(pix)/3/width < height {
		return nil
	}
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Pix[4*i], img.Pix[4*i+1], img.Pix[4*i+2], img.Pix[4*i+3] = pix[3*i], pix[3*i+1], pix[3*i+2], 255
	}
	return img
}
