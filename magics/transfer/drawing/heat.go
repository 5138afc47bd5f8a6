package drawing

import (
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// HeatItem is an image with its heat map.
func HeatItem(trained *predictor.Predictor, i input.Image, heat *classifier.HeatMap) figure.HeatItem {
	return figure.HeatItem{
		Image: Thumb(i, trained.Geometry().Method), Heat: heat.Values, Width: heat.Width, Height: heat.Height, Title: i.Name,
		Score: prediction.Score{Class: heat.Class, Probability: float64(heat.Probability)},
	}
}
