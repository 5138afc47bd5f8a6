package shard

import (
	"context"
	"encoding/hex"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/input"
)

const (
	// chunk is how many images are computed at once: some batches.
	chunk = 128
	// fetches is how many units are read at once that come from another machine, which answers after some tens of milliseconds.
	fetches = 16
)

// A work is an image on its way: read and decoded in one goroutine, computed in another.
type work struct {
	unit    int // of the shard
	image   Image
	decoded *features.Image // nil where the image is skipped
}

// compute reads the shard's units and computes their images; the next chunk is read and decoded meanwhile.
func (j Job) compute(ctx context.Context, pass *features.Pass) ([][]Image, error) {
	var own []int
	for i := j.Index; i < j.Input.Len(); i += j.Count {
		own = append(own, i)
	}
	units := make([][]Image, len(own))
	for i := range units {
		units[i] = []Image{} // an archive without images has an empty list in the record
	}
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan []*work)
	group.Go(func() error {
		defer close(chunks)
		return j.read(ctx, own, chunks)
	})
	group.Go(func() error {
		done := features.Progress{Total: len(own)}
		if j.Input.Archives() {
			done.Total = 0
		}
		for some := range chunks {
			if err := j.computeChunk(ctx, pass, some, &done); err != nil {
				return err
			}
			for _, w := range some {
				units[w.unit] = append(units[w.unit], w.image)
			}
		}
		return nil
	})
	return units, group.Wait()
}

func (j Job) computeChunk(ctx context.Context, pass *features.Pass, some []*work, done *features.Progress) error {
	var list []*features.Image
	for _, w := range some {
		if w.decoded != nil {
			list = append(list, w.decoded)
		}
	}
	if _, err := pass.Images(ctx, list); err != nil {
		return err
	}
	if done.Total > 0 {
		done.Total -= len(some) - len(list) // what is skipped is not to be done
	}
	for _, image := range list {
		if image.Cached {
			done.Cached++
		} else {
			done.Computed++
		}
	}
	if j.Progress != nil {
		j.Progress(*done)
	}
	return nil
}

// A reader brings images to chunks, in the order of the units.
type reader struct {
	job     Job
	ctx     context.Context // of the chunk
	outer   context.Context
	group   *errgroup.Group
	works   []*work
	chunks  chan<- []*work
	workers int
}

func (j Job) read(ctx context.Context, own []int, chunks chan<- []*work) error {
	r := &reader{job: j, outer: ctx, chunks: chunks, workers: runtime.GOMAXPROCS(0)}
	if len(own) > 0 && j.Input.Remote(own[0]) {
		r.workers = max(r.workers, fetches)
	}
	r.begin()
	for n, i := range own {
		var err error
		if j.Input.Archive(i) {
			err = r.archive(n, i)
		} else {
			err = r.add(n, func(ctx context.Context) (file input.File, err error) {
				for file, err = range j.Input.Images(ctx, i) { // it is one
					break
				}
				return file, err
			})
		}
		if err != nil {
			_ = r.group.Wait() // what is still being read ends with the context, or fails alike
			return err
		}
	}
	return r.send()
}

// archive reads an archive in its order; what comes out is decoded beside.
func (r *reader) archive(n, unit int) error {
	for file, err := range r.job.Input.Images(r.outer, unit) {
		if err != nil {
			return err
		}
		if err := r.add(n, func(context.Context) (input.File, error) { return file, nil }); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) begin() {
	r.works = make([]*work, 0, chunk)
	r.group, r.ctx = errgroup.WithContext(r.outer)
	r.group.SetLimit(r.workers) // which also bounds how many files are in memory before they are decoded
}

// add reads and decodes a file beside others.
func (r *reader) add(n int, read func(context.Context) (input.File, error)) error {
	w := &work{unit: n}
	r.works = append(r.works, w)
	ctx := r.ctx
	r.group.Go(func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		file, err := read(ctx)
		if err != nil {
			return err
		}
		return r.job.decode(file, w)
	})
	if len(r.works) < chunk {
		return nil
	}
	if err := r.send(); err != nil {
		return err
	}
	r.begin()
	return nil
}

// send hands over the images that were added.
func (r *reader) send() error {
	if err := r.group.Wait(); err != nil {
		return err
	}
	if len(r.works) == 0 {
		return nil
	}
	select {
	case r.chunks <- r.works:
		return nil
	case <-r.outer.Done():
		return r.outer.Err()
	}
}

// decode notes an image's hash, or why it is skipped.
func (j Job) decode(file input.File, w *work) error {
	w.image = Image{Path: file.Path, Label: file.Label}
	decoded, err := (*features.Image)(nil), file.Err
	if err == nil {
		decoded, err = features.DecodeImage(file.Data, j.Backbone.Identity().Geometry, j.Limits)
	}
	if err != nil {
		if j.Strict {
			return &ImageError{file.Path, err}
		}
		w.image.Skipped = err.Error()
		return nil
	}
	w.decoded, w.image.SHA256 = decoded, hex.EncodeToString(decoded.Key[:])
	return nil
}
