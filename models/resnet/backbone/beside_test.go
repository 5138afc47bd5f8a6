package backbone

import (
	"errors"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
)

// Programs of one network share the weights on the device, which are freed with the last of them.
func TestProgramsShareWeights(t *testing.T) {
	device, ctx := openCPU(t), t.Context()
	b := random(t, resnet.Options{Cut: "conv1+conv2"})
	pixels := images(3, testSize)
	many, err := b.NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 2, Formulation: resnet.FormulationWinograd}))
	if err != nil {
		t.Fatal(err)
	}
	want, err := many.Extract(ctx, pixels, 3)
	if err != nil {
		t.Fatal(err)
	}
	bare := b.WithoutWeights()
	if bare.HasWeights() || !b.HasWeights() || len(bare.Tensors()) > 0 {
		t.Error("the weights are there still, or gone from the original")
	}
	one, err := many.Beside(ctx, bare, 1)
	if err != nil {
		t.Fatal(err)
	}
	maps, err := bare.CutAt("conv2")
	if err == nil {
		maps, err = maps.Pooled(resnet.PoolNone)
	}
	if err != nil {
		t.Fatal(err)
	}
	unpooled, err := one.Beside(ctx, maps, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := one.Extract(ctx, pixels, 3)
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(t, got, want); d > 1e-5 || one.Formulation() != resnet.FormulationWinograd {
		t.Errorf("one by one by %s: it differs by %.1e", one.Formulation(), d)
	}
	if err := errors.Join(many.Close(), one.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := b.CutAt("conv2")
	if err == nil {
		whole, err = whole.Pooled(resnet.PoolNone)
	}
	if err != nil {
		t.Fatal(err)
	}
	wantMaps := extract(t, whole, device, ExtractorOptions{Batch: 1, Formulation: resnet.FormulationWinograd}, pixels, 3)
	got, err = unpooled.Extract(ctx, pixels, 3) // after the others are closed
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(t, got, wantMaps); d > 1e-5 {
		t.Errorf("feature maps differ by %.1e", d)
	}
	shared := unpooled.placed
	if len(shared.weights) == 0 || shared != one.placed {
		t.Error("the weights are not shared")
	}
	if err := unpooled.Close(); err != nil || shared.weights != nil {
		t.Errorf("the last is closed, and %d weights are kept: %v", len(shared.weights), err)
	}
	late, err := many.Beside(ctx, bare, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, err := late.Extract(ctx, pixels, 3); err == nil {
		t.Error("a program computes with weights that are freed")
	}
}

func TestBesideRefusesAnotherNetwork(t *testing.T) {
	device, ctx := openCPU(t), t.Context()
	b := random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv2), Size: 32})
	e, err := b.NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for name, other := range map[string]*Backbone{
		"deeper":  random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv3), Size: 32}),
		"variant": random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv2), Size: 32, Variant: resnet.V1}),
	} {
		if other.Name() == b.Name() && name == "variant" {
			other = random(t, resnet.Options{Cut: resnet.Cut(resnet.Conv2), Size: 32, Variant: resnet.V15})
		}
		if _, err := e.Beside(ctx, other, 1); err == nil {
			t.Errorf("%s: it computes with the weights of another network", name)
		}
	}
	if _, err := e.Beside(ctx, b, 0); err == nil {
		t.Error("a batch of 0 passed")
	}
	lost, err := b.WithoutWeights().NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer lost.Close()
	if _, err := lost.Extract(ctx, images(1, 32), 1); !errors.Is(err, ErrNoWeights) {
		t.Errorf("without weights: %v", err)
	}
}
