package study

import (
	"flag"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure/figuretest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// studies are every figure, on data of a run and on malformed data.
func studies() map[string]display.Bundle {
	nan := math.NaN()
	return map[string]display.Bundle{
		"intervals": Intervals(IntervalsData{
			Title: "accuracy by stage", Subtitle: "trashnet-6c: 384 training images, 96 validation images", Axis: "accuracy",
			Series: []string{"validation images, 95 % interval", "cross-validation, ± standard error"},
			Rows: []IntervalRow{
				{"conv3", "logistic regression, standardized, C = 0.003", false, []IntervalValue{{.77, .676, .843}, {.75, .728, .772}}},
				{"conv4", "logistic regression, standardized, C = 0.01", false, []IntervalValue{{.873, .792, .925}, {.84, .821, .859}}},
				{"conv5", "nearest centroid, L2-normalized", false, []IntervalValue{{.81, .72, .876}, {.80, .78, .82}}},
				{"conv4+conv5", "logistic regression, L2-normalized, C = 30", true, []IntervalValue{{.875, .794, .927}, {.862, .85, .874}}},
			},
			Notes: []string{"The classifier of each row was chosen by cross-validation on the training images."},
		}),
		"intervals_hostile": Intervals(IntervalsData{Title: figuretest.Hostile, Subtitle: figuretest.Hostile, Axis: figuretest.Hostile, Series: []string{figuretest.Hostile, "b"}, Rows: []IntervalRow{
			{figuretest.Hostile, figuretest.Hostile, true, []IntervalValue{{nan, 0, 1}, {-3, math.Inf(-1), 7}, {1, 1, 1}}}, {"", "", true, nil},
		}, Notes: []string{figuretest.Hostile}}),
		"intervals_none": Intervals(IntervalsData{}),
		"learning_curve": LearningCurve(LearningCurveData{
			Title: "learning curve", Subtitle: "logistic regression on conv4, standardized, C = 0.01", Points: []LearningPoint{
				{12, 1, IntervalValue{.52, .47, .57}, 3}, {24, 1, IntervalValue{.63, .582, .677}, 3}, {48, 1, IntervalValue{.71, .663, .753}, 3},
				{96, .998, IntervalValue{.77, .725, .81}, 3}, {192, .995, IntervalValue{.82, .779, .855}, 2}, {384, .99, IntervalValue{.85, .811, .882}, 1},
			},
			Notes: []string{"More images would help: from 192 to 384 training images the held-out accuracy changed by +3.0 points (95 % interval +0.9 to +5.1)."},
		}),
		"learning_curve_hostile": LearningCurve(LearningCurveData{Title: figuretest.Hostile, Subtitle: figuretest.Hostile, Points: []LearningPoint{
			{-1, 1, IntervalValue{1, 1, 1}, 1}, {7, nan, IntervalValue{1, 1, 1}, 1}, {1 << 40, 9, IntervalValue{-1, -2, 3}, -1}, {3, .5, IntervalValue{.5, .4, .6}, 1},
		}, Notes: []string{figuretest.Hostile}}),
		"learning_curve_none": LearningCurve(LearningCurveData{}),
		"trials":              Trials(TrialsData{Title: "search for a head", Metric: "val accuracy", Fraction: true, Trials: trials(30)}),
		"trials_hostile":      Trials(TrialsData{Title: figuretest.Hostile, Metric: figuretest.Hostile, Lower: true, Trials: []Trial{{1, math.NaN(), []Param{{figuretest.Hostile, figuretest.Hostile}}, false, 0}, {-5, math.Inf(1), nil, true, -1}, {1 << 40, 3, []Param{{figuretest.Hostile, figuretest.Hostile}}, false, time.Hour}}}),
		"trials_none":         Trials(TrialsData{}),
		"rate_range": RateRange(RateRangeData{
			Title: "learning-rate range test", Rates: []float64{1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 3e-2, 1e-1, 3e-1}, Losses: []float64{2.2, 2.2, 2.1, 1.9, 1.5, 1.3, 2.4, 6.1},
			Suggested: 1e-2, Notes: []string{"The loss falls fastest near a learning rate of 0.01."},
		}),
		"rate_range_hostile": RateRange(RateRangeData{Title: figuretest.Hostile, Rates: []float64{3, -1, math.NaN(), 1e-300, math.Inf(1)}, Losses: []float64{math.Inf(1), 1, 2, -4}, Suggested: math.NaN()}),
		"rate_range_none":    RateRange(RateRangeData{}),
		"trials_light":       TrialsLight(TrialsData{Title: "search for a head", Metric: "val accuracy", Fraction: true, Trials: trials(30)}),
	}
}

func TestGolden(t *testing.T) {
	for name, b := range studies() {
		t.Run(name, func(t *testing.T) {
			figuretest.Forms(t, *update, name, b)
			figuretest.Check(t, name, b)
		})
	}
}

func trials(n int) []Trial {
	var all []Trial
	for i := range n {
		all = append(all, Trial{
			Number: i + 1, Value: 0.6 + 0.3*math.Abs(math.Sin(float64(i*i))), Cut: i%4 == 3, Took: time.Duration(i) * 100 * time.Millisecond,
			Params: []Param{{"head", fmt.Sprintf("dense:%d:relu,dropout:0.%d", 64<<(i%4), i%5)}, {"lr", fmt.Sprint(0.001 * float64(i%7+1))}},
		})
	}
	all[5].Value = math.NaN()
	return all
}

// TestTrialsThatEndInAnyOrder shows that the best value so far never gets worse from one trial to the next.
func TestTrialsThatEndInAnyOrder(t *testing.T) {
	d := TrialsData{Metric: "val loss", Lower: true, Trials: []Trial{
		{Number: 9, Value: 1.7}, {Number: 2, Value: 0.95}, {Number: 5, Value: 0.97}, {Number: 1, Value: 1.8, Cut: true}, {Number: 3, Value: math.NaN()},
	}}
	trials, best := d.soFar()
	var numbers []int
	for _, trial := range trials {
		numbers = append(numbers, trial.Number)
	}
	if diff := cmp.Diff([]int{1, 2, 5, 9}, numbers); diff != "" {
		t.Errorf("the order of the trials (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]float64{1.8, 0.95, 0.95, 0.95}, best); diff != "" {
		t.Errorf("the best so far (-want +got):\n%s", diff)
	}
}

// TestTrialsLight: the text of a live search is that of one that has ended.
func TestTrialsLight(t *testing.T) {
	d := TrialsData{Title: "t", Trials: trials(3 + 6), Notes: []string{"n"}}
	if Trials(d).Data[display.MIMEText] != TrialsLight(d).Data[display.MIMEText] {
		t.Error("the text of a live search differs from that of one that has ended")
	}
}
