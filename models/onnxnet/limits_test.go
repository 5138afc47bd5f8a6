package onnxnet

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/export/onnx"
)

// A file of a kilobyte cannot ask for any number of numbers, and one of some megabytes for gigabytes of nodes.
func TestAFileTakesNoMoreThanItIsWorth(t *testing.T) {
	g := &onnx.Graph{}
	x := g.Node("Unsqueeze", []string{"images", g.Integers("axis", 4)})
	x = g.Node("Expand", []string{x, g.Integers("to", 1, 3, 8, 8, 2_000_000_000)})
	g.Named("ReduceMean", "out", []string{x}, onnx.Ints("axes", 2, 3, 4), onnx.Int("keepdims", 0))
	many := append([]byte{0x3a, 0x80, 0x89, 0x7a}, bytes.Repeat([]byte{0x0a, 0x00}, 1_000_000)...) // a graph of a million empty nodes
	for want, file := range map[string][]byte{
		"its output has the shape [1 3 8 8 2000000000]": written(t, g, onnx.Float32, []int{-1, 3, 8, 8}),
		"more than 100000 operators":                    append(many, 0x42, 0x02, 0x10, 0x11),
		"its images come 5000 at once":                  written(t, g, onnx.Float32, []int{5000, 3, 8, 8}),
	} {
		if _, err := read(file, "x.onnx", "0", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

// Settings that would give other numbers, and are not supported, are refused.
func TestSettingsThatAreNotSupported(t *testing.T) {
	norm, along := &onnx.Graph{}, &onnx.Graph{}
	inputs := []string{"images"}
	for _, name := range []string{"gamma", "beta", "mean", "variance"} {
		inputs = append(inputs, norm.Tensor(name, []int{3}, []float32{1, 1, 1}))
	}
	norm.Named("BatchNormalization", "out", inputs, onnx.Int("training_mode", 1))
	along.Named("Add", "out", []string{"images", along.Tensor("each", []int{8}, make([]float32, 8))}, onnx.Int("axis", 2), onnx.Int("broadcast", 1))
	for want, g := range map[string]*onnx.Graph{"training_mode": norm, "broadcasts along an axis": along} {
		if _, err := read(written(t, g, onnx.Float32, []int{-1, 3, 8, 8}), "x.onnx", "0", Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
