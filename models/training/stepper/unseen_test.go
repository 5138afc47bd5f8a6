package stepper

import (
	"math"
	"slices"
	"testing"
)

// What the head makes of unseen features counts in predictions, and stays as it is; neither a gradient nor the penalty moves it.
func TestUnseenFeatures(t *testing.T) {
	for _, seen := range []bool{true, false} {
		o := options(t, "none")
		o.L2 = 0.1
		if !seen {
			o.Unseen.Features = 1
		}
		network := open(t, o)
		before, err := network.Weights()
		if err != nil {
			t.Fatal(err)
		}
		for i := range 5 {
			if _, err := network.Step(clusters(8), Hyper{LearningRate: 0.1}, uint64(i)); err != nil {
				t.Fatal(err)
			}
		}
		after, err := network.Weights()
		if err != nil {
			t.Fatal(err)
		}
		const kernel, first = "head/logits/kernel", 3 // weights of the first feature
		if moved := !slices.Equal(before[kernel].Values[:first], after[kernel].Values[:first]); moved != seen {
			t.Errorf("seen %t: the weights of the first feature moved: %t", seen, moved)
		}
		if slices.Equal(before[kernel].Values[first:], after[kernel].Values[first:]) {
			t.Errorf("seen %t: the other weights did not move", seen)
		}
		zero, err := network.Logits([]float32{0, 1, 1, 1}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		one, err := network.Logits([]float32{1, 1, 1, 1}, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range after[kernel].Values[:first] {
			if got := one[i] - zero[i]; math.Abs(float64(got-w)) > 1e-5 {
				t.Errorf("seen %t: the first feature adds %g to output %d, want %g", seen, got, i, w)
			}
		}
	}
}

// A training step does without the part of the bias that is unseen: it moves what it would move if that part were not there.
func TestUnseenBias(t *testing.T) {
	o := options(t, "none")
	o.Optimizer = SGD
	plain := open(t, o)
	o.Unseen.Bias = []float64{3, -2, 0.5}
	added := open(t, o)
	const bias = "head/logits/bias"
	state, err := added.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range o.Unseen.Bias {
		state[bias].Values[i] += float32(b)
	}
	if err := added.SetWeights(state); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		want, err := plain.Step(clusters(8), Hyper{LearningRate: 0.1}, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		got, err := added.Step(clusters(8), Hyper{LearningRate: 0.1}, uint64(i))
		if err != nil || math.Abs(got.Loss-want.Loss) > 1e-5 {
			t.Errorf("step %d has the loss %g, want %g: %v", i, got.Loss, want.Loss, err)
		}
	}
	before, err := plain.Weights()
	if err != nil {
		t.Fatal(err)
	}
	after, err := added.Weights()
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range o.Unseen.Bias {
		if got, want := float64(after[bias].Values[i]-before[bias].Values[i]), b; math.Abs(got-want) > 1e-4 {
			t.Errorf("the bias %d differs by %g from that of the plain training, want %g", i, got, want)
		}
	}
}
