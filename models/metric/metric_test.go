package metric

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// golden is testdata/golden.json, written by golden.py with scikit-learn.
type golden struct {
	Classification []classification `json:"classification"`
	Ties           classification   `json:"ties"`
	Multi          []struct {
		Classes       int       `json:"classes"`
		Probabilities []float32 `json:"probabilities"`
		Targets       []float32 `json:"targets"`
		Loss          float64   `json:"loss"`
		Accuracy      float64   `json:"accuracy"`
		scores
	} `json:"multi"`
	Regression []struct {
		Outputs   int       `json:"outputs"`
		Predicted []float32 `json:"predicted"`
		Targets   []float32 `json:"targets"`
		MSE       float64   `json:"mse"`
		MAE       float64   `json:"mae"`
		R2        float64   `json:"r2"`
	} `json:"regression"`
}

type classification struct {
	Classes       int       `json:"classes"`
	Probabilities []float32 `json:"probabilities"`
	Labels        []int     `json:"labels"`
	Loss          float64   `json:"loss"`
	LogLoss       float64   `json:"sklearn_log_loss"`
	Accuracy      float64   `json:"accuracy"`
	Top3          float64   `json:"top3"`
	scores
	Macro      ClassScore   `json:"macro"`
	Weighted   ClassScore   `json:"weighted"`
	Confusion  [][]int      `json:"confusion"`
	ECE        float64      `json:"ece"`
	Ranking    wantRanking  `json:"ranking"`
	Thresholds [][4]float64 `json:"thresholds"`
}

type scores struct {
	Precision []float64 `json:"precision"`
	Recall    []float64 `json:"recall"`
	F1        []float64 `json:"f1"`
	Support   []int     `json:"support"`
}

func (s scores) perClass() []ClassScore {
	var list []ClassScore
	for i := range s.F1 {
		list = append(list, ClassScore{strconv.Itoa(i), s.Precision[i], s.Recall[i], s.F1[i], s.Support[i]})
	}
	return list
}

func read(t *testing.T) golden {
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

func numbered(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

var nearly = cmpopts.EquateApprox(0, 1e-12)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.17g, scikit-learn's is %.17g", what, got, want)
	}
}

func TestClassificationEqualsScikitLearn(t *testing.T) {
	for _, g := range read(t).Classification {
		r, err := Classify(numbered(g.Classes), g.Probabilities, g.Labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "loss", r.Loss, g.Loss, 1e-12)
		near(t, "loss", r.Loss, g.LogLoss, 1e-6) // scikit-learn's rows must sum to 1 in float64, ours are float32
		near(t, "accuracy", r.Accuracy, g.Accuracy, 1e-12)
		if r.Top3 != nil {
			near(t, "top-3", *r.Top3, g.Top3, 1e-12)
		}
		if (r.Top3 != nil) != (g.Classes > 3) { // among three classes every label is one of the three most probable
			t.Errorf("with %d classes the top-3 accuracy is %v", g.Classes, r.Top3)
		}
		near(t, "calibration error", r.Calibration.ECE, g.ECE, 1e-12)
		if diff := cmp.Diff(g.perClass(), r.PerClass, nearly); diff != "" {
			t.Error(diff)
		}
		names := cmpopts.IgnoreFields(ClassScore{}, "Class", "Support")
		if diff := cmp.Diff(g.Macro, r.Macro, nearly, names); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(g.Weighted, r.Weighted, nearly, names); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(g.Confusion, r.Confusion); diff != "" {
			t.Error(diff)
		}
	}
}

func TestLabelsEqualScikitLearn(t *testing.T) {
	for _, g := range read(t).Multi {
		r, err := Label(numbered(g.Classes), g.Probabilities, g.Targets)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "loss", r.Loss, g.Loss, 1e-12)
		near(t, "accuracy", r.Accuracy, g.Accuracy, 1e-12)
		if diff := cmp.Diff(g.perClass(), r.PerClass, nearly); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRegressionEqualsScikitLearn(t *testing.T) {
	for _, g := range read(t).Regression {
		r, err := Regress(numbered(g.Outputs), g.Predicted, g.Targets)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "mean squared error", r.Loss, g.MSE, 1e-12)
		near(t, "mean absolute error", r.Values.MAE, g.MAE, 1e-12)
		near(t, "R2", r.Values.R2, g.R2, 1e-12)
	}
}

func TestMistakesAndConfusedPairs(t *testing.T) {
	classes := []string{"cat", "dog", "owl"}
	probabilities := []float32{
		0.8, 0.1, 0.1, // right
		0.3, 0.6, 0.1, // cat taken for a dog
		0.1, 0.9, 0.0, // and again, surer
		0.2, 0.3, 0.5, // dog taken for an owl
	}
	r, err := Classify(classes, probabilities, []int{0, 0, 0, 1}, []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Confused{{"cat", "dog", 2}, {"dog", "owl", 1}}, r.Confused); diff != "" {
		t.Error(diff)
	}
	var order []string
	for _, m := range r.Worst {
		order = append(order, m.Path)
	}
	if diff := cmp.Diff([]string{"c", "b", "d"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	if _, err := Classify([]string{"a", "b"}, []float32{1, 0, 1}, []int{0}, nil); err == nil {
		t.Error("three probabilities of two classes")
	}
	if _, err := Classify([]string{"a", "b"}, []float32{1, 0}, []int{2}, nil); err == nil {
		t.Error("a label out of range")
	}
	if _, err := Label([]string{"a", "b"}, []float32{1, 0}, []float32{1}); err == nil {
		t.Error("fewer targets than probabilities")
	}
	if r, err := Classify([]string{"a"}, nil, nil, nil); err != nil || r.Accuracy != 0 {
		t.Errorf("no images: %+v, %v", r, err)
	}
}

// Of a model that is certain most probabilities are 0: such a label is not among the first three by that. scikit-learn's
// top_k_accuracy_score is 0.6 as well.
func TestTop3OfACertainModel(t *testing.T) {
	var probabilities []float32
	for range 5 {
		probabilities = append(probabilities, 1, 0, 0, 0, 0)
	}
	r, err := Classify(numbered(5), probabilities, []int{0, 1, 2, 3, 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "top-3", *r.Top3, 0.6, 1e-12)
}

// The mean of equal numbers can differ from them by rounding, which is no variance to explain.
func TestR2OfEqualTargets(t *testing.T) {
	for n := range 50 {
		targets, predicted := make([]float32, n+1), make([]float32, n+1)
		for i := range targets {
			targets[i], predicted[i] = 0.1, 0.11
		}
		r, err := Regress([]string{"a"}, predicted, targets)
		if err != nil {
			t.Fatal(err)
		}
		near(t, "R2", r.Values.R2, 0, 0)
	}
}

func TestTheMeanOfOneValueIsThatValue(t *testing.T) {
	for _, value := range []float64{0.1, 1e-300, 1e300, -7.3} {
		for _, n := range []int{1, 3, 7, 1000} {
			if got := Mean(n, func(int) float64 { return value }); got != value {
				t.Errorf("the mean of %d times %g is %g", n, value, got)
			}
		}
	}
	if got := Mean(4, func(i int) float64 { return float64(i) }); got != 1.5 {
		t.Errorf("the mean of 0 to 3 is %g", got)
	}
}
