// Package serving computes images that arrive one at a time in batches of a model.
package serving

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Predictor computes the outputs [n, outputs] of n images, [n, size, size, 3] RGB bytes.
type Predictor interface {
	PredictPixels(ctx context.Context, pixels []uint8, n int) ([]float32, error)
}

// Options say how images are put together.
type Options struct {
	Batch int           // most images computed at once
	Delay time.Duration // how long an image waits at most for others to join its batch
	// Computed hears of each batch; nil: nobody does.
	Computed func(images int, took time.Duration)
}

// A Batcher puts images of several callers together. It computes one batch at a time; the images that arrive meanwhile are the next.
type Batcher struct {
	model   Predictor
	outputs int
	options Options

	waiting chan *waiting
	ending  chan struct{} // closed by Close
	done    chan struct{} // closed when the last batch is computed
	close   sync.Once
}

// waiting is an image whose outputs somebody waits for.
type waiting struct {
	ctx     context.Context
	pixels  []uint8
	arrived time.Time
	answer  chan answer // holds one
}

type answer struct {
	outputs []float32
	err     error
}

// ErrClosed is an image that was given to a batcher after its end.
var ErrClosed = errors.New("the model is closed")

// New starts a batcher of a model that gives so many outputs for an image.
func New(model Predictor, outputs int, options Options) *Batcher {
	options.Batch = max(options.Batch, 1)
	b := &Batcher{model: model, outputs: outputs, options: options, waiting: make(chan *waiting), ending: make(chan struct{}), done: make(chan struct{})}
	go b.run()
	return b
}

// Predict waits for the outputs of one image. A context that ends before its batch begins takes the image out of it.
func (b *Batcher) Predict(ctx context.Context, pixels []uint8) ([]float32, error) {
	w := &waiting{ctx: ctx, pixels: pixels, arrived: time.Now(), answer: make(chan answer, 1)}
	select {
	case b.waiting <- w:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-b.done:
		return nil, ErrClosed
	}
	select {
	case a := <-w.answer:
		return a.outputs, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends after the batch that is being computed. Images that have not been taken into one get ErrClosed.
func (b *Batcher) Close() {
	b.close.Do(func() { close(b.ending) })
	<-b.done
}

func (b *Batcher) run() {
	defer close(b.done)
	for {
		select {
		case <-b.ending:
			return
		case first := <-b.waiting:
			if batch := b.collect(first); len(batch) > 0 {
				b.compute(batch)
			}
		}
	}
}

// collect adds what waits already, and what comes before the first image has waited long enough.
func (b *Batcher) collect(first *waiting) []*waiting {
	batch := make([]*waiting, 0, b.options.Batch)
	add := func(w *waiting) {
		if w.ctx.Err() == nil { // else nobody waits for it
			batch = append(batch, w)
		}
	}
	add(first)
	enough := time.NewTimer(b.options.Delay - time.Since(first.arrived))
	defer enough.Stop()
	for len(batch) < b.options.Batch {
		select { // what waits already joins also where the first image has waited long enough
		case w := <-b.waiting:
			add(w)
			continue
		default:
		}
		select {
		case w := <-b.waiting:
			add(w)
		case <-enough.C:
			return batch
		case <-b.ending:
			return batch
		}
	}
	return batch
}

// compute answers the images of a batch. Where the batch fails, each is tried alone: one image must not fail those of others.
func (b *Batcher) compute(batch []*waiting) {
	outputs, err := b.outputsOf(batch)
	if err != nil && len(batch) > 1 {
		for _, w := range batch {
			b.compute([]*waiting{w})
		}
		return
	}
	for i, w := range batch {
		if err != nil {
			w.answer <- answer{err: err}
			continue
		}
		w.answer <- answer{outputs: outputs[i*b.outputs : (i+1)*b.outputs : (i+1)*b.outputs]}
	}
}

func (b *Batcher) outputsOf(batch []*waiting) (outputs []float32, err error) {
	began := time.Now()
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("predict %d images: %v", len(batch), panicked)
		}
	}()
	pixels := batch[0].pixels
	if len(batch) > 1 {
		pixels = make([]uint8, 0, len(batch)*len(pixels))
		for _, w := range batch {
			pixels = append(pixels, w.pixels...)
		}
	}
	// The images have several callers: that one of them goes away does not end the batch.
	outputs, err = b.model.PredictPixels(context.Background(), pixels, len(batch))
	if err == nil && len(outputs) != len(batch)*b.outputs {
		err = fmt.Errorf("predict %d images: the model gives %d numbers for %d of each", len(batch), len(outputs), b.outputs)
	}
	if err == nil && b.options.Computed != nil {
		b.options.Computed(len(batch), time.Since(began))
	}
	return outputs, err
}
