package training

import (
	"context"
	"testing"

	"github.com/headstart-nb/headstart/models/modeltest"
)

func TestFindRate(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	curve, err := FindRate(context.Background(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(curve.Rates) < 20 || len(curve.Rates) != len(curve.Losses) || curve.Suggested < 1e-4 || curve.Suggested > 1 {
		t.Errorf("%d rates, suggested %g", len(curve.Rates), curve.Suggested)
	}
}
