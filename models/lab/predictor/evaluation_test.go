package predictor

import (
	"testing"

	"github.com/headstart-nb/headstart/models/metric"
)

// Go cells get the interval of an accuracy on few images, as the magics show it.
func TestWarmReportOfFewImages(t *testing.T) {
	interval := metric.Wilson(0.9, 96)
	e := &Evaluation{Trained: &Predictor{}, Report: &metric.Report{Images: 96, Accuracy: 0.9, AccuracyInterval: &interval}}
	if r := e.Warm(); r.AccuracyLow != interval.Low || r.AccuracyHigh != interval.High {
		t.Errorf("the interval is %g to %g, want %v", r.AccuracyLow, r.AccuracyHigh, interval)
	}
	e.Report.Images = metric.Few
	if r := e.Warm(); r.AccuracyHigh != 0 {
		t.Errorf("of %d images: the interval ends at %g, want none", metric.Few, r.AccuracyHigh)
	}
}
