package probe

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden is testdata/golden.json, written by golden.py with scikit-learn.
type golden struct {
	Sets []struct {
		Rows, Cols, Classes int
		Features            []float32
		Labels              []int
		Weights             []float64
		Centroid            []int
	}
	Cases []struct {
		Set           int
		Normalization Normalization
		Weighted      bool
		C             float64
		Probabilities []float64
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g golden) samples(set int, weighted bool) Samples {
	s := g.Sets[set]
	list := Samples{Features: Features{Rows: s.Rows, Cols: s.Cols, Data: s.Features}, Labels: s.Labels, Classes: s.Classes}
	if weighted {
		list.Weights = s.Weights
	}
	return list
}

func options(n Normalization) Options {
	return Options{Normalization: n, Tolerance: ToleranceFit, Workers: 1}
}

// The probabilities are scikit-learn's: wide and tall sets, two classes and more, weights, equal rows, constant features.
func TestProbabilitiesAreScikitLearns(t *testing.T) {
	const tolerance = 3e-4
	g := readGolden(t)
	largest := 0.0
	for _, c := range g.Cases {
		s := g.samples(c.Set, c.Weighted)
		l, err := Fit(t.Context(), s, c.C, options(c.Normalization))
		if err != nil {
			t.Fatal(err)
		}
		p := probabilities(l.Logits(s.Features), s.Classes)
		for i := range p {
			d := math.Abs(p[i] - c.Probabilities[i])
			largest = max(largest, d)
			if d > tolerance {
				t.Errorf("set %d, %s, weighted %t, C = %g: the probability %d is %.6f, and scikit-learn's %.6f", c.Set, c.Normalization, c.Weighted, c.C,
					i, p[i], c.Probabilities[i])
				break
			}
		}
	}
	t.Logf("the largest difference is %.1e", largest)
}

func probabilities(logits []float64, classes int) []float64 {
	p := make([]float64, len(logits))
	for at := 0; at < len(logits); at += classes {
		softmax(p[at:at+classes], logits[at:at+classes], 0)
	}
	return p
}

func TestCentroidIsScikitLearns(t *testing.T) {
	g := readGolden(t)
	for i, set := range g.Sets {
		s := g.samples(i, false)
		l, err := Centroid(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(set.Centroid, predicted(l.Logits(s.Features), s.Classes)); diff != "" {
			t.Errorf("set %d: %s", i, diff)
		}
	}
	s := g.samples(0, false)
	s.Classes++ // one that no row has
	l, err := Centroid(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range predicted(l.Logits(s.Features), s.Classes) {
		if k == s.Classes-1 {
			t.Fatal("a class without a row is predicted")
		}
	}
}

func predicted(logits []float64, classes int) []int {
	var list []int
	for at := 0; at < len(logits); at += classes {
		best := 0
		for k := range classes {
			if logits[at+k] > logits[at+best] {
				best = k
			}
		}
		list = append(list, best)
	}
	return list
}

func generated(rows, cols, classes int) Samples {
	random := rand.New(rand.NewPCG(7, uint64(rows)))
	s := Samples{Features: Features{Rows: rows, Cols: cols, Data: make([]float32, rows*cols)}, Labels: make([]int, rows), Classes: classes}
	for i := range rows {
		s.Labels[i] = i % classes
		for j := range cols {
			s.Row(i)[j] = float32(max(0, random.NormFloat64()+math.Sin(float64(s.Labels[i]*(j+1)))/2))
		}
	}
	return s
}

// A path that begins at a small C ends where a fit of its own does.
func TestPathIsFits(t *testing.T) {
	s := generated(40, 90, 4)
	cs := []float64{1e-3, 1e-2, 0.1, 1}
	path, err := Path(t.Context(), s, cs, options(Standard))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cs {
		alone, err := Fit(t.Context(), s, c, options(Standard))
		if err != nil {
			t.Fatal(err)
		}
		a, b := probabilities(path[i].Logits(s.Features), 4), probabilities(alone.Logits(s.Features), 4)
		for j := range a {
			if math.Abs(a[j]-b[j]) > 5e-4 {
				t.Fatalf("C = %g: %g in the path and %g alone", c, a[j], b[j])
			}
		}
	}
}

// The two forms of the problem have the same solution: many features are the dual form, and padded with rows the primal one.
func TestBothFormsAgree(t *testing.T) {
	wide := generated(30, 31, 3)
	// Each row twice with half the weight is the same problem, with more rows than features.
	rows := make([]int, 0, 60)
	for i := range 30 {
		rows = append(rows, i, i)
	}
	tall := wide.Select(rows)
	tall.Weights = make([]float64, 60)
	for i := range tall.Weights {
		tall.Weights[i] = 0.5
	}
	for _, n := range Normalizations() {
		a, err := Fit(t.Context(), wide, 1, options(n))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Fit(t.Context(), tall, 1, options(n))
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Kernel {
			if math.Abs(a.Kernel[i]-b.Kernel[i]) > 1e-3 {
				t.Fatalf("%s: the coefficient %d is %g and %g", n, i, a.Kernel[i], b.Kernel[i])
			}
		}
	}
}

func TestFitIsDeterministic(t *testing.T) {
	for _, s := range []Samples{generated(70, 100, 5), generated(100, 20, 5)} {
		fit := func(workers int) *Linear {
			o := options(L2)
			o.Workers = workers
			l, err := Fit(t.Context(), s, 10, o)
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		if !cmp.Equal(fit(1), fit(3)) {
			t.Error("three workers give other coefficients than one")
		}
	}
}

// Features that say nothing, classes without a row, one row: degenerate sets end with numbers or with an error.
func TestDegenerateSamples(t *testing.T) {
	for name, s := range map[string]Samples{
		"all zero":         {Features: Features{Rows: 4, Cols: 3, Data: make([]float32, 12)}, Labels: []int{0, 1, 0, 1}, Classes: 2},
		"one row":          {Features: Features{Rows: 1, Cols: 2, Data: []float32{1, 2}}, Labels: []int{1}, Classes: 3},
		"all equal":        {Features: Features{Rows: 3, Cols: 2, Data: []float32{1, 2, 1, 2, 1, 2}}, Labels: []int{0, 1, 2}, Classes: 3},
		"a class is empty": {Features: Features{Rows: 3, Cols: 1, Data: []float32{1, 2, 3}}, Labels: []int{0, 0, 2}, Classes: 3},
		"huge":             {Features: Features{Rows: 3, Cols: 2, Data: []float32{1e30, 0, 0, 1e30, -1e30, 1}}, Labels: []int{0, 1, 2}, Classes: 3},
		"a weight of 0":    {Features: Features{Rows: 3, Cols: 1, Data: []float32{1, 2, 3}}, Labels: []int{0, 1, 1}, Classes: 2, Weights: []float64{0, 1, 1}},
	} {
		for _, n := range Normalizations() {
			l, err := Fit(t.Context(), s, 1, options(n))
			if err != nil {
				t.Errorf("%s, %s: %v", name, n, err)
				continue
			}
			for _, v := range l.Logits(s.Features) {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s, %s: a logit is %g", name, n, v)
				}
			}
		}
		if _, err := Centroid(s); err != nil {
			t.Errorf("%s, centroid: %v", name, err)
		}
	}
}

func TestSamplesThatCannotBe(t *testing.T) {
	good := func() Samples {
		return Samples{Features: Features{Rows: 2, Cols: 1, Data: []float32{1, 2}}, Labels: []int{0, 1}, Classes: 2}
	}
	for want, change := range map[string]func(*Samples){
		"2 labels for 2 rows of 3":  func(s *Samples) { s.Cols = 3 },
		"and 1 labels":              func(s *Samples) { s.Labels = s.Labels[:1] },
		"there must be two classes": func(s *Samples) { s.Classes = 1 },
		"the label 2 of 2 classes":  func(s *Samples) { s.Labels[1] = 2 },
		"1 weights for 2 rows":      func(s *Samples) { s.Weights = []float64{1} },
		"the weight NaN":            func(s *Samples) { s.Weights = []float64{1, math.NaN()} },
		"must be 0 to 1e+20":        func(s *Samples) { s.Weights = []float64{1, 1e30} },
		"all weights are 0":         func(s *Samples) { s.Weights = []float64{0, 0} },
		"row 1 holds +Inf":          func(s *Samples) { s.Data[1] = float32(math.Inf(1)) },
	} {
		s := good()
		change(&s)
		if _, err := Fit(t.Context(), s, 1, options(Raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	for _, cs := range [][]float64{{0}, {math.NaN()}, {1, 0.1}, {math.Inf(1)}} {
		if _, err := Path(t.Context(), good(), cs, options(Raw)); err == nil {
			t.Errorf("C = %v was accepted", cs)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Fit(ctx, good(), 1, options(Raw)); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled fit: %v", err)
	}
}

func TestScaleChangesNoPrediction(t *testing.T) {
	s := generated(20, 30, 3)
	l, err := Fit(t.Context(), s, 1, options(Raw))
	if err != nil {
		t.Fatal(err)
	}
	before := l.Logits(s.Features)
	l.Scale(0.5)
	for i, v := range l.Logits(s.Features) {
		if math.Abs(v-before[i]/2) > 1e-12 {
			t.Fatalf("the logit %d is %g, and was %g", i, v, before[i])
		}
	}
}

// The parts of a row are normalized each by itself, as the layer l2norm of a head does.
func TestPartsAreNormalizedSeparately(t *testing.T) {
	f := Features{Rows: 1, Cols: 4, Data: []float32{3, 4, 0, 2}, Parts: []int{2, 2}}
	if diff := cmp.Diff([]float64{0.6, 0.8, 0, 1}, f.Normalized(0, L2)); diff != "" {
		t.Error(diff)
	}
	s := Samples{Features: Features{Rows: 2, Cols: 3, Data: make([]float32, 6), Parts: []int{2, 2}}, Labels: []int{0, 1}, Classes: 2}
	if err := s.Validate(); err == nil {
		t.Error("parts of four features in rows of three were accepted")
	}
}

// TestTheLastIterationIsAClassifier: features of very different scales with a large C take more iterations than there are, which
// must not fail the whole comparison.
func TestTheLastIterationIsAClassifier(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := Samples{Features: Features{Rows: 200, Cols: 40}, Classes: 4}
	for range s.Rows {
		label := random.IntN(s.Classes)
		s.Labels = append(s.Labels, label)
		for j := range s.Cols {
			scale := math.Pow(10, float64(j%7)-4)
			s.Data = append(s.Data, float32(scale*(random.NormFloat64()+0.3*float64((label+j)%s.Classes))))
		}
	}
	p := prepare(s, Options{Normalization: Raw, Tolerance: 1e-14, Workers: 1})
	at := p.origin()
	converged, err := p.minimize(t.Context(), p.options, at, 1e6, 3)
	if err != nil || converged {
		t.Fatalf("after three iterations: converged %v, %v", converged, err)
	}
	logits, right := p.linear(at).Logits(s.Features), 0
	for i, label := range s.Labels {
		row := logits[i*s.Classes : (i+1)*s.Classes]
		best := 0
		for k, v := range row {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("row %d has the logits %v", i, row)
			}
			if v > row[best] {
				best = k
			}
		}
		if best == label {
			right++
		}
	}
	if right < s.Rows/2 {
		t.Errorf("%d of %d rows are right", right, s.Rows)
	}
}

// Each C of a path begins where the ones before lead to.
func TestAPathTakesFewIterations(t *testing.T) {
	s := generated(300, 60, 4)
	cs := []float64{0.01, 0.1, 1, 10, 100, 1000, 1e4}
	count := 0
	o := options(Raw)
	o.Events = func(Iteration) { count++ }
	if _, err := Path(t.Context(), s, cs, o); err != nil {
		t.Fatal(err)
	}
	path := count
	count = 0
	for _, c := range cs {
		if _, err := Fit(t.Context(), s, c, o); err != nil {
			t.Fatal(err)
		}
	}
	if path > count*2/3 {
		t.Errorf("the path takes %d iterations, and fits from nothing take %d", path, count)
	}
}
