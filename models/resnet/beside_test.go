package resnet

import (
	"errors"
	"testing"
)

// Programs of one network share the weights on the device, which are freed with the last of them.
func TestProgramsShareWeights(t *testing.T) {
	device, ctx := openCPU(t), t.Context()
	b := random(t, Options{Cut: "conv1+conv2"})
	pixels := images(3, testSize)
	many, err := b.NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 2, Formulation: FormulationWinograd}))
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
		maps, err = maps.Pooled(PoolNone)
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
	if d := difference(t, got, want); d > 1e-5 || one.Formulation() != FormulationWinograd {
		t.Errorf("one by one by %s: it differs by %.1e", one.Formulation(), d)
	}
	if err := errors.Join(many.Close(), one.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := b.CutAt("conv2")
	if err == nil {
		whole, err = whole.Pooled(PoolNone)
	}
	if err != nil {
		t.Fatal(err)
	}
	wantMaps := extract(t, whole, device, ExtractorOptions{Batch: 1, Formulation: FormulationWinograd}, pixels, 3)
	got, err = unpooled.Extract(ctx, pixels, 3) // after the others are closed
	if err != nil {
		t.Fatal(err)
	}
	if d := difference(t, got, wantMaps); d > 1e-5 {
		t.Errorf("feature maps differ by %.1e", d)
	}
	shared := unpooled.program.placed
	if len(shared.weights) == 0 || shared != one.program.placed {
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
	b := random(t, Options{Cut: Cut(Conv2), Size: 32})
	e, err := b.NewExtractor(ctx, device, filledExtractor(ExtractorOptions{Batch: 1}))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for name, other := range map[string]*Backbone{
		"deeper":  random(t, Options{Cut: Cut(Conv3), Size: 32}),
		"variant": random(t, Options{Cut: Cut(Conv2), Size: 32, Variant: V1}),
	} {
		if other.Name() == b.Name() && name == "variant" {
			other = random(t, Options{Cut: Cut(Conv2), Size: 32, Variant: V15})
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
