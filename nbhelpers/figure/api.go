package figure

import (
	"image"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// MIMERun is the type under which the notebook extension finds a run.
const MIMERun = display.MIMEPrefix + "run" + display.MIMESuffix

func Curves(d CurvesData) display.Bundle           { return display.Text(d.Title) }
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

// Run is the curves of a run with the payload that the notebook extension draws as a card.
func Run(d CurvesData, run RunData) display.Bundle {
	b := Curves(d)
	b.Data[MIMERun] = run
	return b
}

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
