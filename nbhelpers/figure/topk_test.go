package figure

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A prediction of a regression shows its values.
func TestTopKShowsValues(t *testing.T) {
	bundle := TopK(TopKData{Predictions: []Prediction{{Prediction: prediction.Prediction{Name: "a.jpg", Value: []float32{2.5, -0.1}}}}})
	for _, kind := range []string{display.MIMEText, display.MIMEHTML} {
		if got := bundle.Data[kind].(string); !strings.Contains(got, "a.jpg · value: 2.5, -0.1") {
			t.Errorf("%s lacks the values:\n%s", kind, got)
		}
	}
}
