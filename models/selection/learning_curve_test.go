package selection

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
)

// signal is logistic regression on the stage that knows the classes.
func signal() Candidate {
	return Candidate{Stages: []string{"signal"}, Normalization: probe.Standard, Kind: Logistic, C: 0.01}
}

// weakly makes the signal of generated data hard to learn from few images.
func weakly(rows int, seed uint64) Data {
	d := generated(rows, 3, seed)
	random := rand.New(rand.NewPCG(seed, 7))
	for i := range d.Stages[1].Data {
		d.Stages[1].Data[i] += float32(6 * random.NormFloat64())
	}
	return d
}

func TestLearningCurve(t *testing.T) {
	o := options()
	o.Workers = 3
	d := weakly(960, 1)
	curve, err := Learn(t.Context(), d, signal(), o)
	if err != nil {
		t.Fatal(err)
	}
	var sizes, subsamples []int
	for _, p := range curve.Points {
		sizes, subsamples = append(sizes, p.Images), append(subsamples, p.Subsamples)
		if !(p.Interval.Low < p.Accuracy && p.Accuracy < p.Interval.High) || p.Fitted < p.Accuracy {
			t.Errorf("a point is %+v", p)
		}
	}
	if diff := cmp.Diff([]int{24, 48, 96, 192, 384, 768}, sizes) + cmp.Diff([]int{3, 3, 3, 3, 2, 1}, subsamples); diff != "" {
		t.Errorf("the sizes or subsamples are others (-want +got):\n%s", diff)
	}
	first, last := curve.Points[0], curve.Points[len(curve.Points)-1]
	if last.Accuracy < first.Accuracy+0.1 || curve.Trend() != Rising || !strings.HasPrefix(curve.Summary(), "More images would help: from 384 to 768 ") {
		t.Errorf("the curve goes from %.3f to %.3f: %s", first.Accuracy, last.Accuracy, curve.Summary())
	}
	o.Workers = 1
	again, err := Learn(t.Context(), d, signal(), o)
	if diff := cmp.Diff(curve, again); diff != "" || err != nil {
		t.Errorf("one worker draws another curve: %v\n%s", err, diff)
	}
	// The last point is the cross-validated accuracy of the comparison.
	only := signal()
	o.Only = &only
	r, err := Choose(t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := last.Accuracy, r.Choice().Accuracy; got-want > 1e-9 || want-got > 1e-9 {
		t.Errorf("with all images the accuracy is %g, and cross-validation says %g", got, want)
	}
}

func TestTrend(t *testing.T) {
	points := []LearningPoint{{Images: 50}, {Images: 100}}
	for want, interval := range map[Trend]metric.Interval{
		Rising: {Low: 0.001, High: 0.02}, Flat: {Low: -0.004, High: 0.009}, Unclear: {Low: -0.01, High: 0.03},
	} {
		c := &LearningCurve{Points: points, Gain: (interval.Low + interval.High) / 2, GainInterval: interval}
		if got := c.Trend(); got != want {
			t.Errorf("%v is %s, want %s", interval, got, want)
		}
		t.Log(c.Summary())
	}
	// Where nothing changed on few images, that proves nothing.
	if mean, interval := gain(make([]float64, 40), make([]float64, 40)); mean != 0 || interval.High < FlatGain {
		t.Errorf("40 images without a change: %g, %v", mean, interval)
	}
	if _, interval := gain(make([]float64, 400), make([]float64, 400)); interval.High > FlatGain {
		t.Errorf("400 images without a change: %v", interval)
	}
}

// With shuffled labels, and copies of images that stay in one fold, the curve is chance at every size; with the copies apart it
// rises, which this test would see.
func TestLearningCurveDoesNotLeak(t *testing.T) {
	d := generated(100, 2, 5)
	random := rand.New(rand.NewPCG(9, 9))
	for i := range d.Labels {
		d.Labels[i] = random.IntN(2)
	}
	var all []int
	var groups [][]int
	for i := range 100 {
		groups = append(groups, []int{len(all), len(all) + 1, len(all) + 2})
		all = append(all, i, i, i)
	}
	copied := d.Take(all)
	for i := range copied.Keys {
		copied.Keys[i] = fmt.Sprint(copied.Keys[i], i)
	}
	memorizing := signal()
	memorizing.Stages, memorizing.C = []string{"noise", "signal"}, 100
	highest := func(groups [][]int) float64 {
		copied.Groups = groups
		curve, err := Learn(t.Context(), copied, memorizing, options())
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, p := range curve.Points {
			most = max(most, p.Accuracy)
		}
		return most
	}
	if kept, apart := highest(groups), highest(nil); kept > 0.66 || apart < 0.72 {
		t.Errorf("with copies in one fold the accuracy is %.2f, and apart %.2f: want chance and a leak", kept, apart)
	}
}

func TestLearningCurveOfTooFew(t *testing.T) {
	for _, rows := range []int{9, 12} {
		if _, err := Learn(t.Context(), generated(rows, 3, 1), signal(), options()); !errors.Is(err, ErrTooFew) {
			t.Errorf("%d images: %v", rows, err)
		}
	}
	if _, err := Learn(t.Context(), generated(90, 3, 1), Candidate{Stages: []string{"absent"}, Kind: Logistic, C: 1}, options()); err == nil {
		t.Error("a curve without features")
	}
}

func TestMeasureByStages(t *testing.T) {
	all := generated(300, 3, 1)
	random := rand.New(rand.NewPCG(1, 1))
	order := random.Perm(300)
	rows, rest := order[:200], order[200:]
	o := options()
	train := all.Take(rows)
	r, err := Choose(t.Context(), train, o)
	if err != nil {
		t.Fatal(err)
	}
	list, err := Measure(t.Context(), train, all.Take(rest), r, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("there are %d sets, want noise, signal and both", len(list))
	}
	chosen := 0
	for _, s := range list {
		if s.Chosen {
			chosen++
		}
		if s.Images != 100 || !(s.Interval.Low <= s.Held && s.Held <= s.Interval.High) {
			t.Errorf("a score is %+v", s)
		}
	}
	if noise, good := list[0].Held, list[1].Held; noise > 0.5 || good < 0.9 || chosen != 1 {
		t.Errorf("noise has %.2f, the signal %.2f, and %d are chosen", noise, good, chosen)
	}
}

func TestSetsOf(t *testing.T) {
	want := [][]string{{"a"}, {"b"}, {"c"}, {"b", "c"}, {"a", "b", "c"}}
	if diff := cmp.Diff(want, SetsOf([]string{"a", "b", "c"})); diff != "" {
		t.Error(diff)
	}
}
