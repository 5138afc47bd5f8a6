package drawing

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

var update = flag.Bool("update", false, "write the golden files")

// reported is a report on predictions that are mostly right, the same on every machine.
func reported(t *testing.T, classes []string, images int) *metric.Report {
	t.Helper()
	k := len(classes)
	random := rand.New(rand.NewPCG(3, 5))
	probabilities, labels, paths := make([]float32, images*k), make([]int, images), make([]string, images)
	for i := range labels {
		labels[i] = i % k
		paths[i] = fmt.Sprintf("%s/%d.jpg", classes[labels[i]], i)
		sum := 0.0
		for c := range k {
			v := random.ExpFloat64()
			if c == labels[i] {
				v += 3
			}
			probabilities[i*k+c] = float32(v)
			sum += v
		}
		for c := range k {
			probabilities[i*k+c] /= float32(sum)
		}
	}
	r, err := metric.Classify(classes, probabilities, labels, paths)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func evaluationFigures(r *metric.Report) map[string]display.Bundle {
	all := map[string]display.Bundle{
		"confusion": Confusion(r, "confusion matrix of resnet50", "name", []string{"a note"}), "metrics": figure.Bars(ClassBars(r, nil)),
		"ranking": figure.Plot(Ranking(r)), "reliability": figure.Reliability(Reliability(r)),
	}
	if r.Thresholds != nil {
		all["thresholds"] = figure.Plot(Thresholds(r.Thresholds))
	}
	return all
}

// TestEvaluationGolden holds the figures of an evaluation in each form; the pixels of their charts are package figure's.
func TestEvaluationGolden(t *testing.T) {
	sets := map[string][]string{
		"three":   {"glass", "metal", "paper"},
		"two":     {"cat", "dog"},
		"hostile": {"<img src=x onerror=alert(1)>", "a\n\x1b[31m\u202eb", "猫"},
	}
	for set, classes := range sets {
		for name, b := range evaluationFigures(reported(t, classes, 60)) {
			for mime, extension := range map[string]string{display.MIMEText: ".txt", display.MIMEVegaLite: ".vl.json", figure.MIMEConfusion: ".card.json"} {
				value, ok := b.Data[mime]
				if !ok {
					continue
				}
				got, isText := value.(string)
				if !isText {
					raw, err := json.MarshalIndent(value, "", " ")
					if err != nil {
						t.Fatal(err)
					}
					got = string(raw)
				}
				if strings.ContainsAny(got, "\x1b\u202e") {
					t.Errorf("%s of %s: a class's name got through as it was", name, set)
				}
				golden(t, filepath.Join("testdata", set+"_"+name+extension), got+"\n")
			}
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

// TestEvaluationOfAThousandClasses: each figure is small in all its forms together, and says what it leaves out.
func TestEvaluationOfAThousandClasses(t *testing.T) {
	var classes []string
	for i := range 1000 {
		classes = append(classes, fmt.Sprintf("class with a rather long name %d", i))
	}
	report := reported(t, classes, 5000)
	for name, b := range evaluationFigures(report) {
		raw, err := json.Marshal(b)
		if err != nil || len(raw) > 400_000 {
			t.Errorf("%s: %d bytes, %v", name, len(raw), err)
		}
		text, _ := b.Data[display.MIMEText].(string)
		if strings.Count(text, "\n") > 80 {
			t.Errorf("%s: its text has %d lines", name, strings.Count(text, "\n"))
		}
		t.Logf("%s: %d bytes", name, len(raw))
	}
	card := Confusion(report, "", "", nil).Data[figure.MIMEConfusion].(ConfusionCard)
	named := card.LeftOut + len(card.Images)
	if named != 5000 || card.Of != 1000 || len(card.Classes) != 40 {
		t.Errorf("%d images are named or left out, %d classes of %d", named, len(card.Classes), card.Of)
	}
	raw, err := json.Marshal(report)
	if err != nil || len(raw) > 8<<20 {
		t.Errorf("the report has %d bytes of JSON, %v", len(raw), err)
	}
}

// TestRankingOfAbsentClasses: a class without images has no area, and the figure says so.
func TestRankingOfAbsentClasses(t *testing.T) {
	r, err := metric.Classify([]string{"a", "b", "c"}, []float32{.6, .3, .1, .2, .7, .1}, []int{0, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := figure.Plot(Ranking(r)).Data[display.MIMEText].(string)
	if !strings.Contains(text, "1 class has no area") || !strings.Contains(text, "mean over 2 classes") || strings.Contains(text, "NaN") {
		t.Errorf("the figure says\n%s", text)
	}
	if math.IsNaN(*r.Ranking.ROCAUC) {
		t.Error("the mean is not a number")
	}
}

// The quality of a report is that of its task.
func TestQuality(t *testing.T) {
	labels, err := metric.Label([]string{"a", "b"}, []float32{0.9, 0.1, 0.9, 0.9}, []float32{1, 0, 1, 0})
	if err != nil {
		t.Fatal(err)
	}
	values, err := metric.Regress([]string{"a"}, []float32{1, 2, 4}, []float32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	images, err := metric.Classify([]string{"a", "b"}, []float32{0.9, 0.1, 0.9, 0.1}, []int{0, 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, r := range map[string]*metric.Report{
		"accuracy of the labels 75.0 %": labels, "mean absolute error 0.3333, root mean squared error 0.5774, R2 0.500": values,
		"accuracy 50.0 % (95 % interval 9.5 to 90.5)": images,
	} {
		if got := Quality(r); got != want {
			t.Errorf("the quality is %q, want %q", got, want)
		}
	}
}
