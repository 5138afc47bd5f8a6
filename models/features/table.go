package features

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/augment"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// A Table holds the features of a dataset's images in memory.
type Table struct {
	length int
	rows   map[int][]float32 // by item; of a table that was computed, parts of values
	values []float32         // [items, length], in the order in which they were asked for; nil for a part of another table
	parts  []part            // of a row
}

// At are the features of one stage of those that the table has, in the same memory; nil where it has no such stage.
func (t *Table) At(stage resnet.Stage) *Table {
	i := slices.IndexFunc(t.parts, func(p part) bool { return p.stage == stage })
	if i < 0 {
		return nil
	}
	found := t.parts[i]
	rows := make(map[int][]float32, len(t.rows))
	for item, row := range t.rows {
		rows[item] = found.of(row)
	}
	return &Table{length: found.length, rows: rows, parts: []part{{stage: stage, length: found.length}}}
}

// Gather appends the rows of items.
func (t *Table) Gather(to []float32, items []int) []float32 {
	for _, item := range items {
		to = append(to, t.rows[item]...)
	}
	return to
}

// Length is how many numbers a row has.
func (t *Table) Length() int { return t.length }

// Progress counts the images that have gone through the backbone.
type Progress struct {
	Total    int           `json:"total"`
	Computed int           `json:"computed"` // by the backbone, now
	Cached   int           `json:"cached"`   // found in the cache
	Rate     float64       `json:"rate"`     // computed images per second
	Left     time.Duration `json:"left"`     // expected, nanoseconds in JSON
	Done     bool          `json:"done"`
}

// progressEvery is how often progress is told.
const progressEvery = 200 * time.Millisecond

// computeJob is the work of filling a table.
type computeJob struct {
	pass      *Pass
	data      *imagefolder.Dataset
	workers   int
	variation *Variation // nil: the images as they are
	progress  func(Progress)

	table   *Table
	missing map[resnet.Cut][]int // items, by the stages that the cache does not have
	state   Progress
	started time.Time
	told    time.Time
}

// A Variation is a changed copy of every image.
type Variation struct {
	Augmenter *augment.Augmenter
	Copy      int // changes are drawn as for the epoch of that number

	Mirror bool // mirrored left to right, and nothing else
}

// key is the content that a row stands for: the image's bytes, and how they were changed.
func (j *computeJob) key(item int) cache.Key {
	sum := j.data.Items[item].SHA256
	key := cache.Key(sum)
	switch v := j.variation; {
	case v == nil:
	case v.Mirror:
		key = mirroredKey(key)
	default:
		// The random choices of a copy are drawn by the item's number.
		key = sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%d|%d", sum, v.Augmenter.Spec(), v.Augmenter.Seed(), v.Copy, item))
	}
	return key
}

// Compute fills a table with the features of items: from the cache what is there, by the backbone what is not. A variation
// of nil takes the images as they are. Decoding takes so many workers; 0: one for each core.
func (p *Pass) Compute(
	ctx context.Context, data *imagefolder.Dataset, items []int, variation *Variation, workers int, progress func(Progress),
) (*Table, error) {
	job := &computeJob{pass: p, data: data, workers: workers, variation: variation, progress: progress, started: time.Now()}
	job.table = &Table{length: p.Length(), rows: make(map[int][]float32, len(items)), parts: p.parts}
	job.table.values = make([]float32, len(items)*job.table.length)
	job.state.Total = len(items)
	if err := job.find(items); err != nil {
		return nil, err
	}
	for _, cut := range slices.Sorted(maps.Keys(job.missing)) {
		if err := job.read(ctx, cut, job.missing[cut]); err != nil {
			return nil, err
		}
	}
	job.state.Done = true
	job.tell(true)
	return job.table, nil
}

// find takes what the cache has.
func (j *computeJob) find(items []int) error {
	j.missing = map[resnet.Cut][]int{}
	for n, item := range items {
		key := j.key(item)
		row := j.table.values[n*j.table.length:][:j.table.length:j.table.length]
		j.table.rows[item] = row
		if cut := j.pass.find(key, row); cut != "" {
			j.missing[cut] = append(j.missing[cut], item)
		} else {
			j.state.Cached++
		}
	}
	return nil
}

// read decodes items on all cores while the backbone computes the stages of a cut.
func (j *computeJob) read(ctx context.Context, cut resnet.Cut, items []int) error {
	j.tell(true)
	defer timeline.Start(ctx, "frozen pass")()
	p := j.pass
	extractor, err := p.extractor(ctx, cut, len(items))
	if err != nil {
		return err
	}
	reader, err := j.data.Read(ctx, imagefolder.ReadOptions{
		Items: items, Geometry: p.backbone.Identity().Geometry, Batch: extractor.Batch(), Workers: j.workers,
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
		if err := j.keep(ctx, extractor, cut, batch); err != nil {
			return err
		}
		j.tell(false)
	}
	for _, part := range p.parts {
		if part.space != nil {
			p.noteCacheError(part.space.Flush())
		}
	}
	return nil
}

func (j *computeJob) keep(ctx context.Context, extractor Extractor, cut resnet.Cut, batch *imagefolder.Batch) error {
	p, pixels := j.pass, batch.Pixels
	switch {
	case j.variation == nil:
	case j.variation.Mirror:
		pixels = Mirror(pixels, p.backbone.Identity().Geometry.Size)
	default:
		changed, err := j.variation.Augmenter.Apply(pixels, batch.Items, j.variation.Copy)
		if err != nil {
			return err
		}
		pixels = changed
	}
	rows, err := extractor.Extract(ctx, pixels, len(batch.Items))
	if err != nil {
		return fmt.Errorf("compute features: %w", err)
	}
	made := len(rows) / len(batch.Items)
	for i, item := range batch.Items {
		err := p.keep(j.key(item), cut, rows[i*made:(i+1)*made], j.table.rows[item])
		if wrong, ok := errors.AsType[*NotFiniteError](err); ok {
			wrong.Image = imagefolder.Printable(j.data.Items[item].Path)
		}
		if err != nil {
			return fmt.Errorf("compute features: %w", err)
		}
		j.state.Computed++
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
		left := j.state.Total - j.state.Cached - j.state.Computed
		j.state.Left = time.Duration(float64(left) / j.state.Rate * float64(time.Second))
	}
	j.progress(j.state)
}
