package onnxnet

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/accel"
)

// largestBatch is how many images are computed at once.
const largestBatch = 32

// An Extractor computes features, with the weights on a device. It is not safe for concurrent use.
type Extractor struct {
	network *Network
	batch   int
	exec    *graph.Exec
	weights []any
}

// NewExtractor compiles the network for about so many images; 0 means many.
func (n *Network) NewExtractor(ctx context.Context, device *accel.Device, expected int) (*Extractor, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("compile %s: %w", n.path, err)
	}
	e := &Extractor{network: n, batch: largestBatch}
	for e.batch > 1 && expected > 0 && e.batch/2 >= expected {
		e.batch /= 2
	}
	if n.together > 0 {
		e.batch = n.together
	}
	if err := accel.Try(func() error { return e.build(device) }); err != nil {
		return nil, fmt.Errorf("compile %s for %s: %w", n.path, device.Name(), errors.Join(err, e.Close()))
	}
	return e, nil
}

func (e *Extractor) build(device *accel.Device) (err error) {
	n := e.network
	inputs := []shapes.Shape{n.pixels(e.batch)}
	for i, shape := range n.weightShapes() {
		inputs = append(inputs, shape)
		e.weights = append(e.weights, tensors.FromFlatDataAndDimensions(n.file.tensors[n.weights[i]].floats, shape.Dimensions...))
	}
	if e.exec, err = graph.NewExec(device.Backend, n.build); err != nil {
		return err
	}
	_, err = e.exec.Compile(inputs...)
	return err
}

// Batch is the number of images computed at once.
func (e *Extractor) Batch() int { return e.batch }

// Extract returns the features of n images, [n, Length], from their pixels, [n, size, size, 3] RGB.
func (e *Extractor) Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	size := e.network.options.Size
	image := size * size * 3
	if n < 0 || len(pixels) != n*image {
		return nil, fmt.Errorf("extract the features of %d images: %d pixel values were given, and %d by %d RGB pixels make %d", n, len(pixels), size, size, n*image)
	}
	features := make([]float32, 0, n*e.network.Length())
	for at := 0; at < n; at += e.batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("extract the features of %d images, %d done: %w", n, at, err)
		}
		count := min(e.batch, n-at)
		padded := make([]uint8, e.batch*image)
		copy(padded, pixels[at*image:(at+count)*image])
		err := accel.Try(func() error {
			args := append([]any{tensors.FromFlatDataAndDimensions(padded, e.batch, size, size, 3)}, e.weights...)
			out, err := e.exec.Call1(args...)
			if err != nil {
				return err
			}
			defer func() { _ = out.FinalizeAll() }() // its numbers are copied
			all, err := tensors.CopyFlatData[float32](out)
			if err == nil {
				features = append(features, all[:count*e.network.Length()]...)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("extract features with %s: %w", e.network.path, err)
		}
	}
	return features, nil
}

// Close frees what is on the device.
func (e *Extractor) Close() error {
	if e.exec != nil {
		e.exec.Finalize()
		e.exec = nil
	}
	for _, w := range e.weights {
		_ = w.(*tensors.Tensor).FinalizeAll() // nothing is left to do for a buffer that cannot be freed
	}
	e.weights = nil
	return nil
}
