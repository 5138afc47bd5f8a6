package selection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
)

// Options say what is compared. Start with DefaultOptions.
type Options struct {
	Sets           [][]string // stages whose features are concatenated; a set of which one is not in the data is left out
	Normalizations []probe.Normalization
	Strengths      []float64  // of Logistic: C times the mean squared distance of a row from the mean, so that one list suits all features
	Centroid       bool       // whether the nearest centroid is a candidate
	Only           *Candidate // nothing but this one, to judge what was chosen before; nil: all of the above

	Folds     int
	MaxImages int // compared on as many at most, drawn by class; their number bounds the time
	Seed      int64
	Workers   int
	Events    func(Progress) // may be nil
}

// DefaultOptions compares three stages of a ResNet and their concatenations.
func DefaultOptions() Options {
	return Options{
		Sets:           [][]string{{"conv3"}, {"conv4"}, {"conv5"}, {"conv4", "conv5"}, {"conv3", "conv4", "conv5"}},
		Normalizations: probe.Normalizations(), Centroid: true,
		Strengths: []float64{1, 3, 10, 30, 100, 300, 1000, 3000},
		Folds:     5, MaxImages: 3000, Seed: 42, Workers: 1,
	}
}

// Progress is how far a comparison is.
type Progress struct {
	Done       int    `json:"done"`       // fits of a path, one for each fold, set and normalization
	Total      int    `json:"total"`      // of them
	Iterations int    `json:"iterations"` // of the solver, so far
	Best       *Score `json:"best"`       // so far; nil before the first
}

// ErrTooFew marks data that cannot be divided into folds.
var ErrTooFew = errors.New("too few images for cross-validation")

// A family is the candidates that share features and normalization: one path of C, or the centroid.
type family struct {
	Candidate
	features probe.Features
	cs       []float64
	logits   [][]float32 // held-out, by C: [judged rows, classes]
	missing  int         // folds that are not done
}

// Choose compares candidates by cross-validation and returns the report. Nothing that it returns depends on the number of
// workers.
//
// Of the candidates that are within one standard error of the highest accuracy, the one with the lowest loss is chosen: it tells
// more than the count of the mistakes does.
func Choose(ctx context.Context, data Data, o Options) (*Report, error) {
	rows := data.sample(o)
	part := data.Take(rows)
	if err := part.enough(o); err != nil {
		return nil, err
	}
	c := &comparison{options: o, data: part, fold: Folds(part.Labels, part.Groups, part.Keys, o.Folds, o.Seed), judged: part.judged()}
	if err := c.layOut(); err != nil {
		return nil, err
	}
	if err := c.run(ctx); err != nil {
		return nil, fmt.Errorf("choose a classifier: %w", err)
	}
	r := c.report()
	r.Of, r.Groups, r.Copies = len(data.judged()), len(part.Groups), len(part.Labels)-len(c.judged)
	return r, nil
}

// Unjudged is the report of data that is too small for a comparison: logistic regression on the last of the sets with one stage,
// moderately regularized, on standardized features where the options leave that open.
func Unjudged(data Data, o Options) *Report {
	c := &comparison{options: o, data: data}
	o.Centroid, o.Strengths = false, []float64{unjudgedStrength}
	if len(o.Normalizations) != 1 {
		o.Normalizations = []probe.Normalization{probe.Standard}
	}
	c.options = o
	s := Score{Temperature: 1}
	if c.layOut() == nil {
		for _, f := range c.families {
			if len(f.Stages) == 1 {
				s.Candidate = f.Candidate
				s.C = f.cs[0]
			}
		}
	}
	images := len(data.judged())
	return &Report{Images: images, Of: images, Copies: len(data.Labels) - images, Groups: len(data.Groups), Seed: o.Seed, Scores: []Score{s}}
}

// unjudgedStrength is one that is often chosen.
const unjudgedStrength = 10

// A comparison is under way.
type comparison struct {
	options  Options
	data     Data
	fold     []int
	judged   []int // rows, by which candidates are judged
	families []*family

	mu       sync.Mutex
	progress Progress
}

// layOut makes the families.
func (c *comparison) layOut() error {
	if only := c.options.Only; only != nil {
		features, err := c.data.Join(*only)
		if err != nil {
			return fmt.Errorf("choose a classifier: %w", err)
		}
		c.families = []*family{{Candidate: *only, features: features, cs: []float64{only.C}}}
		c.options.Sets = nil
	}
	for _, set := range c.options.Sets {
		features, ok := c.data.join(set)
		if !ok {
			continue
		}
		for _, n := range c.options.Normalizations {
			f := &family{Candidate: Candidate{Stages: set, Normalization: n, Kind: Logistic}, features: features}
			scale := distance(features, n)
			for _, strength := range c.options.Strengths {
				f.cs = append(f.cs, rounded(strength/scale))
			}
			c.families = append(c.families, f)
		}
		if c.options.Centroid {
			c.families = append(c.families, &family{
				Candidate: Candidate{Stages: set, Normalization: probe.L2, Kind: Centroid}, features: features, cs: []float64{0},
			})
		}
	}
	if c.families == nil {
		return errors.New("choose a classifier: there are no features of the stages to compare")
	}
	for _, f := range c.families {
		f.missing = c.options.Folds
		for range f.cs {
			f.logits = append(f.logits, make([]float32, len(c.judged)*c.data.Classes))
		}
	}
	c.progress.Total = len(c.families) * c.options.Folds
	return nil
}

