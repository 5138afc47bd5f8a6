package classifier

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// smallJob is a training of a second on the pure Go backend.
func smallJob(t testing.TB) training.Job {
	t.Helper()
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Colors(t), Backbone: modeltest.Backbone(t, modeltest.Options()),
		Request: training.Request{Name: "first"},
	}
	r := &job.Recipe
	r.Head, r.Epochs, r.BatchSize, r.LearningRate, r.Seed = "dense:8:relu", 5, 8, 0.02, 7
	return job
}

func fit(t testing.TB, device *accel.Device, job training.Job) *Model {
	t.Helper()
	result, err := training.Fit(context.Background(), device, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := New(result)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// fineTuned is a training of the last of three stages, quick on XLA.
func fineTuned(t testing.TB, head string, options resnet.Options) training.Job {
	t.Helper()
	dir := t.TempDir()
	modeltest.WriteImages(t, dir, 4, "red", "green")
	options.Cut = "conv3"
	job := training.Job{
		Recipe: recipe.DefaultRecipe(), Dataset: modeltest.Load(t, dir), Backbone: modeltest.Backbone(t, options),
		Request: training.Request{Name: "small"}, Accept: preflight.Codes(),
	}
	r := &job.Recipe
	r.Head, r.Epochs, r.BatchSize, r.Unfreeze = head, 2, 4, "conv3"
	return job
}

func TestModelPredictsAndIsEvaluated(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Recipe.Epochs = 20
	m := fit(t, device, job)
	report, err := m.Evaluate(context.Background(), job.Dataset, imagefolder.Val)
	if err != nil {
		t.Fatal(err)
	}
	if best := m.History.Best(); report.Loss != best.ValLoss || report.Accuracy != best.ValAccuracy {
		t.Errorf("evaluated to loss %g and accuracy %g, the best epoch had %g and %g", report.Loss, report.Accuracy, best.ValLoss,
			best.ValAccuracy)
	}
	if len(report.Skipped) != 0 {
		t.Errorf("a subset reports %v", report.Skipped)
	}
	damaged := filepath.Join(job.Dataset.Root, "red", "damaged.png")
	if err := os.WriteFile(damaged, []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := imagefolder.Load(context.Background(), job.Dataset.Root, job.Dataset.Options)
	if err != nil {
		t.Fatal(err)
	}
	if report, err = m.EvaluateWith(context.Background(), folder, allItems(folder), EvaluateOptions{}); err != nil || len(report.Skipped) != 1 ||
		report.Skipped[0].Path != "red/damaged.png" || report.Skipped[0].Reason == "" {
		t.Errorf("skipped %v, %v", report.Skipped, err)
	}
	missing := filepath.Join(job.Dataset.Root, "none.png")
	predictions, err := m.Predict(context.Background(), []string{filepath.Join(job.Dataset.Root, "red", "001.png"), missing}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if p := predictions[0]; len(p.Top) != 2 || p.Class() != "red" {
		t.Errorf("a red image is %+v", p)
	}
	if predictions[1].Error == "" {
		t.Error("a file that is not there was predicted")
	}
	if _, err := m.Evaluate(context.Background(), job.Dataset, imagefolder.Test); !errors.Is(err, ErrNoImages) {
		t.Errorf("on a subset without images: %v", err)
	}
}

func TestSavedModelPredictsTheSame(t *testing.T) {
	for _, unfreeze := range []recipe.Stage{recipe.StageNone, "conv1"} {
		device := modeltest.PureGo(t)
		if unfreeze != recipe.StageNone {
			device = modeltest.XLA(t, 1) // the pure Go backend cannot train a stage
		}
		job := smallJob(t)
		job.Recipe.Unfreeze, job.Recipe.Head, job.Recipe.Epochs = unfreeze, "dense:8:relu,batchnorm", 2
		m := fit(t, device, job)
		dir := filepath.Join(t.TempDir(), "saved")
		if err := m.Save(dir, SaveOptions{Figures: map[string][]byte{"curves.png": []byte("png")}}); err != nil {
			t.Fatal(err)
		}
		loaded, err := Load(context.Background(), device, dir, LoadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer loaded.Close()
		want, err := m.Probabilities(context.Background(), job.Dataset, allItems(job.Dataset))
		if err != nil {
			t.Fatal(err)
		}
		got, err := loaded.Probabilities(context.Background(), job.Dataset, allItems(job.Dataset))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("unfrozen from %q: %s", unfreeze, diff)
		}
		if diff := cmp.Diff(m.Provenance, loaded.Provenance); diff != "" {
			t.Error(diff)
		}
		if err := m.Save(dir, SaveOptions{}); err == nil {
			t.Error("a model was saved over another")
		}
		card, err := os.ReadFile(filepath.Join(dir, cardFile))
		if err != nil || !strings.Contains(string(card), "curves.png") || !strings.Contains(string(card), "3. red") {
			t.Errorf("the card is %s, %v", card, err)
		}
	}
}

func TestHeadAloneNeedsItsBackbone(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	options := modeltest.Options()
	file := modeltest.WriteWeights(t, job.Backbone)
	options.Weights = resnet.WeightsFile(file)
	job.Backbone = modeltest.Backbone(t, options)
	m := fit(t, device, job)
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{HeadOnly: true}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(context.Background(), device, dir, LoadOptions{Weights: file})
	if err != nil {
		t.Fatal(err)
	}
	loaded.Close()
	other := modeltest.Options()
	other.Weights.Seed++
	wrong := modeltest.WriteWeights(t, modeltest.Backbone(t, other))
	_, err = Load(context.Background(), device, dir, LoadOptions{Weights: wrong})
	if _, ok := errors.AsType[*resnet.DigestError](err); !ok {
		t.Errorf("with another backbone: %v", err)
	}
	if _, err := Load(context.Background(), device, dir, LoadOptions{}); err == nil {
		t.Error("a model without its backbone was opened")
	}
}

// Whatever a stranger writes into the folder: one error, no panic.
func TestHostileFolders(t *testing.T) {
	device := modeltest.PureGo(t)
	m := fit(t, device, smallJob(t))
	good := filepath.Join(t.TempDir(), "good")
	if err := m.Save(good, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(good, modelFile))
	if err != nil {
		t.Fatal(err)
	}
	edit := func(change func(map[string]any)) func(string) {
		return func(dir string) {
			var list map[string]any
			if err := json.Unmarshal(raw, &list); err != nil {
				t.Fatal(err)
			}
			change(list)
			write(t, filepath.Join(dir, modelFile), sealed(t, list))
		}
	}
	for name, spoil := range map[string]func(dir string){
		"no manifest":      func(dir string) { os.Remove(filepath.Join(dir, modelFile)) },
		"manifest cut":     func(dir string) { write(t, filepath.Join(dir, modelFile), raw[:len(raw)/2]) },
		"no head":          func(dir string) { os.Remove(filepath.Join(dir, headFile)) },
		"head changed":     func(dir string) { write(t, filepath.Join(dir, headFile), []byte("changed")) },
		"another format":   edit(func(l map[string]any) { l["format"] = 99 }),
		"unknown field":    edit(func(l map[string]any) { l["run_this"] = "rm" }),
		"no classes":       edit(func(l map[string]any) { l["classes"] = []string{} }),
		"class twice":      edit(func(l map[string]any) { l["classes"] = []string{"a", "a", "b"} }),
		"fewer classes":    edit(func(l map[string]any) { l["classes"] = []string{"a", "b"} }),
		"huge head":        edit(func(l map[string]any) { l["head"] = "dense:65536,dense:65536,dense:65536" }),
		"another head":     edit(func(l map[string]any) { l["head"] = "dense:9:relu" }),
		"another layer":    edit(func(l map[string]any) { l["head"] = "dense:8:relu,batchnorm" }),
		"head that is not": edit(func(l map[string]any) { l["head"] = "exec:sh" }),
		"task":             edit(func(l map[string]any) { l["task"] = "x" }),
		"file outside":     edit(func(l map[string]any) { l["sha256"].(map[string]any)["../../x"] = "0" }),
		"no hashes":        edit(func(l map[string]any) { l["sha256"] = nil }),
		"stage":            edit(func(l map[string]any) { l["unfrozen"] = "conv9" }),
		"huge images":      edit(func(l map[string]any) { l["backbone"].(map[string]any)["geometry"] = map[string]any{"Size": 1 << 30} }),
		"head is a link to a device": func(dir string) {
			os.Remove(filepath.Join(dir, headFile))
			os.Symlink("/dev/zero", filepath.Join(dir, headFile))
		},
		"head is a link to another file": func(dir string) {
			os.Remove(filepath.Join(dir, headFile))
			os.Symlink(filepath.Join(good, modelFile), filepath.Join(dir, headFile))
		},
		"head is a folder": func(dir string) {
			os.Remove(filepath.Join(dir, headFile))
			os.Mkdir(filepath.Join(dir, headFile), 0o755)
		},
	} {
		dir := filepath.Join(t.TempDir(), "bad")
		if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
			t.Fatal(err)
		}
		spoil(dir)
		if m, err := Load(context.Background(), device, dir, LoadOptions{}); err == nil {
			t.Errorf("%s: it was loaded", name)
			m.Close()
		}
	}
}

// The files of a folder may be links, as Kubernetes mounts them.
func TestAModelOfLinks(t *testing.T) {
	device := modeltest.PureGo(t)
	m := fit(t, device, smallJob(t))
	data, dir := filepath.Join(t.TempDir(), "data"), t.TempDir()
	if err := m.Save(data, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{modelFile, headFile, backboneFile} {
		if err := os.Symlink(filepath.Join(data, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(t.Context(), device, dir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	loaded.Close()
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestExplainLooksAtTheClass(t *testing.T) {
	device := modeltest.XLA(t, 1)
	options := modeltest.Options()
	options.Cut = "conv2"
	for _, unfreeze := range []recipe.Stage{recipe.StageNone, "conv2", "conv1"} {
		job := smallJob(t)
		job.Backbone = modeltest.Backbone(t, options)
		job.Recipe.Unfreeze, job.Recipe.Epochs, job.Recipe.LearningRate = unfreeze, 2, 0.001
		m := fit(t, device, job)
		file := filepath.Join(job.Dataset.Root, "red", "001.png")
		heat, err := m.Explain(context.Background(), file, "")
		if err != nil {
			t.Fatalf("unfrozen from %q: %v", unfreeze, err)
		}
		p, err := m.Predict(context.Background(), []string{file}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if heat.Class != p[0].Top[0].Class || heat.Height != 8 || heat.Width != 8 || len(heat.Values) != 64 {
			t.Errorf("unfrozen from %q: %+v", unfreeze, heat)
		}
		for _, v := range heat.Values {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("a value of %g", v)
			}
		}
		image, err := features.ReadImage(file, m.geometry(), m.Limits())
		if err != nil {
			t.Fatal(err)
		}
		pixels := image.Pixels
		again, err := m.ExplainPixels(context.Background(), pixels, heat.Class)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(heat, again, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
			t.Errorf("unfrozen from %q, the file and its pixels are explained in two ways:\n%s", unfreeze, diff)
		}
		if _, err := m.ExplainPixels(context.Background(), pixels[1:], ""); err == nil {
			t.Error("too few pixels were explained")
		}
		if _, err := m.Explain(context.Background(), file, "owl"); err == nil {
			t.Error("an unknown class was explained")
		}
	}
}

// A prediction says whether the backbone ran for it.
func TestPredictTellsWhatTheCacheHad(t *testing.T) {
	device := modeltest.PureGo(t)
	job := smallJob(t)
	job.Environment.Home = t.TempDir()
	m := fit(t, device, job)
	others := t.TempDir() // of another color, so that none of them is an image of the dataset
	modeltest.WriteImages(t, others, 1, "yellow")
	strangers, err := filepath.Glob(filepath.Join(others, "*", "*.png"))
	if err != nil || len(strangers) != 1 {
		t.Fatal(strangers, err)
	}
	files := []string{filepath.Join(job.Dataset.Root, "red", "001.png"), strangers[0]}
	for _, want := range [][]bool{{true, false}, {true, true}} {
		predictions, err := m.Predict(t.Context(), files, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := []bool{predictions[0].Cached, predictions[1].Cached}; !slices.Equal(got, want) {
			t.Errorf("from the cache: %v, want %v", got, want)
		}
	}
}

// XLA gives the same bits again, the fine-tuned stage's gradients included.
func TestSameBitsOnXLA(t *testing.T) {
	device := modeltest.XLA(t, 1)
	a := fit(t, device, fineTuned(t, "dense:16:relu,dropout:0.2", modeltest.Options()))
	b := fit(t, device, fineTuned(t, "dense:16:relu,dropout:0.2", modeltest.Options()))
	if a.Provenance.HeadDigest != b.Provenance.HeadDigest {
		t.Error("the same training gave other weights")
	}
}

// Fine-tuning shared by two devices, and in half precision, ends near what one device does in full precision.
func TestFineTuningInOtherWays(t *testing.T) {
	device := modeltest.XLA(t, 2)
	job := fineTuned(t, "dense:16:relu,dropout:0.2", modeltest.Options())
	options := modeltest.Options()
	options.Cut = "conv2"
	job.Backbone = modeltest.Backbone(t, options)
	job.Recipe.Unfreeze, job.Recipe.Epochs, job.Recipe.LearningRate = resnet.Conv2, 4, 0.0003
	want, data := fit(t, device, job), job.Dataset
	probabilities := func(m *Model) []float32 {
		p, err := m.Probabilities(t.Context(), data, allItems(data))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	expected := probabilities(want)
	for name, c := range map[string]struct {
		change    func(*recipe.Recipe)
		tolerance float64 // of losses and probabilities
	}{
		"two devices": {func(r *recipe.Recipe) { r.Devices = 2 }, 1e-4},
		"bfloat16":    {func(r *recipe.Recipe) { r.Precision = "bfloat16" }, 0.02},
		// From the pixels on: conv1 learns as well, at a tenth of conv2's rate.
		"whole network": {func(r *recipe.Recipe) { r.Devices, r.Precision, r.Unfreeze = 2, "bfloat16", "conv1" }, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			changed := job
			c.change(&changed.Recipe)
			got := fit(t, device, changed)
			largest := 0.0
			for i, e := range got.History {
				largest = max(largest, math.Abs(e.Loss-want.History[i].Loss), math.Abs(e.ValLoss-want.History[i].ValLoss))
			}
			for i, p := range probabilities(got) {
				largest = max(largest, math.Abs(float64(p-expected[i])))
			}
			t.Logf("the largest difference of losses and probabilities is %.2g", largest)
			if !(largest <= c.tolerance) {
				t.Errorf("the losses or probabilities differ by %g", largest)
			}
			if got.Provenance.Recipe.Precision == recipe.PrecisionAuto {
				t.Error("the record does not say in which precision it was trained")
			}
		})
	}
	if want.History[3].Loss >= want.History[0].Loss {
		t.Errorf("it learns nothing: %+v", want.History)
	}
}

// A saved ResNet comes back with its own weights, trained stages included.
func TestSavedResNetPredictsTheSame(t *testing.T) {
	device := modeltest.XLA(t, 1)
	job := fineTuned(t, "dense:16:relu", modeltest.Options())
	m, data := fit(t, device, job), job.Dataset
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(context.Background(), device, dir, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Close()
	if diff := cmp.Diff(m.Changes, loaded.Changes); diff != "" || len(m.Changes) != 1 {
		t.Errorf("it changed the stages %v, and loaded: %s", m.Changes, diff)
	}
	if loaded.Backbone().Identity().Weights.Trained {
		t.Error("random weights came back as trained ones")
	}
	want, err := m.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := loaded.Probabilities(context.Background(), data, allItems(data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(float64(want[i]-got[i])) > 1e-6 {
			t.Fatalf("the probability %d was %g and is %g", i, want[i], got[i])
		}
	}
	heat, err := loaded.Explain(context.Background(), filepath.Join(data.Root, data.Items[0].Path), "")
	if err != nil || heat.Height != 4 {
		t.Errorf("the heat map is %+v, %v", heat, err)
	}
}
