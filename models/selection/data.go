package selection

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/probe"
)

// A Stage is the features of one stage of a backbone.
type Stage struct {
	Name string
	probe.Features
}

// Data is what candidates are compared on: rows of images.
type Data struct {
	Stages  []Stage // with the same rows
	Labels  []int
	Classes int
	Weights []float64 // of each row in the loss; nil: 1
	Groups  [][]int   // rows that stay in one fold, such as copies of an image
	Keys    []string  // the rows' contents, by which the folds are dealt
	// Unjudged are the rows that classifiers are fitted to and none is judged by: augmented copies. Each is in the group of its image.
	Unjudged []bool // nil: none
}

// sample are the rows that are compared on.
func (d Data) sample(o Options) []int {
	n := len(d.Labels)
	rows := make([]int, 0, n)
	if n <= o.MaxImages {
		for i := range n {
			rows = append(rows, i)
		}
		return rows
	}
	parts := (n + o.MaxImages - 1) / o.MaxImages
	for i, f := range Folds(d.Labels, d.Groups, d.Keys, parts, o.Seed) {
		if f == 0 {
			rows = append(rows, i)
		}
	}
	return rows
}

// Take copies some rows.
func (d Data) Take(rows []int) Data {
	if len(rows) == len(d.Labels) {
		return d
	}
	t := Data{Classes: d.Classes}
	place := map[int]int{}
	for at, i := range rows {
		place[i] = at
		t.Labels, t.Keys = append(t.Labels, d.Labels[i]), append(t.Keys, d.Keys[i])
		if d.Weights != nil {
			t.Weights = append(t.Weights, d.Weights[i])
		}
		if d.Unjudged != nil {
			t.Unjudged = append(t.Unjudged, d.Unjudged[i])
		}
	}
	for _, stage := range d.Stages {
		t.Stages = append(t.Stages, Stage{stage.Name, stage.Select(rows)})
	}
	t.Groups = Placed(d.Groups, place)
	return t
}

// judged are the rows by which classifiers are judged.
func (d Data) judged() []int {
	rows := make([]int, 0, len(d.Labels))
	for i := range d.Labels {
		if d.Unjudged == nil || !d.Unjudged[i] {
			rows = append(rows, i)
		}
	}
	return rows
}

// Placed are groups of items by the rows where these are now. Items without a row are left out, and so are groups of one.
func Placed(groups [][]int, place map[int]int) [][]int {
	var placed [][]int
	for _, group := range groups {
		var rows []int
		for _, item := range group {
			if at, ok := place[item]; ok {
				rows = append(rows, at)
			}
		}
		if len(rows) > 1 {
			placed = append(placed, rows)
		}
	}
	return placed
}

// enough refuses data where a fold would leave nothing to compare.
func (d Data) enough(o Options) error {
	if o.Folds < 2 || o.Workers < 1 || o.MaxImages < 2 || len(o.Strengths) == 0 && !o.Centroid {
		return fmt.Errorf("choose a classifier: %d folds, %d workers and %d strengths", o.Folds, o.Workers, len(o.Strengths))
	}
	count, classes := make([]int, d.Classes), 0
	for _, label := range d.Labels {
		if label < 0 || label >= d.Classes {
			return fmt.Errorf("choose a classifier: an image has the label %d of %d classes", label, d.Classes)
		}
		if count[label]++; count[label] == 1 {
			classes++
		}
	}
	if groups := Lists(len(d.Labels), d.Groups); groups < 2*o.Folds || classes < 2 {
		return fmt.Errorf("%w: %d different images of %d classes, and %d folds need %d images", ErrTooFew, groups, classes, o.Folds, 2*o.Folds)
	}
	return nil
}

// join concatenates the features of stages; false where one is missing.
func (d Data) join(set []string) (probe.Features, bool) {
	var parts []probe.Features
	joined := probe.Features{Rows: len(d.Labels)}
	for _, name := range set {
		i := slices.IndexFunc(d.Stages, func(s Stage) bool { return s.Name == name })
		if i < 0 {
			return joined, false
		}
		parts = append(parts, d.Stages[i].Features)
		joined.Cols += d.Stages[i].Cols
	}
	if len(parts) == 1 {
		return parts[0], true
	}
	for _, part := range parts {
		joined.Parts = append(joined.Parts, part.Cols)
	}
	joined.Data = make([]float32, 0, joined.Rows*joined.Cols)
	for i := range joined.Rows {
		for _, part := range parts {
			joined.Data = append(joined.Data, part.Row(i)...)
		}
	}
	return joined, len(parts) > 0
}

// Join is the features of a candidate's stages.
func (d Data) Join(c Candidate) (probe.Features, error) {
	f, ok := d.join(c.Stages)
	if !ok {
		return f, fmt.Errorf("there are no features of %s", strings.Join(c.Stages, "+"))
	}
	return f, nil
}

// distance is the mean squared distance of a row from the mean row, which C is a multiple of. Labels have no part in it.
func distance(f probe.Features, n probe.Normalization) float64 {
	sum, squares := make([]float64, f.Cols), make([]float64, f.Cols)
	for i := range f.Rows {
		for j, x := range f.Normalized(i, n) {
			sum[j] += x
			squares[j] += x * x
		}
	}
	total, rows := 0.0, float64(f.Rows)
	for j := range sum {
		variance := squares[j]/rows - sum[j]*sum[j]/rows/rows
		switch {
		case n != probe.Standard:
			total += max(0, variance)
		case variance > 0:
			total++
		}
	}
	return max(total, 1e-9)
}

// rounded has one significant digit, 1 or 3: a C that people write.
func rounded(c float64) float64 {
	half := math.Round(2 * math.Log10(c))
	whole := math.Floor(half / 2)
	digit := 1.0
	if half != 2*whole {
		digit = 3
	}
	if whole < 0 {
		return digit / math.Pow(10, -whole)
	}
	return digit * math.Pow(10, whole)
}
