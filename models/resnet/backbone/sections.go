package backbone

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
)

// sections are a program compiled. Where its slices are smaller than its batch, the first stages are a graph of their own, which
// runs slice after slice. Their feature maps are the largest. Those of a whole batch exceed a processor's cache, and XLA's memory for
// them what the C library keeps when it is freed: Linux then clears pages again for every run, which was 7 to 13 % of the
// processor time. The last stage has few pixels and many weights, which XLA packs anew in each run: it runs on the whole batch.
type sections struct {
	*program
	images *tensors.Tensor // [slice, size, size, 3] uint8, used for every slice
	first  *graph.Exec     // of a slice
	rest   *graph.Exec     // of the batch; nil where first computes features
}

// newSections makes room for a slice of images. What is left is to compile.
func newSections(p *program) (*sections, error) {
	s := &sections{program: p}
	var err error
	if s.images, err = tensors.FromShapeForBackend(p.backend, 0, p.inputs()[0]); err != nil {
		return nil, fmt.Errorf("make room for %d images: %w", p.slice, err)
	}
	if p.split() {
		s.first, err = graph.NewExec(p.backend, p.buildFirst)
		if err == nil {
			s.rest, err = graph.NewExec(p.backend, p.buildRest)
		}
	} else {
		s.first, err = graph.NewExec(p.backend, p.build)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// compile compiles the sections side by side.
func (s *sections) compile(ctx context.Context) error {
	defer timeline.Start(ctx, "compile the frozen pass")()
	accel.FreeMemory() // XLA is about to ask for as much as folding has left
	var last errgroup.Group
	if s.rest != nil {
		last.Go(func() error {
			return accel.Try(func() error { _, err := s.rest.Compile(s.restInputs()...); return err })
		})
	}
	err := accel.Try(func() error { _, err := s.first.Compile(s.inputs()...); return err })
	return errors.Join(err, last.Wait())
}

// run computes the features of count images, at most a batch, from their pixels.
func (s *sections) run(pixels []uint8, count int) (features []float32, err error) {
	var handed [][]*tensors.Tensor // by slice, what the first stages hand on
	defer func() {
		for _, list := range handed {
			for _, t := range list {
				_ = t.FinalizeAll() // its numbers are used
			}
		}
	}()
	img := len(pixels) / count
	for at := 0; at < count; at += s.slice {
		n := min(s.slice, count-at)
		list, err := s.runFirst(pixels[at*img : (at+n)*img])
		if err != nil {
			return nil, err
		}
		if s.rest != nil {
			handed = append(handed, list)
			continue
		}
		features, err = take(features, list[0], n, s.slice)
		if err != nil {
			return nil, err
		}
	}
	if s.rest == nil {
		return features, nil
	}
	args := make([]any, 0, s.slices()*len(handed[0])+len(s.weights))
	for kind := range handed[0] {
		for i := range s.slices() {
			args = append(args, handed[min(i, len(handed)-1)][kind]) // a batch that is not full repeats a slice
		}
	}
	output, err := s.rest.Call1(s.withWeights(args)...)
	if err != nil {
		return nil, err
	}
	return take(nil, output, count, s.batch)
}

// runFirst runs the first stages on up to one slice, padded with black images.
func (s *sections) runFirst(pixels []uint8) ([]*tensors.Tensor, error) {
	err := s.images.MutableFlatData(func(flat any) {
		to := flat.([]uint8)
		clear(to[copy(to, pixels):])
	})
	if err != nil {
		return nil, err
	}
	return s.first.Call(s.withWeights([]any{s.images})...)
}

// withWeights appends the weights to the arguments of a graph.
func (s *sections) withWeights(args []any) []any {
	for _, w := range s.weights {
		args = append(args, w)
	}
	return args
}

// take appends the features of the first count of n images, and frees them on the device.
func take(features []float32, from *tensors.Tensor, count, n int) ([]float32, error) {
	defer func() { _ = from.FinalizeAll() }() // its numbers are copied
	err := from.ConstFlatData(func(flat any) {
		all := flat.([]float32)
		features = append(features, all[:len(all)/n*count]...)
	})
	return features, err
}

// close frees all but the weights.
func (s *sections) close() {
	for _, exec := range []*graph.Exec{s.first, s.rest} {
		if exec != nil {
			exec.Finalize()
		}
	}
	_ = s.images.FinalizeAll() // nothing is left to do for a buffer that cannot be freed
}

// split tells whether the first stages are a graph of their own.
func (p *program) split() bool {
	stages := p.backbone.architecture.Cut.Stages()
	return p.slice < p.batch && resnet.Later(stages[len(stages)-1], lastSliced)
}

// slices is how many slices make a batch.
func (p *program) slices() int { return p.batch / p.slice }

// cuts takes the stages of the cut apart: those whose features the first graph computes, and those of the rest.
func (p *program) cuts() (first, rest []resnet.Stage) {
	for _, s := range p.backbone.architecture.Cut.Stages() {
		if resnet.Later(s, lastSliced) {
			rest = append(rest, s)
		} else {
			first = append(first, s)
		}
	}
	return first, rest
}

// restInputs are the shapes of the second graph's parameters: the slices' feature maps, the slices' pooled features of earlier stages
// where the cut has such, and the weights.
func (p *program) restInputs() []shapes.Shape {
	first, _ := p.cuts()
	size := p.backbone.architecture.Size
	var list []shapes.Shape
	for range p.slices() {
		list = append(list, shapes.Make(p.dtype, append([]int{p.slice}, p.backbone.network.Shape(size, lastSliced)...)...))
	}
	width := 0
	for _, s := range first {
		width += p.backbone.network.Shape(size, s)[2]
	}
	for range p.slices() {
		if width > 0 {
			list = append(list, shapes.Make(dtypes.Float32, p.slice, width))
		}
	}
	return append(list, p.weightShapes()...)
}

// buildFirst makes the graph of the first stages: images [slice, size, size, 3] to the feature maps that the rest continues, and
// pooled features where the cut has such stages.
func (p *program) buildFirst(inputs []*graph.Node) []*graph.Node {
	b := p.backbone
	stages, _ := p.cuts()
	x := b.architecture.Preprocess.Apply(inputs[0], p.dtype)
	pooled := len(stages)
	if pooled == 0 || stages[pooled-1] != lastSliced {
		stages = append(stages, lastSliced)
	}
	maps := resnet.RunAfter(b.network, p.engine(inputs[1:]), x, "", resnet.CutAfter(stages...))
	outputs := []*graph.Node{maps[len(maps)-1]}
	if pooled > 0 {
		outputs = append(outputs, b.PoolFeatures(maps[:pooled]))
	}
	return outputs
}

// buildRest makes the graph of the last stages: restInputs to features [batch, FeatureShape...] float32.
func (p *program) buildRest(inputs []*graph.Node) *graph.Node {
	b, slices := p.backbone, p.slices()
	maps, inputs := graph.Concatenate(inputs[:slices], 0), inputs[slices:]
	first, stages := p.cuts()
	var pooled []*graph.Node
	if len(first) > 0 {
		pooled, inputs = inputs[:slices], inputs[slices:]
	}
	x := b.PoolFeatures(resnet.RunAfter(b.network, p.engine(inputs), maps, lastSliced, resnet.CutAfter(stages...)))
	if pooled != nil {
		x = graph.Concatenate([]*graph.Node{graph.Concatenate(pooled, 0), x}, -1)
	}
	return p.classify(x, inputs)
}
