package probe

import (
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/matrix"
)

// Centroids is the nearest centroid, taught row by row: adding one moves the mean of its class, and nothing else has to be
// fitted. The zero value is not usable; see NewCentroids. It is not safe for concurrent use.
type Centroids struct {
	cols  int
	parts []int
	rows  []taught
	sums  [][]float64 // by class, of its rows
	count []int       // rows by class
}

// taught is a row that was added, its parts divided by their lengths.
type taught struct {
	x     []float32
	class int
}

// NewCentroids has no class yet. Rows have so many features, in parts of the lengths given, which are normalized separately; nil: one.
func NewCentroids(cols int, parts []int) *Centroids {
	return &Centroids{cols: cols, parts: slices.Clone(parts)}
}

// Add teaches a row of a class, counted from 0. The next number after those that there are is a new class. It returns the
// row's own number, for Remove.
func (c *Centroids) Add(row []float32, class int) (int, error) {
	if err := c.check(row, class); err != nil {
		return 0, err
	}
	x := make([]float64, c.cols)
	widen(x, row)
	Features{Cols: c.cols, Parts: c.parts}.toUnit(x)
	kept := taught{x: make([]float32, c.cols), class: class}
	for j, v := range x {
		kept.x[j] = float32(v)
	}
	return c.keep(kept), nil
}

// AddKept is Add for a row that Row has given, which stays as it is.
func (c *Centroids) AddKept(row []float32, class int) (int, error) {
	if err := c.check(row, class); err != nil {
		return 0, err
	}
	return c.keep(taught{slices.Clone(row), class}), nil
}

// Grow makes classes without a row, until there are so many.
func (c *Centroids) Grow(classes int) {
	for len(c.count) < classes {
		c.sums, c.count = append(c.sums, make([]float64, c.cols)), append(c.count, 0)
	}
}

// Row is the row of a number, its parts divided by their lengths. It must not be changed.
func (c *Centroids) Row(number int) []float32 { return c.rows[number].x }

func (c *Centroids) check(row []float32, class int) error {
	if len(row) != c.cols {
		return fmt.Errorf("teach a row of %d features: there must be %d", len(row), c.cols)
	}
	if class < 0 || class > len(c.count) {
		return fmt.Errorf("teach a row of class %d: there are %d classes", class, len(c.count))
	}
	for _, v := range row {
		if v-v != 0 { // infinite or NaN
			return fmt.Errorf("teach a row that holds %v", v)
		}
	}
	return nil
}

// keep adds a row, of a new class where it names the next one.
func (c *Centroids) keep(row taught) int {
	c.Grow(row.class + 1)
	c.rows = append(c.rows, row)
	c.move(row, 1)
	return len(c.rows) - 1
}

// move adds a row to the sum of its class, or takes it off.
func (c *Centroids) move(t taught, sign float64) {
	for j, v := range t.x {
		c.sums[t.class][j] += sign * float64(v)
	}
	c.count[t.class] += int(sign)
}

// Remove forgets the row of a number. Those after it move down by one. A class that has no row left stays.
func (c *Centroids) Remove(number int) error {
	if number < 0 || number >= len(c.rows) {
		return fmt.Errorf("forget row %d of %d", number, len(c.rows))
	}
	c.move(c.rows[number], -1)
	if class := c.rows[number].class; c.count[class] == 0 {
		clear(c.sums[class]) // without what rounding left
	}
	c.rows = slices.Delete(c.rows, number, number+1)
	return nil
}

// Drop forgets a class with its rows. The classes after it move down by one.
func (c *Centroids) Drop(class int) error {
	if class < 0 || class >= len(c.count) {
		return fmt.Errorf("forget class %d of %d", class, len(c.count))
	}
	c.rows = slices.DeleteFunc(c.rows, func(t taught) bool { return t.class == class })
	for i := range c.rows {
		if c.rows[i].class > class {
			c.rows[i].class--
		}
	}
	c.sums, c.count = slices.Delete(c.sums, class, class+1), slices.Delete(c.count, class, class+1)
	return nil
}

// Counts are the rows of each class.
func (c *Centroids) Counts() []int { return slices.Clone(c.count) }

// Linear is the classifier. Its logits are in units of the variance of all rows; Judged tells by how much they should be scaled.
// There must be two classes.
func (c *Centroids) Linear() (*Linear, error) {
	if len(c.count) < 2 {
		return nil, fmt.Errorf("fit a nearest centroid: there must be two classes; got %d", len(c.count))
	}
	means, mass := c.means()
	l := nearest(means, mass)
	l.Scale(1 / max(c.variance(), UnitEpsilon))
	return l, nil
}

func (c *Centroids) means() (means *matrix.Dense, mass []float64) {
	means, mass = matrix.New(len(c.count), c.cols), make([]float64, len(c.count))
	for k, n := range c.count {
		mass[k] = float64(n)
		matrix.AddScaled(means.Row(k), 1/max(1, mass[k]), c.sums[k])
	}
	return means, mass
}

// mostJudged is how many rows Judged judges, evenly spread over those that there are.
const mostJudged = 500

// Judged are the logits of rows, [labels, classes] as Linear scales them, each by the means of the other rows, with the rows'
// classes. A row that is the only one of its class is left out.
func (c *Centroids) Judged() (logits []float32, labels []int) {
	means, _ := c.means()
	step := max(1, (len(c.rows)+mostJudged-1)/mostJudged)
	x, own, scale := make([]float64, c.cols), make([]float64, c.cols), 1/max(c.variance(), UnitEpsilon)
	for i := 0; i < len(c.rows); i += step {
		row := c.rows[i]
		n := float64(c.count[row.class])
		if n < 2 {
			continue
		}
		widen(x, row.x)
		for k := range c.count {
			mean := means.Row(k)
			if k == row.class {
				for j, v := range c.sums[k] {
					own[j] = (v - x[j]) / (n - 1)
				}
				mean = own
			}
			logit := -float64(farAway)
			if c.count[k] > 0 {
				logit = -distance2(x, mean) / 2
			}
			logits = append(logits, float32(scale*logit))
		}
		labels = append(labels, row.class)
	}
	return logits, labels
}

// variance is the mean squared distance of the rows from their mean.
func (c *Centroids) variance() float64 {
	if len(c.rows) == 0 {
		return 0
	}
	n := float64(len(c.rows))
	mean, squares := make([]float64, c.cols), 0.0
	for _, row := range c.rows {
		for j, v := range row.x {
			mean[j] += float64(v) / n
			squares += float64(v) * float64(v) / n
		}
	}
	return max(0, squares-matrix.Dot(mean, mean))
}

func distance2(a, b []float64) float64 {
	sum := 0.0
	for j, v := range a {
		sum += (v - b[j]) * (v - b[j])
	}
	return sum
}
