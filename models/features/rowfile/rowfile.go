// Package rowfile reads files of features in parts, as a training wants them: labeled, shuffled, in batches.
//
// A file may be larger than memory. A pass reads it in blocks, whose order is drawn anew for each epoch; the rows of some blocks at a time
// are in memory, and are shuffled there.
package rowfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imagefolder/tarball"
	"github.com/headstart-nb/headstart/models/weights"
)

// The names in a file: the tensor, and the lists and texts in its metadata, in JSON.
const (
	Tensor   = "features"
	Paths    = "paths"    // a list, by row
	Labels   = "labels"   // a list, by row; absent where no image has a label beside its path
	Backbone = "backbone" // the identity
)

// Sizes of what is read and shuffled.
const (
	blockBytes = 1 << 20  // read at once
	poolBytes  = 32 << 20 // shuffled at once; twice as much is in memory, since the next is read meanwhile
)

// Describe is the metadata of a file's features.
func Describe(paths, labels []string, backbone features.Identity) (map[string]string, error) {
	metadata := map[string]string{}
	values := map[string]any{Paths: paths, Backbone: backbone}
	if slices.ContainsFunc(labels, func(l string) bool { return l != "" }) {
		values[Labels] = labels
	}
	for name, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		metadata[name] = string(text)
	}
	return metadata, nil
}

// A File is pooled features, in one file or in several whose rows follow each other.
type File struct {
	Name     string
	Backbone features.Identity
	Paths    []string // of the images, by row
	Classes  []string // sorted
	Label    []int    // of each row, in Classes
	Split    []string // train, val or test of each row; nil where the paths do not give one

	parts  []*weights.Rows
	rows   int // of all parts
	labels []string
}

// Open reads what files say of their rows. They must be of the same backbone.
func Open(names ...string) (*File, error) {
	f := &File{}
	for _, name := range names {
		rows, err := weights.OpenRows(name, Tensor)
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		f.parts = append(f.parts, rows)
		if f.Name == "" {
			f.Name = name
		}
		if err := f.describe(rows); err != nil {
			return nil, errors.Join(fmt.Errorf("read features of %s: %w", name, err), f.Close())
		}
	}
	if err := f.classify(); err != nil {
		return nil, errors.Join(fmt.Errorf("read features of %s: %w", f.Name, err), f.Close())
	}
	return f, nil
}

// describe takes over what the next part says.
func (f *File) describe(rows *weights.Rows) error {
	metadata, shape := rows.Metadata(), rows.Shape()
	if len(shape) != 2 || rows.Length() == 0 {
		return fmt.Errorf("they have the shape %v; pooled features, one vector for an image, are needed", shape)
	}
	var paths, labels []string
	var backbone features.Identity
	for key, into := range map[string]any{Paths: &paths, Labels: &labels, Backbone: &backbone} {
		text, ok := metadata[key]
		if !ok && key == Labels {
			continue
		}
		if !ok {
			return fmt.Errorf("the file does not name its %s: compute the features anew", key)
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return fmt.Errorf("its %s: %w", key, err)
		}
	}
	if len(paths) != shape[0] || labels != nil && len(labels) != shape[0] {
		return fmt.Errorf("it names %d images for %d rows", len(paths), shape[0])
	}
	if len(f.parts) > 1 && (backbone.Fingerprint != f.Backbone.Fingerprint || rows.Length() != f.parts[0].Length() || (labels == nil) != (f.labels == nil)) {
		return fmt.Errorf("they are of another backbone than those of %s, or one of both files has labels and the other has none", f.Name)
	}
	f.Backbone = backbone
	f.Paths, f.labels, f.rows = append(f.Paths, paths...), append(f.labels, labels...), f.rows+shape[0]
	return nil
}

// classify takes labels from the file, or from the folders of the paths.
func (f *File) classify() error {
	paths, labels := f.Paths, f.labels
	names, split := FromPaths(paths)
	f.Split = split
	if labels != nil {
		names = labels
	}
	numbers := map[string]int{}
	for i, name := range names {
		switch {
		case name == "" && labels != nil:
			return fmt.Errorf("the image %q has no label in the file, where others have one: compute the features of images with and without labels apart", paths[i])
		case name == "":
			return fmt.Errorf("the image %q has no label: neither in the file nor as the folder that it lies in", paths[i])
		}
		numbers[name] = 0
	}
	for name := range numbers {
		f.Classes = append(f.Classes, name)
	}
	slices.Sort(f.Classes)
	if len(f.Classes) < 2 {
		return fmt.Errorf("they are of %d classes; at least two are needed", len(f.Classes))
	}
	for i, name := range f.Classes {
		numbers[name] = i
	}
	f.Label = make([]int, len(names))
	for i, name := range names {
		f.Label[i] = numbers[name]
	}
	return nil
}

// FromPaths are the labels and the split that paths give: those of split/class/image where all are so, else of class/image, without a split.
// A label is empty where there is no folder.
func FromPaths(paths []string) (labels, split []string) {
	labels, split = make([]string, len(paths)), make([]string, len(paths))
	for i, p := range paths {
		labels[i], split[i] = folders(p)
	}
	if !slices.Contains(split, "") && len(split) > 0 {
		return labels, split
	}
	for i, p := range paths {
		labels[i] = firstFolder(p)
	}
	return labels, nil
}

