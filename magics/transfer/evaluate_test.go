package transfer_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// trained is a lab with a model of two classes and two runs, first and second.
func trained(t *testing.T) *transfertest.Session {
	t.Helper()
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32 --json", "%model resnet50 --weights random --cut conv1",
		"%train --epochs 1 --run first", "%train --epochs 3 --lr 0.01 --run second")
	return p
}

// TestEvaluateShows every figure, each of them with an image and a text.
func TestEvaluateShows(t *testing.T) {
	p := trained(t)
	host := p.Must(t, "%evaluate --split train --top-losses 3")
	var titles []string
	var losses string
	for _, shown := range host.Outputs() {
		data := shown.Bundles[0].Data
		text, _ := data[display.MIMEText].(string)
		title, _, _ := strings.Cut(text, "\n")
		titles = append(titles, title)
		if data[display.MIMEPNG] == nil || text == "" {
			t.Errorf("%s lacks an image or a text", title)
		}
		if title == "top losses" {
			losses = text
		}
	}
	want := []string{"confusion matrix of resnet50", "metrics by class", "ROC and precision-recall curves", "threshold for red", "reliability diagram", "top losses"}
	if strings.Join(titles, ", ") != strings.Join(want, ", ") {
		t.Errorf("the figures are %q, want %q", titles, want)
	}
	for _, part := range []string{"loss ", "actual ", "predicted ", " %", ".png"} {
		if strings.Count(losses, part) < 3 {
			t.Errorf("the top losses lack %q:\n%s", part, losses)
		}
	}
	if out := host.Output(); !strings.Contains(out, "ROC AUC") {
		t.Errorf("the line says %q", out)
	}
	if got := len(p.Must(t, "%evaluate --mistakes 0").Outputs()); got != len(want)-1 {
		t.Errorf("--mistakes 0 shows %d figures", got)
	}
}

func TestEvaluateJSON(t *testing.T) {
	p := trained(t)
	var report metric.Report
	raw := p.Must(t, "%evaluate --split train --json").Output()
	if err := json.Unmarshal([]byte(raw), &report); err != nil {
		t.Fatal(err)
	}
	if report.Ranking == nil || report.Ranking.ROCAUC == nil || report.Thresholds == nil || len(report.TopLosses) == 0 || len(report.Ranking.Curves) != 2 {
		t.Errorf("the JSON is %s", raw)
	}
}

func TestCompareModels(t *testing.T) {
	p := trained(t)
	host := p.Must(t, "%evaluate --compare first,second --split train")
	text, _ := host.Outputs()[0].Bundles[0].Data[display.MIMEText].(string)
	for _, want := range []string{"comparison on 20 images", "95 % interval", "first ", "second ", "points", "McNemar", "both right on"} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if one := p.Must(t, "%evaluate --split train").Output(); strings.Contains(text+one, "top-3") { // it is 100 % of two classes
		t.Errorf("a top-3 accuracy of two classes is shown:\n%s%s", text, one)
	}
	var compared struct {
		Runs  []struct{ Run string }
		Pairs []struct {
			Images        int
			P, Difference float64
		}
	}
	if err := json.Unmarshal([]byte(p.Must(t, "%evaluate --compare first,second,first --split train --json").Output()), &compared); err != nil {
		t.Fatal(err)
	}
	if len(compared.Runs) != 3 || len(compared.Pairs) != 2 || compared.Pairs[1].P != 1 || compared.Pairs[1].Difference != 0 || compared.Pairs[0].Images != 20 {
		t.Errorf("the comparison is %+v", compared)
	}
	for line, want := range map[string]string{
		"%evaluate --compare first":                    "between 2 and 6 runs",
		"%evaluate --compare first,secnd":              "secnd",
		"%evaluate --compare first,second --run first": "leave --run and --model out",
	} {
		if err := p.Call(t.Context(), &magictest.Host{}, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", line, err, want)
		}
	}
}

// TestEvaluateOnKnownImages: a folder that holds images of the training says so, under whatever names they have.
func TestEvaluateOnKnownImages(t *testing.T) {
	p := trained(t)
	for i, from := range []string{"red/3.png", "blue/4.png"} {
		raw, err := os.ReadFile(filepath.Join("photos", from))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join("more", filepath.Dir(from))
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("other%d.png", i)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	host := p.Must(t, "%evaluate --dir more --top-losses 0")
	if !strings.Contains(host.Errors(), "warning: the model was trained on 2 of them") {
		t.Errorf("the cell says %q", host.Errors())
	}
	if host = p.Must(t, "%evaluate --split train --top-losses 0"); host.Errors() != "" {
		t.Errorf("the split for training is warned of: %q", host.Errors())
	}
	var report metric.Report
	if err := json.Unmarshal([]byte(p.Must(t, "%evaluate --dir more --json").Output()), &report); err != nil || report.TrainedOn != 2 {
		t.Errorf("in JSON: %d, %v", report.TrainedOn, err)
	}
}
