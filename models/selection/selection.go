package selection

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/probe"
)

// Kind is how a classifier is fitted.
type Kind string

// The kinds.
const (
	Logistic Kind = "logistic" // logistic regression, probe.Fit
	Centroid Kind = "centroid" // the nearest centroid, probe.Centroid
)

// A Candidate is a classifier that can be chosen.
type Candidate struct {
	Stages        []string            `json:"stages"` // of the backbone, whose features are concatenated
	Normalization probe.Normalization `json:"normalization"`
	Kind          Kind                `json:"kind"`
	C             float64             `json:"c,omitempty"` // of Logistic; less is stronger regularization
}

// String names the candidate for people.
func (c Candidate) String() string {
	words := []string{strings.Join(c.Stages, "+")}
	switch c.Normalization {
	case probe.L2:
		words = append(words, "L2-normalized")
	case probe.Standard:
		words = append(words, "standardized")
	}
	if c.Kind == Centroid {
		return "nearest centroid on " + strings.Join(words, ", ")
	}
	return "logistic regression on " + strings.Join(append(words, "C = "+c.Decimals()), ", ")
}

// Decimals is C without an exponent: 30000, 0.0003.
func (c Candidate) Decimals() string { return strconv.FormatFloat(c.C, 'f', -1, 64) }

// fit fits the candidate with each C.
func (c Candidate) fit(ctx context.Context, s probe.Samples, cs []float64, tolerance float64, workers int, events func(probe.Iteration)) ([]*probe.Linear, error) {
	if c.Kind == Centroid {
		model, err := probe.Centroid(s)
		return []*probe.Linear{model}, errors.Join(err, ctx.Err())
	}
	return probe.Path(ctx, s, cs, probe.Options{Normalization: c.Normalization, Tolerance: tolerance, Workers: workers, Events: events})
}

// Fit fits the candidate to all of the samples.
func (c Candidate) Fit(ctx context.Context, s probe.Samples, workers int, events func(probe.Iteration)) (*probe.Linear, error) {
	models, err := c.fit(ctx, s, []float64{c.C}, probe.ToleranceFit, workers, events)
	if err != nil {
		return nil, fmt.Errorf("fit %s: %w", c, err)
	}
	return models[0], nil
}

// A Score is what cross-validation says of a candidate.
type Score struct {
	Candidate
	Accuracy float64 `json:"accuracy"` // fraction of the images, each judged by a classifier that was not fitted to it
	Error    float64 `json:"error"`    // standard error of the accuracy, from its spread over the folds
	// Behind is how far the accuracy is below the highest, and Apart the standard error of that difference. Both are taken image by
	// image, so that images which all candidates find easy or hard do not count.
	Behind float64 `json:"behind"`
	Apart  float64 `json:"apart"`
	// Loss is the cross-entropy of the held-out images at Temperature; 0 for candidates that are clearly behind.
	Loss        float64 `json:"loss,omitempty"`
	Temperature float64 `json:"temperature,omitempty"`
}

// Tied tells whether the score cannot be told from the highest: it is within one standard error.
func (s Score) Tied() bool { return s.Behind <= s.Apart }

// A Report is what was compared and what was chosen.
type Report struct {
	Folds  int     `json:"folds"`
	Images int     `json:"images"` // compared on; Of says how many there were
	Of     int     `json:"of"`
	Groups int     `json:"groups"`           // lists of images that stayed in one fold
	Copies int     `json:"copies,omitempty"` // augmented copies that were fitted to as well, on their image's side; none is judged
	Seed   int64   `json:"seed"`
	Scores []Score `json:"scores"` // the highest accuracy first
	Chosen int     `json:"chosen"` // index into Scores
}

// Choice is the score of the candidate that was chosen.
func (r *Report) Choice() Score { return r.Scores[r.Chosen] }

// Rest is the best score of another set of stages, or of another kind: what the choice is compared with. It is nil where
// there is none.
func (r *Report) Rest() *Score {
	chosen := r.Choice()
	for i, s := range r.Scores {
		if s.Kind != chosen.Kind || strings.Join(s.Stages, "+") != strings.Join(chosen.Stages, "+") {
			return &r.Scores[i]
		}
	}
	return nil
}

// Summary says in one line what was chosen, why, and by how much it is ahead of the rest.
func (r *Report) Summary() string {
	chosen := r.Choice()
	if r.Folds == 0 { // Unjudged
		return fmt.Sprintf("%s, without a comparison: there are too few images", chosen.Candidate)
	}
	candidates := "1 candidate"
	if n := len(r.Scores); n > 1 {
		candidates = fmt.Sprintf("%d candidates", n)
	}
	text := fmt.Sprintf("%s: %.1f ± %.1f %% in %d-fold cross-validation of %s", chosen.Candidate, 100*chosen.Accuracy, 100*chosen.Error,
		r.Folds, candidates)
	if chosen.Behind > 0 {
		text += fmt.Sprintf(", within one standard error of the highest (%.1f %%) with the lower loss", 100*r.Scores[0].Accuracy)
	}
	if rest := r.Rest(); rest != nil {
		ahead, than := 100*(chosen.Accuracy-rest.Accuracy), "the best of the others"
		switch {
		case ahead >= 0.05:
			text += fmt.Sprintf(", %.1f points ahead of %s (%s)", ahead, than, rest.Candidate)
		case ahead <= -0.05:
			text += fmt.Sprintf(", %.1f points behind %s (%s), which is no clear difference", -ahead, than, rest.Candidate)
		default:
			text += fmt.Sprintf(", level with %s (%s)", than, rest.Candidate)
		}
	}
	return text
}

// judge fills Behind and Apart from which rows each candidate got right.
func judge(s *Score, right, best []bool) {
	n := float64(len(right))
	sum, squares := 0.0, 0.0
	for i := range right {
		d := 0.0
		switch {
		case best[i] && !right[i]:
			d = 1
		case right[i] && !best[i]:
			d = -1
		}
		sum += d
		squares += d * d
	}
	s.Behind = sum / n
	s.Apart = math.Sqrt(max(0, squares/n-s.Behind*s.Behind) / n)
}

// A Curve is the held-out accuracy of logistic regression over C, lowest first.
type Curve struct {
	Name       string    // stages and normalization
	C          []float64 // ascending; each normalization has a range of its own
	Accuracies []float64 // one for each C
}

// Curves has one curve for each set of stages, with the normalization that does best there; none of Unjudged.
func (r *Report) Curves() []Curve {
	var list []Curve
	if r.Folds == 0 { // Unjudged
		return nil
	}
	seen := map[string]bool{}
	for _, best := range r.Scores {
		stages := strings.Join(best.Stages, "+")
		if best.Kind != Logistic || seen[stages] {
			continue
		}
		seen[stages] = true
		var family []Score
		of := best.Family()
		for _, s := range r.Scores {
			if s.Family() == of {
				family = append(family, s)
			}
		}
		slices.SortFunc(family, func(a, b Score) int { return cmp.Compare(a.C, b.C) })
		curve := Curve{Name: stages + ", " + string(best.Normalization)}
		for _, s := range family {
			curve.C, curve.Accuracies = append(curve.C, s.C), append(curve.Accuracies, s.Accuracy)
		}
		list = append(list, curve)
	}
	return list
}

// Family names the candidates that differ in C alone.
func (c Candidate) Family() string {
	return string(c.Kind) + " " + strings.Join(c.Stages, "+") + " " + string(c.Normalization)
}
