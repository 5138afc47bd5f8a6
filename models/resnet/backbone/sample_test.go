package backbone

import (
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
)

// sampleOptions ask for the weights that are part of the program.
func sampleOptions() resnet.Options {
	o := resnet.DefaultOptions()
	o.Weights = resnet.PublishedWeights(resnet.SetSample)
	o.Offline = true
	return o
}

func TestSampleWeights(t *testing.T) {
	b, err := Open(t.Context(), sampleOptions())
	if err != nil {
		t.Fatal(err)
	}
	a, w := b.Architecture(), b.Weights()
	if b.Name() != "ResNet50 v1.5" || a.Cut != resnet.Cut(resnet.Conv3) || a.Preprocess != resnet.PreprocessTorch || !b.Trained() || w.Name != resnet.SetSample {
		t.Errorf("%s cut at %s, preprocessing %s, weights %+v", b.Name(), a.Cut, a.Preprocess, w)
	}
	if w.String() != "sample (part of the program)" || w.License == "" {
		t.Errorf("%s, license %q", w, w.License)
	}
	if !slices.Equal(b.FeatureShape(), []int{512}) {
		t.Errorf("features %v", b.FeatureShape())
	}
	again := b.Architecture().Options(w)
	if _, err := Open(t.Context(), again); err != nil {
		t.Errorf("opened again by what the backbone says of itself: %v", err)
	}
	for _, note := range b.Notes() {
		if strings.Contains(note, "past the cut") {
			t.Errorf("the file holds more than conv1 to conv3: %s", note)
		}
	}
	for _, cut := range []resnet.Stage{resnet.Conv1, resnet.Conv2, resnet.Conv3} {
		o := sampleOptions()
		o.Cut = resnet.Cut(cut)
		if _, err := Open(t.Context(), o); err != nil {
			t.Errorf("cut at %s: %v", cut, err)
		}
	}
}

func TestSampleWeightsRefuse(t *testing.T) {
	for want, change := range map[string]func(*resnet.Options){
		"cut must be one of auto, conv1, conv2, conv3; got conv5": func(o *resnet.Options) { o.Cut = resnet.Cut(resnet.Conv5) },
		"they are of a ResNet50 and not of a ResNet101":           func(o *resnet.Options) { o.Depth = 101 },
		"have no classifier": func(o *resnet.Options) { o.Top = true },
		"must have":          func(o *resnet.Options) { o.Weights.SHA256 = strings.Repeat("0", 64) },
	} {
		o := sampleOptions()
		change(&o)
		if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error with %q", err, want)
		}
	}
}
