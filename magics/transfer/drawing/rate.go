package drawing

import (
	"fmt"

	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/study"
)

// RateCurve is the figure of a learning-rate range test.
func RateCurve(curve *training.RateCurve) display.Bundle {
	return study.RateRange(study.RateRangeData{
		Title: "learning-rate range test", Rates: curve.Rates, Losses: curve.Losses, Suggested: curve.Suggested,
		Notes: []string{fmt.Sprintf("The loss falls fastest near a learning rate of %.2g: try --lr %.2g. The model is unchanged.", curve.Suggested, curve.Suggested)},
	})
}
