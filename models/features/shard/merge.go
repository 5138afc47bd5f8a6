package shard

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/weights"
)

const (
	maxRecord = 1 << 30 // bytes
	// maxPaths bounds the lists of the paths and labels, which stand in the file's header; readers of safetensors refuse headers above 100 MB.
	maxPaths = 95_000_000
)

// A Merged says what a merge has written.
type Merged struct {
	Shape   []int // [images, ...]
	Skipped []Image
}

// A MissingError is shards that have no record yet.
type MissingError struct {
	Count   int
	Indexes []int
}

func (e *MissingError) Error() string {
	shown := fmt.Sprint(e.Indexes[:min(len(e.Indexes), 20)])
	if len(e.Indexes) > 20 {
		shown += " and more"
	}
	return fmt.Sprintf("%d of %d shards are missing: %s; run them, and merge again", len(e.Indexes), e.Count, strings.Trim(shown, "[]"))
}

// Merge writes the features of all shards as a safetensors file: the tensor "features" in the order of the input's units, and the images'
// paths as a JSON list in the metadata under "paths", with their labels under "labels" where samples in archives have any. The shards
// may be in several caches. One row is in memory at a time.
func Merge(ctx context.Context, caches []string, out string) (Merged, error) {
	m, err := merge(ctx, caches, out)
	if err != nil {
		return m, fmt.Errorf("merge the shards in %s: %w", strings.Join(caches, ", "), err)
	}
	return m, nil
}

func merge(ctx context.Context, caches []string, out string) (m Merged, err error) {
	records, err := readRecords(caches)
	if err != nil {
		return m, err
	}
	images, skipped, err := inOrder(records)
	if err != nil {
		return m, err
	}
	m.Skipped = skipped
	metadata, err := describe(images, records[0].Backbone)
	if err != nil {
		return m, err
	}
	rows, err := openRows(caches, records[0])
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	m.Shape = append([]int{len(images)}, records[0].Shape...)
	return m, atomicfile.WriteResult(out, func(w io.Writer) error {
		return weights.WriteRows(w, rowfile.Tensor, m.Shape, metadata, rows.of(ctx, images))
	})
}

// inOrder gives the images of all shards in the order of the units.
func inOrder(records []Record) (images, skipped []Image, err error) {
	for _, r := range records {
		if want := (r.Total - r.Index + r.Count - 1) / r.Count; len(r.Units) != max(0, want) {
			return nil, nil, fmt.Errorf("the record of shard %d has %d units, and should have %d", r.Index, len(r.Units), want)
		}
	}
	for at := range records[0].Total {
		for _, image := range records[at%len(records)].Units[at/len(records)] {
			if image.Skipped != "" {
				skipped = append(skipped, image)
			} else {
				images = append(images, image)
			}
		}
	}
	return images, skipped, nil
}

// describe makes the metadata of a file, which has to fit its header.
func describe(images []Image, backbone features.Identity) (map[string]string, error) {
	paths, labels := make([]string, len(images)), make([]string, len(images))
	for i, image := range images {
		paths[i], labels[i] = image.Path, image.Label
	}
	metadata, err := rowfile.Describe(paths, labels, backbone)
	if err != nil {
		return nil, err
	}
	size := 0
	for _, text := range metadata {
		size += len(text)
	}
	if size > maxPaths {
		return nil, fmt.Errorf("the paths and labels of %d images take %d MB, and the file's header holds %d MB: compute them in parts",
			len(images), size/1e6, maxPaths/1_000_000)
	}
	return metadata, nil
}

// readRecords finds the records of the one job that the caches hold, in the order of the shards.
func readRecords(caches []string) ([]Record, error) {
	var files []string
	for _, dir := range caches {
		found, err := filepath.Glob(filepath.Join(escape(recordsIn(dir)), "*", "*.json"))
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, errors.New("there is no shard's record")
	}
	var records []Record
	for _, file := range files {
		text, err := safefile.ReadFile(file, maxRecord)
		if err != nil {
			return nil, err
		}
		var r Record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		if r.Count < 1 || r.Count > MaxShards || r.Index < 0 || r.Index >= r.Count || r.Total < 0 || r.Total > math.MaxInt32 || len(r.Kept) == 0 {
			return nil, fmt.Errorf("read %s: it is not a shard's record", file)
		}
		if len(records) > 0 && (r.job() != records[0].job() || r.Total != records[0].Total) {
			return nil, fmt.Errorf("%s is of another job than %s: other images, weights, device or number of shards; merge caches apart, and of two jobs in one cache remove the folder of the one that is not wanted", file, files[0])
		}
		records = append(records, r)
	}
	slices.SortStableFunc(records, func(a, b Record) int { return cmp.Compare(a.Index, b.Index) })
	records = slices.CompactFunc(records, func(a, b Record) bool { return a.Index == b.Index })
	if len(records) == records[0].Count {
		return records, nil
	}
	missing := &MissingError{Count: records[0].Count}
	for i := range records[0].Count {
		if !slices.ContainsFunc(records, func(r Record) bool { return r.Index == i }) {
			missing.Indexes = append(missing.Indexes, i)
		}
	}
	return nil, missing
}

// escape makes a pattern that means a path itself.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// rows are those of several caches.
type rows struct {
	parts  [][]*cache.Space // of each stage, in each cache
	length []int            // of each stage
}

func openRows(caches []string, r Record) (*rows, error) {
	all := &rows{}
	for _, kept := range r.Kept {
		var spaces []*cache.Space
		for _, dir := range caches {
			c, err := cache.Open(filepath.Join(dir, "cache", "features"), math.MaxInt64)
			if err != nil {
				return nil, errors.Join(err, all.close())
			}
			space, err := c.Space(kept.Identity, kept.Length)
			if err != nil {
				return nil, errors.Join(err, all.close())
			}
			spaces = append(spaces, space)
		}
		all.parts, all.length = append(all.parts, spaces), append(all.length, kept.Length)
	}
	return all, nil
}

// of reads the rows of images. A row is valid until the next.
func (r *rows) of(ctx context.Context, images []Image) iter.Seq2[[]float32, error] {
	return func(yield func([]float32, error) bool) {
		length := 0
		for _, n := range r.length {
			length += n
		}
		row := make([]float32, length)
		for _, image := range images {
			err := ctx.Err()
			if err == nil {
				err = r.read(image, row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (r *rows) read(image Image, row []float32) error {
	key, err := image.key()
	if err != nil {
		return fmt.Errorf("the record of %s: %w", image.Path, err)
	}
	for i, spaces := range r.parts {
		part := row[:r.length[i]]
		row = row[r.length[i]:]
		if !slices.ContainsFunc(spaces, func(s *cache.Space) bool { return s.Get(key, part) }) {
			return fmt.Errorf("the features of %s are not in the cache: run its shard again", image.Path)
		}
	}
	return nil
}

func (r *rows) close() error {
	var err error
	for _, spaces := range r.parts {
		for _, space := range spaces {
			err = errors.Join(err, space.Close())
		}
	}
	return err
}
