package backbone

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
)

// The features of several stages are those that a backbone cut at each of them gives, concatenated.
func TestSeveralStagesInOnePass(t *testing.T) {
	device := openCPU(t)
	pixels := images(3, testSize)
	for _, test := range []struct {
		variant     resnet.Variant
		cut         resnet.Cut
		pool        resnet.Pool
		formulation resnet.Formulation
	}{
		{resnet.V15, "conv3+conv4+conv5", resnet.PoolAvg, resnet.FormulationPlain},
		{resnet.V1, "conv3+conv4+conv5", resnet.PoolAvg, resnet.FormulationWinograd},
		{resnet.V15, "conv1+conv3", resnet.PoolMax, resnet.FormulationWinograd},
	} {
		b := random(t, resnet.Options{Variant: test.variant, Cut: test.cut, Pool: test.pool})
		options := ExtractorOptions{Batch: 2, Formulation: test.formulation}
		got := extract(t, b, device, options, pixels, 3)
		width, at := b.FeatureDim(), 0
		for i, stage := range test.cut.Stages() {
			alone, err := b.CutAt(stage)
			if err != nil {
				t.Fatal(err)
			}
			want, length := extract(t, alone, device, options, pixels, 3), b.StageDims()[i]
			for image := range 3 {
				row := got[image*width+at : image*width+at+length]
				if d := difference(t, row, want[image*length:(image+1)*length]); d > 1e-6 {
					t.Errorf("%s %s: %s of image %d differs by %.1e from that of a backbone cut there", test.formulation, test.cut, stage, image, d)
				}
			}
			at += length
		}
		if at != width {
			t.Errorf("%s: the stages have %d numbers, and the features %d", test.cut, at, width)
		}
		if d := difference(t, got, unfoldedFeatures(t, b, device.Backend, pixels, 3)); d > 1e-5 {
			t.Errorf("%s %s: differs from the unfolded network by %.1e", test.formulation, test.cut, d)
		}
	}
}

func TestCutStages(t *testing.T) {
	cut := resnet.CutAfter(resnet.Conv3, resnet.Conv5)
	if cut != "conv3+conv5" || !slices.Equal(cut.Stages(), []resnet.Stage{resnet.Conv3, resnet.Conv5}) || cut.Last() != resnet.Conv5 {
		t.Errorf("%s has the stages %v and the last %s", cut, cut.Stages(), cut.Last())
	}
	b := random(t, resnet.Options{Cut: cut})
	if got := fmt.Sprint(b.FeatureShape(), b.StageDims(), b.Stages()); got != "[2560] [512 2048] [conv1 conv2 conv3 conv4 conv5]" {
		t.Errorf("shape, parts and stages are %s", got)
	}
}

func TestCutsThatAreRefused(t *testing.T) {
	for cut, want := range map[resnet.Cut]error{"conv5+conv4": resnet.ErrOrder, "conv4+conv4": resnet.ErrOrder, "conv3+conv5": nil} {
		o := resnet.DefaultOptions()
		o.Cut = cut
		if err := o.Validate(); !errors.Is(err, want) {
			t.Errorf("cut %s: %v, want %v", cut, err, want)
		}
	}
	for _, cut := range []resnet.Cut{"", "+", "conv4+", "conv4 + conv5", "auto+conv5", "conv6", "conv4,conv5"} {
		o := resnet.DefaultOptions()
		o.Cut = cut
		if err := o.Validate(); !errors.As(err, new(*resnet.ChoiceError)) {
			t.Errorf("cut %q: %v", cut, err)
		}
	}
	a := random(t, resnet.Options{Cut: "conv3"}).Architecture()
	for cut, want := range map[resnet.Cut]string{resnet.CutAuto: "cut must be one of conv1, conv2, conv3, conv4, conv5; got auto", "conv2+conv3": resnet.ErrStages.Error()} {
		a.Cut, a.Pool = cut, resnet.PoolNone
		if err := a.Validate(); err == nil || err.Error()[:len(want)] != want {
			t.Errorf("cut %q without pooling: %v, want %s", cut, err, want)
		}
	}
	b := random(t, resnet.Options{Cut: "conv2+conv3"})
	if _, err := b.Pooled(resnet.PoolNone); !errors.Is(err, resnet.ErrStages) {
		t.Errorf("feature maps of two stages: %v", err)
	}
	if _, err := b.CutAt(resnet.Conv2, resnet.Conv4); !errors.As(err, new(*resnet.ChoiceError)) {
		t.Errorf("a stage past the last: %v", err)
	}
}

// BenchmarkStages compares the frozen pass of one stage with that of three, which it passes on its way.
func BenchmarkStages(b *testing.B) {
	device := openCPU(b)
	const batch = 8
	pixels := images(batch, 224)
	for _, cut := range []resnet.Cut{"conv5", "conv3+conv4+conv5"} {
		backbone := random(b, resnet.Options{Variant: resnet.V15, Cut: cut, Size: 224})
		e, err := backbone.NewExtractor(b.Context(), device, filledExtractor(ExtractorOptions{Batch: batch, Formulation: resnet.FormulationWinograd}))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := e.Extract(b.Context(), pixels, batch); err != nil { // waits for the compilation
			b.Fatal(err)
		}
		b.Run(string(cut), func(b *testing.B) {
			for b.Loop() {
				if _, err := e.Extract(b.Context(), pixels, batch); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
