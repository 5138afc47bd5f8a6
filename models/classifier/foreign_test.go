package classifier

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// loadedFrom saves a model, and loads it as one whose runs are in a state folder.
func loadedFrom(t *testing.T, m *Model, o LoadOptions) *Model {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(t.Context(), m.device, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loaded.Close() })
	return loaded
}

// TestALoadedModelRaisesNoLimit of pixels by what its record says, unless a run on this machine took as many.
func TestALoadedModelRaisesNoLimit(t *testing.T) {
	const many = 1 << 40
	job := smallJob(t)
	job.Dataset.Options.MaxPixels = many
	job.Environment.Home = t.TempDir()
	m := fit(t, modeltest.PureGo(t), job)
	if got := m.Limits().MaxPixels; got != many {
		t.Errorf("the trained model takes %d pixels", got)
	}
	stranger := loadedFrom(t, m, LoadOptions{Home: t.TempDir()})
	if got := stranger.Limits().MaxPixels; got != imageio.DefaultMaxPixels {
		t.Errorf("a stranger's model takes %d pixels", got)
	}
	if got := stranger.Provenance.MaxPixels; got != many {
		t.Errorf("the record says %d pixels now", got)
	}
	if got := loadedFrom(t, m, LoadOptions{Home: job.Environment.Home}).Limits().MaxPixels; got != many {
		t.Errorf("a model of a run on this machine takes %d pixels", got)
	}
	m.Provenance.MaxPixels = many * 2
	if got := loadedFrom(t, m, LoadOptions{Home: job.Environment.Home}).Limits().MaxPixels; got != imageio.DefaultMaxPixels {
		t.Errorf("a model with the name of a run on this machine takes %d pixels", got)
	}
}

// TestAnImageWithTooManyPixelsIsTold by its type also where the answer is a text.
func TestAnImageWithTooManyPixelsIsTold(t *testing.T) {
	m := fit(t, modeltest.PureGo(t), smallJob(t))
	file := filepath.Join(t.TempDir(), "a.png")
	modeltest.WritePNG(t, file, image.NewGray(image.Rect(0, 0, 8, 8)))
	answer, err := m.PredictWith(t.Context(), []string{file}, PredictOptions{Limits: imageio.Limits{MaxPixels: 63}})
	if err != nil || !errors.As(answer[0].Cause, new(*imageio.PixelsError)) || !strings.Contains(answer[0].Error, "8 x 8 pixels, and the limit is 63") {
		t.Errorf("%+v, %v", answer, err)
	}
}

// TestThePathsOfARecordAreNotOpened that came with a model. The weights that the user names are.
func TestThePathsOfARecordAreNotOpened(t *testing.T) {
	options := modeltest.Options()
	options.Cut = "conv2"
	whole := modeltest.Backbone(t, options)
	options.Weights = resnet.WeightsFile(modeltest.WriteWeights(t, whole))
	options.Variant = resnet.V1
	job := smallJob(t)
	job.Recipe, job.Backbone = recipe.AutoRecipe(), modeltest.Backbone(t, options)
	job.Candidate = &selection.Candidate{Stages: []string{"conv1"}, Normalization: probe.L2, Kind: selection.Centroid}
	job.Environment.Home = t.TempDir()
	m := fit(t, modeltest.PureGo(t), job)
	file := m.Provenance.Base.Weights.Path

	for name, home := range map[string]string{"trained here": job.Environment.Home, "of a stranger": t.TempDir()} {
		loaded := loadedFrom(t, m, LoadOptions{Home: home})
		base, err := loaded.OpenBase(t.Context())
		missing, ok := errors.AsType[*NoBackboneError](err)
		switch {
		case name == "trained here" && (err != nil || base.Identity().Fingerprint != m.Provenance.Base.Fingerprint):
			t.Errorf("%s: %v", name, err)
		case name == "of a stranger" && (!ok || !missing.Base || !strings.Contains(err.Error(), file)):
			t.Errorf("%s: %v", name, err)
		}
	}
	base, err := loadedFrom(t, m, LoadOptions{Weights: file}).OpenBase(t.Context())
	if err != nil || base.Identity().Fingerprint != m.Provenance.Base.Fingerprint {
		t.Errorf("with the file: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.safetensors")
	if err := os.WriteFile(other, []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadedFrom(t, m, LoadOptions{Weights: other}).OpenBase(t.Context()); !errors.As(err, new(*resnet.DigestError)) {
		t.Errorf("with another file: %v", err)
	}

	own := m.Provenance.Base
	hostile.Each(t, "weights.safetensors", func(t *testing.T, path string) {
		planted := *own
		planted.Weights.Path, planted.Weights.SHA256 = path, ""
		m.Provenance.Base = &planted
		loaded := loadedFrom(t, m, LoadOptions{})
		err := hostile.InTime(t, path, func() error { _, err := loaded.OpenBase(t.Context()); return err })
		if !errors.As(err, new(*NoBackboneError)) {
			t.Error(err)
		}
	})
}

// TestAFileWithoutEndIsNoImage of a training: its record names the folder, and what lies there may be a stranger's.
func TestAFileWithoutEndIsNoImage(t *testing.T) {
	m := fit(t, modeltest.PureGo(t), smallJob(t))
	o, root := m.Outcome, t.TempDir()
	o.Provenance.Files = o.Provenance.Files[:1]
	file := filepath.Join(root, filepath.FromSlash(o.Provenance.Files[0].Path))
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 1<<40); err != nil {
		t.Fatal(err)
	}
	v := new(Verification)
	if _, err := v.recordedDataset(t.Context(), o, VerifyOptions{Root: root}); err != nil || len(v.Missing) != 1 {
		t.Errorf("%v, missing %q", err, v.Missing)
	}
}
