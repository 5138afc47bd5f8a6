// Package feed brings the images of an epoch to the network, batch by batch, as features or as pixels.
package feed

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// A Feed gives the network's inputs of an epoch in the order asked for.
type Feed interface {
	// Open starts an epoch, counted from 1.
	Open(ctx context.Context, order []int, epoch int) (Pass, error)
}

// A Pass is a feed on its way through an epoch.
type Pass interface {
	// Next returns the next batch; io.EOF after the last.
	Next(ctx context.Context) (Batch, error)
	// Waited is how long Next waited for images to be decoded.
	Waited() time.Duration
	Close()
}

// A Batch is some items with their inputs, of which one is set.
type Batch struct {
	Items    []int
	Features []float32
	Pixels   []uint8
}

// A Table takes features that are in memory. With several tables, augmented copies, the epochs take turns.
type Table struct {
	Tables []*features.Table
	Batch  int // images
}

// Open takes the table of the epoch.
func (f Table) Open(_ context.Context, order []int, epoch int) (Pass, error) {
	return &tablePass{table: f.Tables[(epoch-1)%len(f.Tables)], order: order, batch: f.Batch}, nil
}

type tablePass struct {
	table *features.Table
	order []int
	batch int
}

func (p *tablePass) Next(context.Context) (Batch, error) {
	if len(p.order) == 0 {
		return Batch{}, io.EOF
	}
	items := p.order[:min(p.batch, len(p.order))]
	p.order = p.order[len(items):]
	return Batch{Items: items, Features: p.table.Gather(make([]float32, 0, len(items)*p.table.Length()), items)}, nil
}

func (p *tablePass) Waited() time.Duration { return 0 }
func (p *tablePass) Close()                {}

// Images decodes the images again in every epoch: for augmentation, and for a network that is trained from its input.
type Images struct {
	Data      *imagefolder.Dataset
	Geometry  imagefolder.Geometry
	Batch     int                // images
	Workers   int                // decoding goroutines; 0: one for each core
	Augmenter *augment.Augmenter // nil: the images as they are
	Mirror    bool               // mirrored left to right, before that
	Frozen    *features.Pass     // nil: the pixels go to the network itself
}

// Open starts decoding.
func (f Images) Open(ctx context.Context, order []int, epoch int) (Pass, error) {
	reader, err := f.Data.Read(ctx, imagefolder.ReadOptions{Items: order, Geometry: f.Geometry, Batch: f.Batch, Workers: f.Workers})
	if err != nil {
		return nil, err
	}
	return &imagePass{feed: f, reader: reader, epoch: epoch, images: len(order)}, nil
}

type imagePass struct {
	feed   Images
	reader *imagefolder.Reader
	epoch  int
	images int
}

func (p *imagePass) Next(ctx context.Context) (Batch, error) {
	decoded, err := p.reader.Next()
	if err != nil {
		return Batch{}, err
	}
	pixels := decoded.Pixels
	if p.feed.Mirror {
		pixels = features.Mirror(pixels, p.feed.Geometry.Size)
	}
	if p.feed.Augmenter != nil {
		if pixels, err = p.feed.Augmenter.Apply(pixels, decoded.Items, p.epoch); err != nil {
			return Batch{}, err
		}
	}
	if p.feed.Frozen == nil {
		return Batch{Items: decoded.Items, Pixels: pixels}, nil
	}
	rows, err := p.feed.Frozen.Extract(ctx, pixels, len(decoded.Items), p.images)
	return Batch{Items: decoded.Items, Features: rows}, err
}

func (p *imagePass) Waited() time.Duration { return p.reader.Waited() }
func (p *imagePass) Close()                { _ = p.reader.Close() }

// Logits computes a network's outputs for rows of features or of pixels.
type Logits func(features []float32, pixels []uint8, rows int) ([]float32, error)

// Once runs items through a network once and returns its outputs, [len(items), width].
func Once(ctx context.Context, source Feed, items []int, logits Logits, width int) ([]float32, error) {
	pass, err := source.Open(ctx, items, 1)
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	outputs := make([]float32, 0, len(items)*width)
	for {
		batch, err := pass.Next(ctx)
		if errors.Is(err, io.EOF) {
			return outputs, nil
		}
		if err != nil {
			return nil, err
		}
		values, err := logits(batch.Features, batch.Pixels, len(batch.Items))
		if err != nil {
			return nil, err
		}
		outputs = append(outputs, values...)
	}
}
