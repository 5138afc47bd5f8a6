package lab

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/modeltest"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/selection"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// TestVerifyOpensNoPathOfAStrangersModel repeats a training whose backbone was cut, from a file that a model from elsewhere names.
func TestVerifyOpensNoPathOfAStrangersModel(t *testing.T) {
	options := modeltest.Options()
	options.Cut = "conv2"
	options.Weights, options.Variant = resnet.WeightsFile(modeltest.WriteWeights(t, modeltest.Backbone(t, options))), resnet.V1
	home := t.TempDir()
	result, err := training.Fit(t.Context(), modeltest.PureGo(t), training.Job{
		Recipe: recipe.AutoRecipe(), Dataset: modeltest.Colors(t), Backbone: modeltest.Backbone(t, options), Request: training.Request{Name: "chosen"},
		Candidate:   &selection.Candidate{Stages: []string{"conv1"}, Normalization: probe.L2, Kind: selection.Centroid},
		Environment: training.Environment{Home: home},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := classifier.New(result)
	defer m.Close()
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir, classifier.SaveOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		home, weights string
		opened        bool
	}{
		"of a stranger":    {home: t.TempDir()},
		"with the file":    {home: t.TempDir(), weights: options.Weights.Path, opened: true},
		"of a run of ours": {home: home, opened: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := goLab(t, test.home)
			if _, err := l.LoadModel(t.Context(), dir, "", test.weights); err != nil {
				t.Fatal(err)
			}
			_, v, err := l.Verify(t.Context(), "", classifier.VerifyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if opened := v.NoBase == nil; opened != test.opened || !opened && !errors.As(v.NoBase, new(*classifier.NoBackboneError)) {
				t.Errorf("opened: %t, want %t: %v; %q", opened, test.opened, v.NoBase, v.Differences)
			}
		})
	}
}