// folders are the split and the class of split/class/image; the split is empty where the first folder does not name one.
func folders(p string) (class, split string) {
	first, rest, _ := strings.Cut(inArchive(p), "/")
	second, _, ok := strings.Cut(rest, "/")
	if !ok {
		return "", ""
	}
	if split, ok = source.SplitName(first); !ok {
		return "", ""
	}
	return second, split
}

func firstFolder(p string) string {
	first, _, ok := strings.Cut(inArchive(p), "/")
	if !ok {
		return ""
	}
	return first
}

// inArchive is the path inside the archive that an image came from; of others, the path.
func inArchive(p string) string {
	for rest := p; ; {
		first, after, ok := strings.Cut(rest, "/")
		if !ok {
			return p
		}
		if tarball.Named(first) {
			return after
		}
		rest = after
	}
}

// Len is how many rows there are.
func (f *File) Len() int { return f.rows }

// Length is how many numbers a row has.
func (f *File) Length() int { return f.parts[0].Length() }

// Close closes the files.
func (f *File) Close() error {
	var err error
	for _, part := range f.parts {
		err = errors.Join(err, part.Close())
	}
	return err
}

// fetch fills into with the rows from first on, which may lie in several parts.
func (f *File) fetch(into []float32, first int) error {
	for _, part := range f.parts {
		rows, length := part.Shape()[0], part.Length()
		if first < rows && len(into) > 0 {
			n := min(rows-first, len(into)/length) * length
			if err := part.Read(into[:n], first); err != nil {
				return err
			}
			into, first = into[n:], rows
		}
		first -= rows
	}
	return nil
}

// A Batch is some rows. It is valid until the next.
type Batch struct {
	Rows   []int
	Values []float32 // [len(Rows), Length]
}

// An Order is that of a pass.
type Order struct {
	Batch int            // rows of a batch; the last may have fewer
	Seed  uint64         // of the shuffling
	Epoch int            // each is shuffled another way; 0 takes the rows as they are
	Keep  func(int) bool // which rows take part
}

// A pool is the rows of some blocks.
type pool struct {
	rows   []int
	values []float32
	err    error
}

// Batches passes through the rows, and reads the next ones while a batch is at work.
func (f *File) Batches(ctx context.Context, o Order) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		free, full := make(chan *pool, 2), make(chan *pool)
		free <- &pool{}
		free <- &pool{}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer close(full)
			f.fill(ctx, o, free, full)
		}()
		defer func() {
			cancel()
			<-ended // it reads the file, which may be closed next
		}()
		length := f.Length()
		rest := &Batch{Values: make([]float32, 0, o.Batch*length)}
		for p := range full {
			if p.err != nil {
				yield(Batch{}, fmt.Errorf("read features of %s: %w", f.Name, p.err))
				return
			}
			at := order(o, p)
			for _, i := range at {
				rest.Rows = append(rest.Rows, p.rows[i])
				rest.Values = append(rest.Values, p.values[i*length:(i+1)*length]...)
				if len(rest.Rows) < o.Batch {
					continue
				}
				if !yield(*rest, nil) {
					return
				}
				rest.Rows, rest.Values = rest.Rows[:0], rest.Values[:0]
			}
			free <- p
		}
		if err := ctx.Err(); err != nil {
			yield(Batch{}, err)
			return
		}
		if len(rest.Rows) > 0 {
			yield(*rest, nil)
		}
	}
}

// order are the places in a pool of the rows as they come.
func order(o Order, p *pool) []int {
	at := make([]int, len(p.rows))
	for i := range at {
		at[i] = i
	}
	if o.Epoch > 0 && len(at) > 0 {
		random := rand.New(rand.NewPCG(o.Seed, uint64(o.Epoch)<<32|uint64(p.rows[0])))
		random.Shuffle(len(at), func(i, j int) { at[i], at[j] = at[j], at[i] })
	}
	return at
}

// fill reads pools until the rows or the context end.
func (f *File) fill(ctx context.Context, o Order, free <-chan *pool, full chan<- *pool) {
	rows := max(1, blockBytes/4/f.Length())
	blocks := make([]int, (f.Len()+rows-1)/rows)
	for i := range blocks {
		blocks[i] = i
	}
	if o.Epoch > 0 {
		random := rand.New(rand.NewPCG(o.Seed, uint64(o.Epoch)))
		random.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	}
	for some := range slices.Chunk(blocks, poolBytes/blockBytes) {
		var p *pool
		select {
		case p = <-free:
		case <-ctx.Done():
			return
		}
		p.err = f.read(ctx, p, some, rows, o.Keep)
		select {
		case full <- p:
		case <-ctx.Done():
			return
		}
	}
}

// read fills a pool with the rows of blocks that take part, run by run: those that validate are few, and lie apart.
func (f *File) read(ctx context.Context, p *pool, blocks []int, rows int, keep func(int) bool) error {
	length := f.Length()
	if p.values == nil {
		p.values = make([]float32, min(len(blocks)*rows, f.Len())*length)
	}
	p.rows = p.rows[:0]
	for _, block := range blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		for row, end := block*rows, min((block+1)*rows, f.Len()); row < end; row++ {
			first, at := row, len(p.rows)
			for ; row < end && keep(row); row++ {
				p.rows = append(p.rows, row)
			}
			if err := f.fetch(p.values[at*length:len(p.rows)*length], first); err != nil {
				return err
			}
		}
	}
	return nil
}
