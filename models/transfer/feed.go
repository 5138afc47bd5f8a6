package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// A feed gives the network's inputs of an epoch, batch by batch in the order asked for.
type feed interface {
	// open starts an epoch, counted from 1.
	open(ctx context.Context, order []int, epoch int) (pass, error)
}

// A pass is a feed on its way through an epoch.
type pass interface {
	// next returns the items of a batch with their inputs, as features or as pixels; io.EOF after the last.
	next(ctx context.Context) (items []int, features []float32, pixels []uint8, err error)
	// waited is how long next waited for images to be decoded.
	waited() time.Duration
	close()
}

// tableFeed takes features that are in memory. With several tables, augmented copies, the epochs take turns.
type tableFeed struct {
	tables []*table
	batch  int
}

func (f tableFeed) open(_ context.Context, order []int, epoch int) (pass, error) {
	return &tablePass{table: f.tables[(epoch-1)%len(f.tables)], order: order, batch: f.batch}, nil
}

type tablePass struct {
	table *table
	order []int
	batch int
}

func (p *tablePass) next(context.Context) (items []int, features []float32, pixels []uint8, err error) {
	if len(p.order) == 0 {
		return nil, nil, nil, io.EOF
	}
	items = p.order[:min(p.batch, len(p.order))]
	p.order = p.order[len(items):]
	return items, p.table.gather(make([]float32, 0, len(items)*p.table.length), items), nil, nil
}

func (p *tablePass) waited() time.Duration { return 0 }
func (p *tablePass) close()                {}

// imageFeed decodes the images anew in every epoch: for augmentation, and for a network that is trained from its input.
type imageFeed struct {
	data      *imagefolder.Dataset
	geometry  imagefolder.Geometry
	batch     int
	workers   int
	augmenter *augmenter  // nil: the images as they are
	frozen    *frozenPass // nil: the pixels go to the network itself
}

func (f imageFeed) open(ctx context.Context, order []int, epoch int) (pass, error) {
	reader, err := f.data.Read(ctx, imagefolder.ReadOptions{Items: order, Geometry: f.geometry, Batch: f.batch, Workers: f.workers})
	if err != nil {
		return nil, err
	}
	return &imagePass{feed: f, reader: reader, epoch: epoch, images: len(order)}, nil
}

type imagePass struct {
	feed   imageFeed
	reader *imagefolder.Reader
	epoch  int
	images int
}

func (p *imagePass) next(ctx context.Context) (items []int, features []float32, pixels []uint8, err error) {
	batch, err := p.reader.Next()
	if err != nil {
		return nil, nil, nil, err
	}
	pixels = batch.Pixels
	if p.feed.augmenter != nil {
		if pixels, err = p.feed.augmenter.apply(pixels, batch.Items, p.epoch); err != nil {
			return nil, nil, nil, err
		}
	}
	if p.feed.frozen == nil {
		return batch.Items, nil, pixels, nil
	}
	features, err = p.feed.frozen.extract(ctx, pixels, len(batch.Items), p.images)
	return batch.Items, features, nil, err
}

func (p *imagePass) waited() time.Duration { return p.reader.Waited() }
func (p *imagePass) close()                { _ = p.reader.Close() }

// An augmenter changes images on the device. What it does to one depends on seed, epoch and item alone.
type augmenter struct {
	spec  augment.Spec
	seed  int64
	size  int
	batch int
	exec  *graph.Exec
}

// newAugmenter compiles nothing yet; an empty text gives nil.
func newAugmenter(device *accel.Device, text string, seed int64, size, batch int) (*augmenter, error) {
	spec, err := augment.Parse(text)
	if err != nil || spec.Empty() {
		return nil, err
	}
	a := &augmenter{spec: spec, seed: seed, size: size, batch: batch}
	a.exec, err = graph.NewExec(device.Backend, func(images, parameters *graph.Node) *graph.Node {
		changed := graph.ClipScalar(graph.Round(spec.Apply(images, parameters)), 0, 255)
		return graph.ConvertDType(changed, dtypes.Uint8)
	})
	if err != nil {
		return nil, fmt.Errorf("augment with %s: %w", spec, err)
	}
	return a, nil
}

// apply returns the changed pixels, [len(items), size, size, 3]. Batches are padded to one compiled size.
func (a *augmenter) apply(pixels []uint8, items []int, epoch int) (changed []uint8, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("augment with %s: %v", a.spec, r)
		}
	}()
	row := a.size * a.size * 3
	for at := 0; at < len(items); at += a.batch {
		part := items[at:min(at+a.batch, len(items))]
		images := make([]uint8, a.batch*row)
		copy(images, pixels[at*row:(at+len(part))*row])
		drawn := a.spec.Parameters(a.seed, epoch, part)
		parameters := make([]float32, a.batch*augment.ParameterDim)
		copy(parameters, drawn)
		out, err := a.exec.Call1(
			tensors.FromFlatDataAndDimensions(images, a.batch, a.size, a.size, 3),
			tensors.FromFlatDataAndDimensions(parameters, a.batch, augment.ParameterDim))
		if err != nil {
			return nil, fmt.Errorf("augment with %s: %w", a.spec, err)
		}
		err = tensors.ConstFlatData(out, func(flat []uint8) { changed = append(changed, flat[:len(part)*row]...) })
		if err != nil {
			return nil, fmt.Errorf("augment with %s: %w", a.spec, err)
		}
	}
	return changed, nil
}

func (a *augmenter) close() {
	if a != nil {
		a.exec.Finalize()
	}
}

// runOnce runs items through a network once and returns its outputs, [len(items), width], as the task reads the logits.
func runOnce(
	ctx context.Context, source feed, items []int, logits func(features []float32, pixels []uint8, n int) ([]float32, error), task Task, width int,
) ([]float32, error) {
	pass, err := source.open(ctx, items, 1)
	if err != nil {
		return nil, err
	}
	defer pass.close()
	outputs := make([]float32, 0, len(items)*width)
	for {
		some, features, pixels, err := pass.next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		values, err := logits(features, pixels, len(some))
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, values...)
	}
	probabilities(task, outputs, width)
	return outputs, nil
}
