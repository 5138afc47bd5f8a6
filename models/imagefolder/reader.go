package imagefolder

import (
	"context"
	"errors"
	"time"
)

// ReadOptions are the choices of Dataset.Read.
type ReadOptions struct {
	Items    []int    // which items, in the order wanted; nil means all in order
	Geometry Geometry // zero means the dataset's own
	Batch    int      // pictures a batch; 0 means 32
	Workers  int      // decoders at once; 0 means the number of processors
	Ahead    int      // batches decoded ahead of the consumer; 0 means 4
}

// A Batch is a run of decoded pictures in the order asked for.
type Batch struct {
	Items  []int   // indices into Dataset.Items
	Pixels []uint8 // [len(Items), size, size, 3], RGB; valid until the next call of Next
}

// A Reader decodes pictures on all processors and hands them out in order, the same whatever the number of workers.
type Reader struct{ waited time.Duration }

// Read starts decoding. Close the reader, or cancel the context, to stop early.
func (d *Dataset) Read(ctx context.Context, o ReadOptions) (*Reader, error) {
	return nil, errors.New("not read")
}

// Next returns the next batch, io.EOF after the last one, and an error that names the file where one cannot be decoded any
// more.
func (r *Reader) Next() (*Batch, error) { return nil, errors.New("not read") }

// Waited is the time that Next has spent waiting for pictures: zero where decoding keeps up.
func (r *Reader) Waited() time.Duration { return r.waited }

// Close stops the decoders and waits for them.
func (r *Reader) Close() error { return nil }

// Pixels decodes one item at a geometry: [size, size, 3], RGB.
func (d *Dataset) Pixels(item int, g Geometry) ([]uint8, error) { return nil, errors.New("not read") }

// Select returns the indices of the items of a split, in order.
func (d *Dataset) Select(split string) []int {
	var list []int
	for i, item := range d.Items {
		if item.Split == split {
			list = append(list, i)
		}
	}
	return list
}

// Count returns how many pictures each class has in a split; an empty split means all.
func (d *Dataset) Count(split string) []int {
	counts := make([]int, len(d.Classes))
	for _, item := range d.Items {
		if split == "" || item.Split == split {
			counts[item.Label]++
		}
	}
	return counts
}

// Shuffled returns the items in an order that depends on seed and epoch alone.
func Shuffled(items []int, seed int64, epoch int) []int { return items }
