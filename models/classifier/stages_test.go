package classifier

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// ofStages is a training on the features of several stages.
func ofStages(t testing.TB, unfreeze recipe.Stage) training.Job {
	t.Helper()
	job := smallJob(t)
	options := modeltest.Options()
	options.Cut = "conv1+conv3"
	if unfreeze != recipe.StageNone {
		options.Cut = "conv1+conv2" // half the time
	}
	job.Backbone = modeltest.Backbone(t, options)
	job.Recipe.Head, job.Recipe.Unfreeze, job.Recipe.Epochs = "l2norm,dense:8:relu", unfreeze, 2
	return job
}

// What is done with a model can be done with one on a concatenation of stages, frozen or fine-tuned.
func TestModelOfSeveralStages(t *testing.T) {
	device := modeltest.XLA(t, 1)
	for unfreeze, want := range map[recipe.Stage]struct{ features, pixels int }{recipe.StageNone: {64 + 512, 4}, "conv2": {64 + 256, 8}} {
		job := ofStages(t, unfreeze)
		m := fit(t, device, job)
		if first := m.network.Plan.Steps[0]; first.Input[0] != want.features || len(first.Blocks) != 2 {
			t.Errorf("the head begins with %+v", first)
		}
		dir := filepath.Join(t.TempDir(), "saved")
		if err := m.Save(dir, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(context.Background(), device, dir, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		sameProbabilities(t, m, loaded, job.Dataset)
		report, err := loaded.Evaluate(context.Background(), job.Dataset, imagefolder.Val)
		if err != nil || math.Abs(report.Loss-m.History.Best().ValLoss) > 1e-5 {
			t.Errorf("unfreeze %s: evaluated to %+v, %v; the epoch had a loss of %g", unfreeze, report, err, m.History.Best().ValLoss)
		}
		heat, err := loaded.Explain(context.Background(), filepath.Join(job.Dataset.Root, job.Dataset.Items[0].Path), "red")
		if err != nil || heat.Height != want.pixels || heat.Width != want.pixels {
			t.Errorf("unfreeze %s: the heat map is %+v, %v", unfreeze, heat, err)
		}
		card, err := os.ReadFile(filepath.Join(dir, cardFile))
		if err != nil || !strings.Contains(string(card), "cut at conv1+") {
			t.Errorf("the card does not name the stages: %v", err)
		}
		verified, err := Verify(context.Background(), device, m.Outcome, m.Backbone(), VerifyOptions{})
		if err != nil || verified.Verdict != Identical {
			t.Errorf("unfreeze %s: %+v, %v", unfreeze, verified, err)
		}
	}
}

// sameProbabilities compares what two models make of a dataset.
func sameProbabilities(t *testing.T, a, b *Model, data *imagefolder.Dataset) {
	t.Helper()
	want, err := a.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-6 {
			t.Fatalf("the probability %d was %g and is %g", i, want[i], got[i])
		}
	}
}

// The exports of a model of several stages hold what another program needs to compute them.
func TestExportsOfSeveralStages(t *testing.T) {
	device := modeltest.XLA(t, 1)
	m := fit(t, device, ofStages(t, recipe.StageNone))
	file := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.ExportONNX(file); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for op, want := range map[string]int{"GlobalAveragePool": 2, "Concat": 2, "ReduceL2": 2} { // of the stages, then of l2norm
		// Field 4 of a node is its operation: the tag, the length, the text.
		if got := bytes.Count(written, []byte("\x22"+string(rune(len(op)))+op)); got != want {
			t.Errorf("the graph has %d nodes %s, want %d", got, op, want)
		}
	}
	code, err := m.ExportTorch(filepath.Join(t.TempDir(), "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"net.fc = nn.Sequential(L2Norm([64, 512]), nn.Linear(576, 8), nn.ReLU(), nn.Linear(8, 3))", "class L2Norm(nn.Module)",
		"if i in [0, 2]: parts.append(x.mean((2, 3))) # conv1+conv3", "net.forward = forward", "strict=True",
	} {
		if !strings.Contains(code, part) {
			t.Errorf("the code lacks %q:\n%s", part, code)
		}
	}
}

// stagesCase adds a model of several stages to those that are compared with other programs.
func stagesCase(t *testing.T, device *accel.Device, run func(m *Model, data *imagefolder.Dataset)) {
	t.Helper()
	options := modeltest.Options()
	job := fineTuned(t, "l2norm,dense:16:relu,l2norm", options)
	options.Cut = "conv1+conv3"
	job.Backbone = modeltest.Backbone(t, options)
	m := fit(t, device, job)
	run(m, job.Dataset)
}
