package augment

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/headstart-nb/headstart/models/accel"
)

// An Augmenter changes images on a device. What it does to one depends on seed, epoch and item alone.
type Augmenter struct {
	spec  Spec
	seed  int64
	size  int
	batch int
	exec  *graph.Exec
}

// NewAugmenter prepares a specification for images of a size, of which the device changes a batch at once. It compiles at
// the first use.
func NewAugmenter(device *accel.Device, spec Spec, seed int64, size, batch int) (*Augmenter, error) {
	a := &Augmenter{spec: spec, seed: seed, size: size, batch: batch}
	var err error
	a.exec, err = graph.NewExec(device.Backend, func(images, parameters *graph.Node) *graph.Node {
		changed := graph.ClipScalar(graph.Round(spec.Apply(images, parameters)), 0, 255)
		return graph.ConvertDType(changed, dtypes.Uint8)
	})
	if err != nil {
		return nil, fmt.Errorf("augment with %s: %w", spec, err)
	}
	return a, nil
}

// Spec is what is done.
func (a *Augmenter) Spec() Spec { return a.spec }

// Seed is that of the random choices.
func (a *Augmenter) Seed() int64 { return a.seed }

// Apply returns the changed pixels of items, [len(items), size, size, 3] RGB, in an epoch.
func (a *Augmenter) Apply(pixels []uint8, items []int, epoch int) (changed []uint8, err error) {
	caught := exceptions.TryCatch[error](func() { changed, err = a.apply(pixels, items, epoch) })
	if caught != nil {
		err = caught
	}
	if err != nil {
		return nil, fmt.Errorf("augment with %s: %w", a.spec, err)
	}
	return changed, nil
}

// apply pads batches to the one size that is compiled.
func (a *Augmenter) apply(pixels []uint8, items []int, epoch int) ([]uint8, error) {
	var changed []uint8
	row := a.size * a.size * 3
	for at := 0; at < len(items); at += a.batch {
		part := items[at:min(at+a.batch, len(items))]
		images := make([]uint8, a.batch*row)
		copy(images, pixels[at*row:(at+len(part))*row])
		drawn := a.spec.Parameters(a.seed, epoch, part)
		parameters := make([]float32, a.batch*ParameterDim)
		copy(parameters, drawn)
		out, err := a.exec.Call1(
			tensors.FromFlatDataAndDimensions(images, a.batch, a.size, a.size, 3),
			tensors.FromFlatDataAndDimensions(parameters, a.batch, ParameterDim))
		if err != nil {
			return nil, err
		}
		err = tensors.ConstFlatData(out, func(flat []uint8) { changed = append(changed, flat[:len(part)*row]...) })
		if err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// Close frees the device.
func (a *Augmenter) Close() { a.exec.Finalize() }