// run fits every family to every fold.
func (c *comparison) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.options.Workers)
	for _, f := range c.families {
		for k := range c.options.Folds {
			group.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return c.fit(ctx, f, k)
			})
		}
	}
	return group.Wait()
}

// fit fits a family to the rows outside of a fold, and judges those in it.
func (c *comparison) fit(ctx context.Context, f *family, k int) error {
	var inside, outside, places []int // places are those of inside among the judged rows
	for i, at := range c.fold {
		if at != k {
			outside = append(outside, i)
		}
	}
	for place, i := range c.judged {
		if c.fold[i] == k {
			inside, places = append(inside, i), append(places, place)
		}
	}
	s := probe.Samples{Features: f.features, Labels: c.data.Labels, Classes: c.data.Classes, Weights: c.data.Weights}.Select(outside)
	held := f.features.Select(inside)
	iterations := 0
	models, err := f.fit(ctx, s, f.cs, probe.ToleranceSelect, 1, func(probe.Iteration) { iterations++ })
	if err != nil {
		return fmt.Errorf("%s: %w", f.Candidate, err)
	}
	for at, model := range models {
		logits := model.Logits(held)
		for row, place := range places {
			for class := range c.data.Classes {
				f.logits[at][place*c.data.Classes+class] = float32(logits[row*c.data.Classes+class])
			}
		}
	}
	c.tell(f, iterations)
	return nil
}

// tell tells the progress, after a fit of a family.
func (c *comparison) tell(f *family, iterations int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Done++
	c.progress.Iterations += iterations
	if f.missing--; f.missing == 0 {
		for at := range f.cs {
			if s := c.score(f, at); c.progress.Best == nil || s.Accuracy > c.progress.Best.Accuracy {
				c.progress.Best = &s
			}
		}
	}
	if c.options.Events != nil {
		c.options.Events(c.progress)
	}
}

// score is what the held-out rows say of a candidate, without what takes others.
func (c *comparison) score(f *family, at int) Score {
	s := Score{Candidate: f.Candidate}
	s.C = f.cs[at]
	right := c.right(f.logits[at])
	s.Accuracy = fraction(right)
	hits, sizes := make([]float64, c.options.Folds), make([]float64, c.options.Folds)
	for place, ok := range right {
		fold := c.fold[c.judged[place]]
		sizes[fold]++
		if ok {
			hits[fold]++
		}
	}
	mean, spread, folds := 0.0, 0.0, float64(c.options.Folds)
	for k := range hits {
		hits[k] /= max(1, sizes[k])
		mean += hits[k] / folds
	}
	for _, h := range hits {
		spread += (h - mean) * (h - mean) / (folds - 1)
	}
	s.Error = math.Sqrt(spread / folds)
	return s
}

// labels are those of the judged rows.
func (c *comparison) labels() []int {
	list := make([]int, len(c.judged))
	for place, i := range c.judged {
		list[place] = c.data.Labels[i]
	}
	return list
}

// right tells which of the judged rows a candidate gets right.
func (c *comparison) right(logits []float32) []bool {
	return rightOf(logits, c.labels(), c.data.Classes)
}

// report compares the families.
func (c *comparison) report() *Report {
	type judged struct {
		Score
		logits []float32
	}
	var list []judged
	for _, f := range c.families {
		for at := range f.cs {
			list = append(list, judged{c.score(f, at), f.logits[at]})
		}
	}
	slices.SortStableFunc(list, func(a, b judged) int { return cmp.Compare(b.Accuracy, a.Accuracy) })
	best := c.right(list[0].logits)
	r := &Report{Folds: c.options.Folds, Images: len(c.judged), Seed: c.options.Seed}
	labels := c.labels()
	for i := range list {
		s := &list[i].Score
		judge(s, c.right(list[i].logits), best)
		if s.Tied() {
			s.Temperature, s.Loss = metric.Temperature(list[i].logits, labels, c.data.Classes)
			if s.Loss < list[r.Chosen].Loss {
				r.Chosen = i
			}
		}
		r.Scores = append(r.Scores, *s)
	}
	return r
}
