package selection

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
)

const (
	// mostSubsamples is how many subsamples of one size a fold gets. They share no image.
	mostSubsamples = 3
	// mostSizes bounds the sizes: with 6, the smallest is a 32nd.
	mostSizes = 6
	// leastPerClass is how many images of a class, on average, the smallest subsample has.
	leastPerClass = 2
)

// A LearningPoint is how good a classifier is that was fitted to some of the training images.
type LearningPoint struct {
	Images     int             `json:"images"`     // fitted to, on average
	Subsamples int             `json:"subsamples"` // of that size in each fold
	Fitted     float64         `json:"fitted"`     // accuracy on the images fitted to
	Accuracy   float64         `json:"accuracy"`   // on the held-out images
	Interval   metric.Interval `json:"interval"`   // of Accuracy, by Wilson's formula
}

// A LearningCurve is the held-out accuracy over the number of images that a classifier is fitted to.
type LearningCurve struct {
	Candidate
	Folds  int             `json:"folds"`
	Images int             `json:"images"` // divided into folds; Of says how many there were
	Of     int             `json:"of"`
	Seed   int64           `json:"seed"`
	Points []LearningPoint `json:"points"` // the fewest images first, each with about twice as many as the one before

	// Gain is how much the accuracy rose with the last doubling, compared image by image, and GainInterval where that lies with
	// 95 % confidence.
	Gain         float64         `json:"gain"`
	GainInterval metric.Interval `json:"gain_interval"`
}

// Trend says what the last doubling of the images did.
type Trend string

// The trends.
const (
	Rising  Trend = "rising"  // the accuracy rose
	Flat    Trend = "flat"    // it rose by less than FlatGain, if at all
	Unclear Trend = "unclear" // there are too few images to tell
)

// FlatGain is a rise of the accuracy that is not worth twice the images: one point.
const FlatGain = 0.01

// Trend judges the interval of the gain.
func (c *LearningCurve) Trend() Trend {
	switch {
	case c.GainInterval.Low > 0:
		return Rising
	case c.GainInterval.High < FlatGain:
		return Flat
	}
	return Unclear
}

// Summary says in one sentence whether more images would help.
func (c *LearningCurve) Summary() string {
	n := len(c.Points)
	from, to := c.Points[n-2], c.Points[n-1]
	change := fmt.Sprintf("from %d to %d training images the held-out accuracy changed by %+.1f points (95 %% interval %+.1f to %+.1f)",
		from.Images, to.Images, 100*c.Gain, 100*c.GainInterval.Low, 100*c.GainInterval.High)
	switch c.Trend() {
	case Rising:
		return "More images would help: " + change + "."
	case Flat:
		return "More images of the same kind would hardly help: " + change + "."
	}
	return "Whether more images would help cannot be told from so few: " + change + "."
}

// A subsample is what a classifier is fitted to, and what came of it.
type subsample struct {
	fold, level int   // a fraction 1/2^level of what is outside of the fold
	rows        []int // of the data

	fitted float64 // accuracy on the rows
	right  []bool  // of the rows of the fold
}

// curve is the work of a learning curve.
type curve struct {
	options   Options
	candidate Candidate
	data      Data
	features  probe.Features
	inside    [][]int // rows by fold
	levels    int

	mu   sync.Mutex
	done int
}

// Learn fits a candidate to subsamples of the images, each half as large as the one before, and judges it by cross-validation.
// Groups stay in one fold, subsamples have the classes in the same proportions, and the same data and seed give the same curve.
// C is that of the candidate for all sizes.
func Learn(ctx context.Context, data Data, candidate Candidate, o Options) (*LearningCurve, error) {
	part := data.Take(data.sample(o))
	if err := part.enough(o); err != nil {
		return nil, err
	}
	features, err := part.Join(candidate)
	if err != nil {
		return nil, fmt.Errorf("draw a learning curve: %w", err)
	}
	c := &curve{options: o, candidate: candidate, data: part, features: features, inside: make([][]int, o.Folds)}
	for i, fold := range Folds(part.Labels, part.Groups, part.Keys, o.Folds, o.Seed) {
		c.inside[fold] = append(c.inside[fold], i)
	}
	list := c.subsamples()
	if c.levels < 2 {
		return nil, fmt.Errorf("%w: half of %d images of %d classes would leave less than %d of a class", ErrTooFew, len(part.Labels), part.Classes, leastPerClass)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Workers)
	for i := range list {
		group.Go(func() error { return c.fit(ctx, &list[i], len(list)) })
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("draw a learning curve: %w", err)
	}
	curve := c.result(list)
	curve.Of = len(data.Labels)
	return curve, nil
}

