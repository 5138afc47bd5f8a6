package sketch

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"
)

// hostile is a label as a folder from the internet may hold it.
const hostile = "<script>alert(1)</script>\n\x1b[31m\u202egpj.exe 猫 & \"quotes\" in a name that goes on and on and on"

// checkText refuses what a terminal would execute, and lines that are too long.
func checkText(t *testing.T, name, text string, width int) {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if Width(line) > width {
			t.Errorf("%s: a line of %d columns, of %d: %q", name, Width(line), width, line)
		}
		for _, r := range line {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Errorf("%s: %U in %q", name, r, line)
			}
		}
	}
}

func TestCurvesOfAnyData(t *testing.T) {
	many := Curves{Title: "many"}
	for i := range 1000 {
		many.Panels = append(many.Panels, Panel{Name: fmt.Sprint("class ", i), Lines: []Line{{Name: "train", Values: []float64{float64(i)}}}})
	}
	lines := Panel{Name: "lines"}
	for i := range 1000 {
		lines.Lines = append(lines.Lines, Line{Name: fmt.Sprint("class ", i), Values: []float64{1, float64(i)}})
	}
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]Curves{
		"empty":         {},
		"no values":     {Panels: []Panel{{}, {Name: "loss", Lines: []Line{{Name: "train"}}}}},
		"NaN":           {Panels: []Panel{{Lines: []Line{{Values: []float64{nan, inf, -inf, nan}}}}}},
		"between NaN":   {Panels: []Panel{{Lines: []Line{{Values: []float64{nan, 1, nan, 2, inf}}}}}},
		"extreme":       {Panels: []Panel{{Lines: []Line{{Values: []float64{math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64}}}}}},
		"hostile":       {Title: hostile, Axis: hostile, Notes: []string{hostile}, Status: Status{State: State(hostile), Text: hostile}, Panels: []Panel{{Name: hostile, Lines: []Line{{Name: hostile, Values: []float64{1}}}}}},
		"best too late": {Best: 1 << 40, Epoch: -3, Epochs: -7, Panels: []Panel{{Lines: []Line{{Values: []float64{1, 2}}}}}},
		"1,000 panels":  many,
		"1,000 lines":   {Panels: []Panel{lines}},
	} {
		checkText(t, name, c.Text(80), 80)
		raw, err := json.Marshal(c.VegaLite())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(raw), "\u202e") || strings.Contains(string(raw), "\\u001b") {
			t.Errorf("%s: a label got through as it was", name)
		}
	}
}

// TestTheThemeDecides: a background or a text color of the figure's own would win over those of a dark page.
func TestTheThemeDecides(t *testing.T) {
	spec := Curves{Title: "c", Best: 1, Panels: []Panel{{Name: "loss", Lines: []Line{{Name: "train", Values: []float64{1, 2}}}}, {Name: "empty"}}}.VegaLite()
	raw, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, fixed := range []string{`"background"`, `"labelColor"`, `"titleColor"`, `"subtitleColor"`, `"gridColor"`, Ink, Faint, Paper} {
		if strings.Contains(string(raw), fixed) {
			t.Errorf("the specification has %s: %s", fixed, raw)
		}
	}
}

func TestSummary(t *testing.T) {
	running := Status{State: StateRunning, Rate: 120.4, Left: 61 * time.Second, Text: "val accuracy 82.0 %"}
	for _, test := range []struct {
		curves Curves
		want   string
	}{
		{Curves{}, ""},
		{Curves{Epoch: 3}, "epoch 3"},
		{Curves{Epoch: 2, Epochs: 10, Best: 1, Status: running}, "running · epoch 2 of 10 · best 1 · val accuracy 82.0 % · 120 images/s · 1:01 left"},
		{Curves{Epoch: 10, Epochs: 10, Axis: "step", Status: Status{State: StateDone, Left: time.Minute}}, "done · step 10 of 10"},
		{Curves{Epoch: 2, Status: Status{Steps: 673.4}}, "epoch 2 · 673 steps/s"},
		{Curves{Status: Status{Rate: math.NaN()}}, ""},
	} {
		if got := test.curves.Summary(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	checkText(t, "an infinite rate", Curves{Status: Status{Rate: math.Inf(1)}}.Summary(), 20)
}

func TestDomain(t *testing.T) {
	for name, test := range map[string]struct {
		panel     Panel
		low, high float64
	}{
		"no values":           {Panel{}, 0, 1},
		"a loss":              {Panel{Lines: []Line{{Values: []float64{0.4, 1.9}}}}, 0, 2},
		"zeros":               {Panel{Lines: []Line{{Values: []float64{0, 0}}}}, 0, 1.5},
		"an accuracy":         {Panel{Fraction: true, Lines: []Line{{Values: []float64{0.67, 0.9}}}}, 0.6, 1},
		"a perfect accuracy":  {Panel{Fraction: true, Lines: []Line{{Values: []float64{1}}}}, 0.9, 1},
		"an accuracy of zero": {Panel{Fraction: true, Lines: []Line{{Values: []float64{0}}}}, 0, 1},
		"not a fraction":      {Panel{Fraction: true, Lines: []Line{{Values: []float64{0, 2}}}}, 0, 2.5},
		"log":                 {Panel{Lines: []Line{{Values: []float64{1, 100}}}}, 0.8, 125},
	} {
		if low, high := test.panel.Domain(); math.Abs(low-test.low) > 1e-9 || math.Abs(high-test.high) > 1e-9 {
			t.Errorf("%s: %v to %v, want %v to %v", name, low, high, test.low, test.high)
		}
	}
	for _, values := range [][]float64{{-1, 3}, {-5, -5}, {math.MaxFloat64}, {-1e299, 1e299}, {1e-320, 1}} {
		low, high := Panel{Lines: []Line{{Values: values}}}.Domain()
		if math.IsNaN(high-low) || math.IsInf(high-low, 0) || !(low < high) {
			t.Errorf("%v: %v to %v", values, low, high)
		}
	}
}

func TestExtremeNumbersAreShort(t *testing.T) {
	for _, v := range []float64{0, 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 1e308} {
		for _, text := range []string{Number(v), Percent(v), rate(math.Abs(v))} {
			if Width(text) > 20 || strings.Contains(text, "Inf") || strings.Contains(text, "NaN") {
				t.Errorf("%v is written %q", v, text)
			}
		}
	}
	if got := Clock(math.MaxInt64); !strings.HasPrefix(got, "2562047:") {
		t.Errorf("the longest duration is %q", got)
	}
}
