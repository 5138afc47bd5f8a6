package figure

import (
	"encoding/json"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// studies are the figures of a comparison of stages and training sizes, on data of a run and on malformed data.
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
		"intervals_hostile": Intervals(IntervalsData{Title: hostile, Subtitle: hostile, Axis: hostile, Series: []string{hostile, "b"}, Rows: []IntervalRow{
			{hostile, hostile, true, []IntervalValue{{nan, 0, 1}, {-3, math.Inf(-1), 7}, {1, 1, 1}}}, {"", "", true, nil},
		}, Notes: []string{hostile}}),
		"intervals_none": Intervals(IntervalsData{}),
		"learning_curve": LearningCurve(LearningCurveData{
			Title: "learning curve", Subtitle: "logistic regression on conv4, standardized, C = 0.01", Points: []LearningPoint{
				{12, 1, IntervalValue{.52, .47, .57}, 3}, {24, 1, IntervalValue{.63, .582, .677}, 3}, {48, 1, IntervalValue{.71, .663, .753}, 3},
				{96, .998, IntervalValue{.77, .725, .81}, 3}, {192, .995, IntervalValue{.82, .779, .855}, 2}, {384, .99, IntervalValue{.85, .811, .882}, 1},
			},
			Notes: []string{"More images would help: from 192 to 384 training images the held-out accuracy changed by +3.0 points (95 % interval +0.9 to +5.1)."},
		}),
		"learning_curve_hostile": LearningCurve(LearningCurveData{Title: hostile, Subtitle: hostile, Points: []LearningPoint{
			{-1, 1, IntervalValue{1, 1, 1}, 1}, {7, nan, IntervalValue{1, 1, 1}, 1}, {1 << 40, 9, IntervalValue{-1, -2, 3}, -1}, {3, .5, IntervalValue{.5, .4, .6}, 1},
		}, Notes: []string{hostile}}),
		"learning_curve_none": LearningCurve(LearningCurveData{}),
	}
}

func TestGoldenStudies(t *testing.T) {
	for name, b := range studies() {
		t.Run(name, func(t *testing.T) {
			for mime, extension := range map[string]string{display.MIMEText: ".txt", display.MIMEVegaLite: ".vl.json", display.MIMEPNG: ".png"} {
				value, ok := b.Data[mime]
				if !ok {
					t.Fatalf("there is no %s", mime)
				}
				compare(t, filepath.Join("testdata", name+extension), golden(t, value))
			}
			if _, err := json.Marshal(b); err != nil {
				t.Error(err)
			}
			if text := b.Data[display.MIMEText].(string); strings.ContainsAny(text, "\x1b\u202e") {
				t.Errorf("a label got through as it was: %q", text)
			}
		})
	}
}
