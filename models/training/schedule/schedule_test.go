package schedule

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSchedules(t *testing.T) {
	for _, test := range []struct {
		course Course
		step   int
		want   float64
	}{
		{Course{Constant, 10, 0}, 9, 1},
		{Course{Cosine, 11, 0}, 0, 1},
		{Course{Cosine, 11, 0}, 5, 0.5},
		{Course{Cosine, 11, 0}, 10, 0},
		{Course{Cosine, 11, 4}, 1, 0.5},
		{Course{Warmup, 10, 4}, 0, 0.25},
		{Course{Warmup, 10, 4}, 5, 1},
		{Course{OneCycle, 100, 0}, 0, 0.04},
		{Course{OneCycle, 100, 0}, 30, 1},
		{Course{OneCycle, 100, 0}, 99, 4e-6},
		{Course{Cosine, 1, 0}, 0, 1},
		{Course{OneCycle, 1, 0}, 0, 1},
	} {
		if got := test.course.At(test.step); math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%+v at step %d: %g, want %g", test.course, test.step, got, test.want)
		}
	}
	var r Reduction
	var fractions []float64
	for _, loss := range []float64{1, 0.5, 0.5, 0.5, 0.5, 0.4} {
		fractions = append(fractions, r.Epoch(loss))
	}
	if diff := cmp.Diff([]float64{1, 1, 1, 1, 0.1, 0.1}, fractions); diff != "" {
		t.Error(diff)
	}
}
