package probe

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func teach(t *testing.T, c *Centroids, s Samples, rows ...int) {
	t.Helper()
	for _, i := range rows {
		if _, err := c.Add(s.Row(i), s.Labels[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func firstRows(n int) []int {
	var rows []int
	for i := range n {
		rows = append(rows, i)
	}
	return rows
}

// Taught row by row, in any order and with detours, it predicts what the fit to all rows does.
func TestCentroidsAreCentroid(t *testing.T) {
	s := generated(60, 40, 4)
	s.Parts = []int{30, 10}
	fitted, err := Centroid(s)
	if err != nil {
		t.Fatal(err)
	}
	want := predicted(fitted.Logits(s.Features), s.Classes)
	c := NewCentroids(40, s.Parts)
	teach(t, c, s, firstRows(60)...)
	wrong, err := c.Add(s.Row(3), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(wrong); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Add(s.Row(5), 4); err != nil { // a fifth class, and away with it
		t.Fatal(err)
	}
	if err := c.Drop(4); err != nil {
		t.Fatal(err)
	}
	l, err := c.Linear()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, predicted(l.Logits(s.Features), s.Classes)); diff != "" || !l.Unit {
		t.Error(diff)
	}
	if got := c.Counts(); !slices.Equal(got, []int{15, 15, 15, 15}) {
		t.Errorf("the counts are %v", got)
	}
	// The logits differ by their scale alone, and what the classes share.
	a, b := fitted.Logits(s.Features), l.Logits(s.Features)
	scale := (b[0] - b[1]) / (a[0] - a[1])
	for i := 1; i < len(a); i++ {
		if i%4 != 0 && math.Abs((b[i]-b[i-1])-scale*(a[i]-a[i-1])) > 1e-4*math.Abs(scale) {
			t.Fatalf("the logit %d differs by more than the scale", i)
		}
	}
}

// Every image changes the model at once: also the first ones give probabilities that are neither even nor certain.
func TestCentroidsFromTheFirstRow(t *testing.T) {
	s := generated(40, 30, 2)
	for i := range s.Data {
		s.Data[i] += float32((i/30)%2*(i%2)) * 1.5 // every second feature tells the second class
	}
	c := NewCentroids(30, nil)
	if _, err := c.Linear(); err == nil {
		t.Error("a classifier of no class")
	}
	right := 0
	for i := range 40 {
		if i >= 2 {
			l, err := c.Linear()
			if err != nil {
				t.Fatal(err)
			}
			one := s.Select([]int{i})
			p := probabilities(l.Logits(one.Features), 2)
			if p[s.Labels[i]] > 0.5 {
				right++
			}
			if largest := max(p[0], p[1]); math.IsNaN(largest) || largest > 0.9999 || largest < 0.5 {
				t.Errorf("after %d rows the probabilities are %v", i, p)
			}
		}
		teach(t, c, s, i)
	}
	if right < 34 {
		t.Errorf("%d of 38 rows were right before they were taught", right)
	}
	logits, labels := c.Judged()
	if len(labels) != 40 || len(logits) != 80 {
		t.Fatalf("%d rows are judged, with %d logits", len(labels), len(logits))
	}
	held := 0
	for i, label := range labels {
		if logits[2*i+label] > logits[2*i+1-label] {
			held++
		}
	}
	if held < 34 {
		t.Errorf("%d of 40 rows are right by the others", held)
	}
	if err := c.Remove(0); err != nil {
		t.Fatal(err)
	}
	if got := c.Counts(); got[s.Labels[0]] != 19 {
		t.Errorf("the counts are %v", got)
	}
}

// What Row gives makes the same classifier again, to the last bit, also where the rows of a class stand behind those of a later one.
func TestCentroidsFromTheirRows(t *testing.T) {
	s := generated(30, 20, 3)
	c := NewCentroids(20, []int{12, 8})
	teach(t, c, s, firstRows(30)...)
	for c.rows[0].class != 1 {
		if err := c.Remove(0); err != nil {
			t.Fatal(err)
		}
	}
	again := NewCentroids(20, []int{12, 8})
	again.Grow(len(c.Counts()))
	for i, row := range c.rows {
		if _, err := again.AddKept(c.Row(i), row.class); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(c.rows, again.rows, cmp.AllowUnexported(taught{})); diff != "" {
		t.Error(diff)
	}
	a, err := c.Linear()
	if err != nil {
		t.Fatal(err)
	}
	b, err := again.Linear()
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Kernel { // the sums of the first went up and down
		if math.Abs(a.Kernel[i]-b.Kernel[i]) > 1e-9 {
			t.Fatalf("coefficient %d is %g, and it was %g", i, b.Kernel[i], a.Kernel[i])
		}
	}
}

func TestCentroidsThatCannotBe(t *testing.T) {
	c := NewCentroids(2, nil)
	for want, add := range map[string]func() error{
		"3 features":  func() error { _, err := c.Add([]float32{1, 2, 3}, 0); return err },
		"class 1":     func() error { _, err := c.Add([]float32{1, 2}, 1); return err },
		"class -1":    func() error { _, err := c.Add([]float32{1, 2}, -1); return err },
		"holds NaN":   func() error { _, err := c.Add([]float32{1, float32(math.NaN())}, 0); return err },
		"1 features":  func() error { _, err := c.AddKept([]float32{1}, 0); return err },
		"row 0 of 0":  func() error { return c.Remove(0) },
		"class 0 of":  func() error { return c.Drop(0) },
		"two classes": func() error { _, err := c.Linear(); return err },
	} {
		if err := add(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
	// Rows of zeros, equal rows and a class that lost its rows give numbers.
	for _, class := range []int{0, 1, 1, 0, 2} {
		if _, err := c.Add([]float32{0, 0}, class); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Remove(4); err != nil {
		t.Fatal(err)
	}
	l, err := c.Linear()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range l.Logits(Features{Rows: 1, Cols: 2, Data: []float32{1, 1}}) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("a logit is %g", v)
		}
	}
}
