package head

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	spec, err := Parse(" Dense:256:relu, dropout:0.3,batchnorm,layernorm,l2norm,flatten,avgpool,swish,dense:8 ")
	if err != nil {
		t.Fatal(err)
	}
	const want = "dense:256:relu,dropout:0.3,batchnorm,layernorm,l2norm,flatten,avgpool,silu,dense:8"
	if got := spec.String(); got != want {
		t.Errorf("read back %q, want %q", got, want)
	}
	for text, want := range map[string]string{"": Default, "none": "none"} {
		if spec, err = Parse(text); err != nil || spec.String() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", text, spec, err, want)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"dense":           "dense:UNITS",
		"dense:0":         "whole number",
		"dense:9999999":   "whole number",
		"dense:5:rely":    `got "rely"`,
		"dropout":         "dropout:RATE",
		"dropout:1":       "below 1",
		"dropout:NaN":     "below 1",
		"batchnorm:3":     "no arguments",
		"conv:3":          "is not a layer",
		"dense:3,,dense:": "is not a layer",
		strings.Repeat("dense:1,", 100) + "dense:1": "got 101",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.30q) = %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("dense:256:relu,dropout:0.3")
	f.Add("none")
	f.Add("layernorm,gelu,dense:1")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(spec.String())
		if err != nil {
			t.Fatalf("%q was read as %q, which is not read: %v", text, spec, err)
		}
		if diff := cmp.Diff(spec, again); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		_, _ = spec.Plan([]int{4}, 2)
	})
}

func TestPlan(t *testing.T) {
	spec, err := Parse("dense:256:relu,batchnorm")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := spec.Plan([]int{7, 7, 2048}, 10)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, step := range plan.Steps {
		names = append(names, step.Name)
	}
	if diff := cmp.Diff([]string{"flatten_1", "dense_1", "batchnorm_1", "logits"}, names); diff != "" {
		t.Error(diff)
	}
	// The number of the famous tutorial: 25,690,368 in its first dense layer.
	if got := plan.Steps[1].Weights[0].Size() + plan.Steps[1].Weights[1].Size(); got != 25_690_368 {
		t.Errorf("the first dense layer has %d weights", got)
	}
	if _, err := spec.Plan([]int{7, 7, 1 << 20}, 10); err == nil || !strings.Contains(err.Error(), "pool the features") {
		t.Errorf("a head of billions of weights: %v", err)
	}
}

func TestInitDependsOnSeedAndName(t *testing.T) {
	kernel := Weight{Name: "dense_1/kernel", Shape: []int{3, 4}, init: glorot}
	other := Weight{Name: "dense_2/kernel", Shape: []int{3, 4}, init: glorot}
	if diff := cmp.Diff(kernel.Init(1), kernel.Init(1)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(kernel.Init(1), kernel.Init(2)) || cmp.Equal(kernel.Init(1), other.Init(1)) {
		t.Error("the numbers are the same under another seed or name")
	}
}

// A batch norm of 64 has 256 numbers, and its moving mean and variance are not trained.
func TestMovingStatisticsAreNotTrained(t *testing.T) {
	spec, err := Parse("batchnorm")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := spec.Plan([]int{64}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if all, fixed := plan.Parameters(); all != 4*64+64*2+2 || fixed != 2*64 {
		t.Errorf("%d parameters, %d of them fixed", all, fixed)
	}
}
