package metric

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wantRanking is what scikit-learn says; null stands for its nan.
type wantRanking struct {
	AUC            []*float64 `json:"auc"`
	Precision      []*float64 `json:"precision"`
	MacroAUC       *float64   `json:"macro_auc"`
	MacroPrecision *float64   `json:"macro_precision"`
}

func TestAreasEqualScikitLearn(t *testing.T) {
	g := read(t)
	cases := append(g.Classification, g.Ties)
	absent := 0
	for _, one := range cases {
		r, err := Classify(numbered(one.Classes), one.Probabilities, one.Labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		nearPointer(t, "macro ROC AUC", r.Ranking.ROCAUC, one.Ranking.MacroAUC)
		nearPointer(t, "macro average precision", r.Ranking.AveragePrecision, one.Ranking.MacroPrecision)
		for c, class := range r.Ranking.PerClass {
			nearPointer(t, "ROC AUC", class.ROCAUC, one.Ranking.AUC[c])
			nearPointer(t, "average precision", class.AveragePrecision, one.Ranking.Precision[c])
			if class.ROCAUC == nil {
				absent++
			}
		}
	}
	if absent == 0 {
		t.Error("no class is absent in any of the golden sets")
	}
}

func nearPointer(t *testing.T, what string, got, want *float64) {
	t.Helper()
	if got == nil || want == nil {
		if (got == nil) != (want == nil) {
			t.Errorf("%s is %v, scikit-learn's is %v", what, got, want)
		}
		return
	}
	near(t, what, *got, *want, 1e-9)
}

func TestThresholdsEqualScikitLearn(t *testing.T) {
	seen := false
	for _, one := range read(t).Classification {
		r, err := Classify(numbered(one.Classes), one.Probabilities, one.Labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		if one.Classes != 2 {
			if r.Thresholds != nil {
				t.Errorf("%d classes have thresholds", one.Classes)
			}
			continue
		}
		seen = true
		best := 0.0
		for i, want := range one.Thresholds {
			got := r.Thresholds.Points[i]
			near(t, "precision", got.Precision, want[0], 1e-12)
			near(t, "recall", got.Recall, want[1], 1e-12)
			near(t, "F1", got.F1, want[2], 1e-12)
			near(t, "accuracy", got.Accuracy, want[3], 1e-12)
			best = max(best, want[2])
		}
		if got := r.Thresholds.Points[int(math.Round(100*r.Thresholds.Best))].F1; got != best {
			t.Errorf("F1 at the best threshold is %g, the highest is %g", got, best)
		}
	}
	if !seen {
		t.Error("no golden set has two classes")
	}
}

// TestManyClasses: the curves are few and short, and the areas are all there.
func TestManyClasses(t *testing.T) {
	const k, n = 300, 3000
	random := rand.New(rand.NewPCG(1, 2))
	probabilities, labels := make([]float32, n*k), make([]int, n)
	for i := range labels {
		labels[i] = i % k
		for c := range k {
			probabilities[i*k+c] = random.Float32()
		}
		probabilities[i*k+labels[i]] += float32(labels[i]) / k
	}
	r := rankAll(numbered(k), probabilities, labels)
	if len(r.PerClass) != k || len(r.Curves) != maxCurves {
		t.Fatalf("%d classes and %d curves", len(r.PerClass), len(r.Curves))
	}
	least := 1.0
	for _, c := range r.PerClass {
		least = min(least, *c.ROCAUC)
	}
	for i, c := range r.Curves {
		if len(c.ROC) > maxPoints || len(c.PR) > maxPoints {
			t.Errorf("%s has %d and %d points", c.Class, len(c.ROC), len(c.PR))
		}
		for _, ends := range [][]Point{c.ROC, c.PR} {
			if ends[len(ends)-1].X != 1 || ends[0].X != 0 {
				t.Errorf("%s: a curve goes from %v to %v", c.Class, ends[0], ends[len(ends)-1])
			}
		}
		if i > 0 {
			continue
		}
		for _, class := range r.PerClass {
			if class.Class == c.Class && *class.ROCAUC != least {
				t.Errorf("the first curve has the area %g, the least is %g", *class.ROCAUC, least)
			}
		}
	}
	raw, err := json.Marshal(r)
	if err != nil || len(raw) > 1<<20 {
		t.Errorf("%d bytes of JSON, %v", len(raw), err)
	}
}

// TestMcNemar compares with scipy.stats.binomtest(only_first, n).pvalue, and with statsmodels' exact test, which is the same.
func TestMcNemar(t *testing.T) {
	for _, c := range []struct {
		a, b int
		want float64
	}{{0, 0, 1}, {1, 0, 1}, {5, 5, 1}, {9, 2, 0.0654296875}, {2, 9, 0.0654296875}, {25, 4, 0.00010371580719947815}, {600, 500, 0.0028195449914364284}} {
		if got := mcNemar(c.a, c.b); math.Abs(got-c.want) > 1e-8 {
			t.Errorf("%d and %d: %.10g, want %g", c.a, c.b, got, c.want)
		}
	}
}

// TestPairedInterval has the examples of Newcombe, Statistics in Medicine 17 (1998), table III, method 10.
func TestPairedInterval(t *testing.T) {
	for _, c := range []struct {
		e, f, g, h int
		low, high  float64
	}{{36, 12, 2, 0, 0.0569, 0.3404}, {36, 14, 0, 0, 0.1528, 0.4167}, {0, 0, 0, 30, -0.1135, 0.1135}} {
		got := Comparison{Images: c.e + c.f + c.g + c.h, BothRight: c.e, OnlyFirst: c.f, OnlySecond: c.g, BothWrong: c.h}
		got.Difference = float64(c.f-c.g) / float64(got.Images)
		if interval := got.newcombe(); math.Abs(interval.Low-c.low) > 6e-5 || math.Abs(interval.High-c.high) > 6e-5 {
			t.Errorf("%+v: %+v", c, interval)
		}
	}
}

func TestCompare(t *testing.T) {
	classes := []string{"a", "b"}
	report := func(paths []string, probabilities ...float32) *Report {
		r, err := Classify(classes, probabilities, []int{0, 1, 0}, paths)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	paths := []string{"1", "2", "3"}
	first, second := report(paths, 0.9, 0.1, 0.2, 0.8, 0.7, 0.3), report(paths, 0.9, 0.1, 0.8, 0.2, 0.1, 0.9)
	c, err := Compare(first, second)
	if err != nil {
		t.Fatal(err)
	}
	if c.BothRight != 1 || c.OnlyFirst != 2 || c.OnlySecond != 0 || c.P != 0.5 || math.Abs(c.Difference-2.0/3) > 1e-12 || c.Interval.Low > c.Difference {
		t.Errorf("the comparison is %+v", c)
	}
	if _, err := Compare(first, report([]string{"1", "2", "4"}, 1, 0, 1, 0, 1, 0)); !errors.Is(err, ErrOtherImages) {
		t.Errorf("other images: %v", err)
	}
}

func TestTopLosses(t *testing.T) {
	r, err := Classify([]string{"cat", "dog"}, []float32{0.9, 0.1, 0.4, 0.6, 0.51, 0.49, 0.02, 0.98}, []int{0, 0, 0, 0}, []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range r.TopLosses {
		got = append(got, m.Path+m.Predicted)
	}
	if diff := cmp.Diff([]string{"ddog", "bdog", "ccat", "acat"}, got); diff != "" {
		t.Error(diff)
	}
	if want := -math.Log(float64(float32(0.02))); math.Abs(r.TopLosses[0].Loss-want) > 1e-12 {
		t.Errorf("the loss is %g, want %g", r.TopLosses[0].Loss, want)
	}
}
