package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/featurecache"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// progressEvery is how often progress is told.
const progressEvery = 200 * time.Millisecond

// A frozenPass is a backbone's frozen pass with its cache: the same image goes through it once.
type frozenPass struct {
	backbone  Backbone
	device    *accel.Device
	space     *featurecache.Space // nil: nothing is kept
	few, many Extractor           // nil until images have to be computed
	cacheErr  error               // the first failure to keep features, a full disk say: the work goes on without
}

// singly is up to how many images go through one after the other: a batch would mostly compute padding.
const singly = 4

// newFrozenPass opens the cache below home; an empty home keeps nothing.
func newFrozenPass(backbone Backbone, device *accel.Device, home string, limit int64) (*frozenPass, error) {
	p := &frozenPass{backbone: backbone, device: device}
	if home == "" {
		return p, nil
	}
	cache, err := featurecache.Open(filepath.Join(home, "cache", "features"), limit)
	if err != nil {
		return nil, err
	}
	// The device decides the last bits.
	identity := backbone.Identity().Fingerprint + "|" + device.Name()
	p.space, err = cache.Space(identity, p.length())
	return p, err
}

// length is how many numbers an image's features are.
func (p *frozenPass) length() int { return product(p.backbone.FeatureShape()) }

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// extractor returns the one that suits so many images, made at its first use.
func (p *frozenPass) extractor(ctx context.Context, images int) (Extractor, error) {
	place := &p.many
	if images <= singly {
		place, images = &p.few, 1
	}
	if *place == nil {
		made, err := p.backbone.Extractor(ctx, p.device, images)
		if err != nil {
			return nil, err
		}
		*place = made
	}
	return *place, nil
}

// extract runs the backbone on pixels, [n, size, size, 3], as a part of the images expected.
func (p *frozenPass) extract(ctx context.Context, pixels []uint8, n, expected int) ([]float32, error) {
	extractor, err := p.extractor(ctx, expected)
	if err != nil {
		return nil, err
	}
	return extractor.Extract(ctx, pixels, n)
}

func (p *frozenPass) close() error {
	var err error
	for _, extractor := range []Extractor{p.few, p.many} {
		if extractor != nil {
			err = errors.Join(err, extractor.Close())
		}
	}
	if p.space != nil {
		err = errors.Join(err, p.space.Close())
	}
	return err
}

// A table holds the features of a dataset's images in memory.
type table struct {
	length int
	rows   map[int][]float32 // by item
}

// gather appends the rows of items.
func (t *table) gather(to []float32, items []int) []float32 {
	for _, item := range items {
		to = append(to, t.rows[item]...)
	}
	return to
}

// computeJob is the work of filling a table.
type computeJob struct {
	pass     *frozenPass
	data     *imagefolder.Dataset
	workers  int
	variant  *variant // nil: the images as they are
	progress func(FeatureProgress)

	table   *table
	missing []int
	state   FeatureProgress
	started time.Time
	told    time.Time
}

// A variant is a changed copy of every image.
type variant struct {
	augmenter *augmenter
	copy      int
}

// key is the content that a row stands for: the image's bytes, and how they were changed.
func (j *computeJob) key(item int) (featurecache.Key, error) {
	sum := j.data.Items[item].SHA256
	key, err := featurecache.ParseKey(sum)
	if err != nil {
		return key, fmt.Errorf("features of %s: %w", imagefolder.Printable(j.data.Items[item].Path), err)
	}
	if v := j.variant; v != nil {
		// The chance of a copy is drawn by the item's number.
		key = sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%d|%d", sum, v.augmenter.spec, v.augmenter.seed, v.copy, item))
	}
	return key, nil
}

// compute fills a table with the features of items: from the cache what is there, by the backbone what is not. A variant
// of nil takes the images as they are.
func (p *frozenPass) compute(
	ctx context.Context, data *imagefolder.Dataset, items []int, variant *variant, workers int, progress func(FeatureProgress),
) (*table, error) {
	job := &computeJob{pass: p, data: data, workers: workers, variant: variant, progress: progress, started: time.Now()}
	job.table = &table{length: p.length(), rows: make(map[int][]float32, len(items))}
	job.state.Total = len(items)
	if err := job.find(items); err != nil {
		return nil, err
	}
	if len(job.missing) > 0 {
		if err := job.read(ctx); err != nil {
			return nil, err
		}
	}
	job.state.Done = true
	job.tell(true)
	return job.table, nil
}

// find takes what the cache has.
func (j *computeJob) find(items []int) error {
	for _, item := range items {
		key, err := j.key(item)
		if err != nil {
			return err
		}
		if j.pass.space != nil {
			row := make([]float32, j.table.length)
			if j.pass.space.Get(key, row) {
				j.table.rows[item] = row
				j.state.Cached++
				continue
			}
		}
		j.missing = append(j.missing, item)
	}
	return nil
}

// read decodes the missing images on all cores while the backbone computes.
func (j *computeJob) read(ctx context.Context) error {
	j.tell(true)
	p := j.pass
	extractor, err := p.extractor(ctx, len(j.missing))
	if err != nil {
		return err
	}
	reader, err := j.data.Read(ctx, imagefolder.ReadOptions{
		Items: j.missing, Geometry: p.backbone.Identity().Geometry, Batch: extractor.Batch(), Workers: j.workers,
	})
	if err != nil {
		return err
	}
	defer reader.Close()
	for {
		batch, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := j.keep(ctx, extractor, batch); err != nil {
			return err
		}
		j.tell(false)
	}
	if p.space != nil {
		p.noteCache(p.space.Flush())
	}
	return nil
}

func (p *frozenPass) noteCache(err error) {
	if p.cacheErr == nil {
		p.cacheErr = err
	}
}

func (j *computeJob) keep(ctx context.Context, extractor Extractor, batch *imagefolder.Batch) error {
	p, pixels := j.pass, batch.Pixels
	if j.variant != nil {
		changed, err := j.variant.augmenter.apply(pixels, batch.Items, j.variant.copy)
		if err != nil {
			return err
		}
		pixels = changed
	}
	rows, err := extractor.Extract(ctx, pixels, len(batch.Items))
	if err != nil {
		return fmt.Errorf("compute features: %w", err)
	}
	for i, item := range batch.Items {
		row := rows[i*j.table.length : (i+1)*j.table.length]
		j.table.rows[item] = row
		j.state.Computed++
		if p.space == nil {
			continue
		}
		key, err := j.key(item)
		if err != nil {
			return err
		}
		p.noteCache(p.space.Put(key, row))
	}
	return nil
}

// tell reports the progress, a few times a second or, when forced, now.
func (j *computeJob) tell(force bool) {
	if !force && time.Since(j.told) < progressEvery {
		return
	}
	j.told = time.Now()
	if seconds := time.Since(j.started).Seconds(); j.state.Computed > 0 && seconds > 0 {
		j.state.Rate = float64(j.state.Computed) / seconds
		left := len(j.missing) - j.state.Computed
		j.state.Left = time.Duration(float64(left) / j.state.Rate * float64(time.Second))
	}
	j.progress(j.state)
}
