package runs_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// compareLab has two models, each trained once, and one that was not.
func compareLab(t *testing.T) *transfertest.Session {
	t.Helper()
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json",
		"%model resnet50 --weights random --cut conv1 --name pretrained", "%train --epochs 2 --run first",
		"%model resnet50 --weights random --seed 7 --cut conv1 --name untrained", "%train --epochs 3 --lr 0.01 --optimizer momentum --keep-last --run second",
		"%model resnet50 --weights random --cut conv1 --name new")
	return p
}

// Two models in one chart and one table, in every form, as JSON, and after a restart by the record on disk alone.
func TestRunsCompare(t *testing.T) {
	p := compareLab(t)
	check := func(p *transfertest.Session, line string, names ...string) {
		t.Helper()
		outputs := p.Must(t, line).Outputs()
		if len(outputs) != 2 {
			t.Fatalf("%s shows %d figures, want the chart and the table", line, len(outputs))
		}
		chart, table := outputs[0].Bundles[0].Data, outputs[1].Bundles[0].Data
		if got, want := slices.Sorted(maps.Keys(chart)), []string{display.MIMEPNG, display.MIMEVegaLite, display.MIMEText}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("%s: the chart has the forms %v", line, got)
		}
		vega, err := json.Marshal(chart[display.MIMEVegaLite])
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range append([]string{"validation accuracy", "validation loss"}, names...) {
			if text := chart[display.MIMEText].(string); !strings.Contains(text, want) || !strings.Contains(string(vega), `"`+want+`"`) {
				t.Errorf("%s: %q is not in the text or in Vega-Lite:\n%s\n%s", line, want, text, vega)
			}
		}
		text := table[display.MIMEText].(string)
		head, _, _ := strings.Cut(strings.SplitAfterN(text, "\n", 2)[1], "\n")
		if got, want := strings.Join(strings.Fields(head), " "),
			"run model weights learning rate optimizer keep last epochs kept epoch val accuracy highest val accuracy"; got != want {
			t.Errorf("%s: the table has the columns\n%s\nwant\n%s", line, got, want)
		}
		for _, want := range []string{"random (seed 7)", "momentum", "3/3", "2/2"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the table has no %q:\n%s", line, want, text)
			}
		}
	}
	check(p, "%runs compare pretrained untrained", "pretrained", "untrained")
	check(p, "%runs compare first untrained", "pretrained", "untrained")

	var got drawing.Comparison
	if err := json.Unmarshal([]byte(p.Must(t, "%runs compare second first --json").Output()), &got); err != nil {
		t.Fatal(err)
	}
	var fields []string
	for _, d := range got.Differences {
		fields = append(fields, d.Field)
	}
	if want := []string{"epochs", "learning_rate", "optimizer", "keep_last"}; !slices.Equal(fields, want) || got.Differences[1].Values[0] != 0.01 {
		t.Errorf("the differences are %v, want the fields %v", got.Differences, want)
	}
	if len(got.Runs) != 2 || got.Runs[0].ID != "second" || got.Runs[0].KeptEpoch != 3 || got.Runs[0].KeptValAccuracy == nil ||
		got.Runs[1].KeptEpoch != got.Runs[1].Best || len(got.Runs[1].Series) == 0 {
		t.Errorf("the runs are %+v", got.Runs)
	}

	// A model that is trained again stands for its latest run; two runs of one model have their own names.
	p.Must(t, "%train --model untrained --epochs 1 --run third")
	if out := p.Must(t, "%runs compare second untrained --json").Output(); !strings.Contains(out, `"id":"third"`) {
		t.Errorf("the model's latest run is not compared: %s", out)
	}
	if text := p.Must(t, "%runs compare second third").Outputs()[0].Bundles[0].Data[display.MIMEText].(string); !strings.Contains(text, "○ second, ● third") {
		t.Errorf("the lines are not named after the runs:\n%s", text)
	}

	later := transfertest.Open(t, p.Home)
	check(later, "%runs compare pretrained second", "pretrained", "untrained")
}

func TestRunsCompareErrors(t *testing.T) {
	p := compareLab(t)
	for line, want := range map[string]string{
		"%runs compare":                        "RUN_OR_MODEL RUN_OR_MODEL... is missing",
		"%runs compare first":                  "RUN_OR_MODEL... is missing",
		"%runs compare first frist":            `unknown run or model "frist", have second, first, pretrained, untrained, new; did you mean first?`,
		"%runs compare first pretraind":        "did you mean pretrained?",
		"%runs compare first zzzzzzzz":         "%runs lists them",
		"%runs compare first ''":               "there is no run or model",
		"%runs compare first new":              "the model new has no run: start one with %train --model new",
		"%runs compare first pretrained":       "compare first with pretrained: both are the run first; name two runs",
		"%runs compare a b c d e f g":          `unexpected argument "g": the magic takes at most 6`,
		"%runs comapre first second":           "did you mean %runs compare?",
		"%runs compare first ../../etc/passwd": "unknown run or model",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
	i := slices.IndexFunc(p.Magics(), func(m magics.Magic) bool { return m.Name() == "runs" })
	completer := p.Magics()[i].(magics.Completer)
	for line, want := range map[string][]string{
		"":                     {"--help", "compare", "export", "list", "prune", "rename", "rm"},
		"--":                   {"--help", "--json"},
		"compare ":             {"first", "new", "pretrained", "second", "untrained"},
		"compare first --j":    {"--json"},
		"compare first untrai": {"untrained"},
	} {
		if got, err := completer.Complete(t.Context(), line, len(line)); err != nil || !slices.Equal(got, want) {
			t.Errorf("%%runs %s is completed with %v, %v; want %v", line, got, err, want)
		}
	}
	if listed := p.Must(t, "%runs | wc -l"); len(listed.Outputs()) != 1 {
		t.Error("%runs with an output shows no table")
	}
}
