package drawing

import (
	"fmt"

	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// RateCurve is the figure of a learning-rate range test.
func RateCurve(curve *training.RateCurve) display.Bundle {
	d := figure.CurvesData{
		Title: "learning-rate range test", Epoch: len(curve.Losses), Axis: "step",
		Panels: []figure.Panel{{Name: "loss", Lines: []figure.Line{{Name: "train", Values: curve.Losses}}}},
		Notes:  []string{fmt.Sprintf("The loss falls fastest near a learning rate of %.2g: try --lr %.2g. The model is unchanged.", curve.Suggested, curve.Suggested)},
	}
	if n := len(curve.Rates); n > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("From the first step to the last, the learning rate rises from %.0e to %.0e.", curve.Rates[0], curve.Rates[n-1]))
	}
	return figure.Curves(d)
}