// subsamples divides what is outside of each fold into 1, 2, 4, ... parts, and takes some of them.
func (c *curve) subsamples() []subsample {
	var list []subsample
	smallest := len(c.data.Labels) * (c.options.Folds - 1) / c.options.Folds
	for level := 0; level < mostSizes && smallest>>level >= leastPerClass*c.data.Classes; level++ {
		c.levels++
		for fold := range c.options.Folds {
			var outside []int
			for other, rows := range c.inside {
				if other != fold {
					outside = append(outside, rows...)
				}
			}
			slices.Sort(outside)
			part, parts := c.data.Take(outside), 1<<level
			place := Folds(part.Labels, part.Groups, part.Keys, parts, c.options.Seed+int64(level))
			for k := range min(parts, mostSubsamples) {
				s := subsample{fold: fold, level: level}
				for i, at := range place {
					if at == k {
						s.rows = append(s.rows, outside[i])
					}
				}
				if len(s.rows) > 0 { // else one group is larger than a part
					list = append(list, s)
				}
			}
		}
	}
	return list
}

// fit fits the candidate to a subsample and judges the rows of its fold.
func (c *curve) fit(ctx context.Context, s *subsample, of int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	samples := probe.Samples{Features: c.features, Labels: c.data.Labels, Classes: c.data.Classes, Weights: c.data.Weights}.Select(s.rows)
	models, err := c.candidate.fit(ctx, samples, []float64{c.candidate.C}, probe.ToleranceSelect, 1, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", c.candidate, err)
	}
	held := c.inside[s.fold]
	s.fitted = fraction(rightOf(models[0].Logits(samples.Features), samples.Labels, c.data.Classes))
	s.right = rightOf(models[0].Logits(c.features.Select(held)), pick(c.data.Labels, held), c.data.Classes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	if c.options.Events != nil {
		c.options.Events(Progress{Done: c.done, Total: of})
	}
	return nil
}

// result puts the points together, always in the same order.
func (c *curve) result(list []subsample) *LearningCurve {
	n := len(c.data.Labels)
	curve := &LearningCurve{Candidate: c.candidate, Folds: c.options.Folds, Images: n, Seed: c.options.Seed}
	right := make([][]float64, c.levels) // by row: the fraction of the classifiers that get it right
	for level := c.levels - 1; level >= 0; level-- {
		right[level] = make([]float64, n)
		of, sizes, fitted, all := make([]float64, c.options.Folds), 0, 0.0, 0.0
		for _, s := range list {
			if s.level == level {
				of[s.fold]++
				all++
				sizes += len(s.rows)
				fitted += s.fitted
			}
		}
		for _, s := range list {
			if s.level != level {
				continue
			}
			for at, i := range c.inside[s.fold] {
				if s.right[at] {
					right[level][i] += 1 / of[s.fold]
				}
			}
		}
		mean := 0.0
		for _, p := range right[level] {
			mean += p / float64(n)
		}
		mean = min(1, mean)
		curve.Points = append(curve.Points, LearningPoint{
			Images: int(math.Round(float64(sizes) / all)), Subsamples: min(1<<level, mostSubsamples),
			Fitted: fitted / all, Accuracy: mean, Interval: metric.Wilson(mean, n),
		})
	}
	curve.Gain, curve.GainInterval = gain(right[0], right[1])
	return curve
}

// gain is the mean difference of paired fractions, with its interval of 95 %.
func gain(more, fewer []float64) (float64, metric.Interval) {
	n := float64(len(more))
	mean, squares := 0.0, 0.0
	for i := range more {
		d := more[i] - fewer[i]
		mean += d / n
		squares += d * d / n
	}
	half := metric.Normal95 * math.Sqrt(max(0, squares-mean*mean)/n)
	half = max(half, 3/n) // the rule of three: what happened on none of n images may still happen on 3 of them
	return mean, metric.Interval{Low: mean - half, High: mean + half}
}

// rightOf tells which rows have the logit of their label as the highest.
func rightOf[F float32 | float64](logits []F, labels []int, classes int) []bool {
	list := make([]bool, len(labels))
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		list[i] = true
		for k, v := range row {
			if v > row[label] || v == row[label] && k < label {
				list[i] = false
			}
		}
	}
	return list
}

func fraction(right []bool) float64 {
	n := 0
	for _, ok := range right {
		if ok {
			n++
		}
	}
	return float64(n) / float64(max(1, len(right)))
}

func pick(labels, rows []int) []int {
	list := make([]int, len(rows))
	for at, i := range rows {
		list[at] = labels[i]
	}
	return list
}
