package imagefolder

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/room"
)

// ReadOptions are the choices of Dataset.Read.
type ReadOptions struct {
	Items    []int    // which items, in the order wanted; nil means all in order
	Geometry Geometry // zero means the dataset's own
	Batch    int      // images a batch; 0 means 32
	Workers  int      // decoders at once; 0 means the number of processors
	Ahead    int      // batches decoded ahead of the consumer; 0 means 4
}

// A Batch is a run of decoded images in the order asked for.
type Batch struct {
	Items  []int   // indices into Dataset.Items
	Pixels []uint8 // [len(Items), size, size, 3], RGB; valid until the next call of Next

	pending sync.WaitGroup
	errs    []error // one for each item
}

// A Reader decodes images on all processors and hands them out in order, the same whatever the number of workers. Its methods
// are for one goroutine.
type Reader struct {
	ctx    context.Context
	cancel context.CancelFunc
	queue  chan *Batch   // in order, decoded or being decoded
	spare  chan []uint8  // pixel buffers to use again
	done   chan struct{} // closed when all goroutines have ended
	last   *Batch
	waited time.Duration
}

// Read starts decoding. Close the reader, or cancel the context, to stop early.
func (d *Dataset) Read(ctx context.Context, o ReadOptions) (*Reader, error) {
	if o.Items == nil {
		o.Items = make([]int, len(d.Items))
		for i := range o.Items {
			o.Items[i] = i
		}
	}
	for _, i := range o.Items {
		if i < 0 || i >= len(d.Items) {
			return nil, fmt.Errorf("read images of %s: there is no item %d", phrase.Printable(d.Name), i)
		}
	}
	if o.Geometry == (Geometry{}) {
		o.Geometry = d.Geometry()
	}
	if err := o.Geometry.Validate(); err != nil {
		return nil, fmt.Errorf("read images of %s: %w", phrase.Printable(d.Name), err)
	}
	if o.Batch <= 0 {
		o.Batch = 32
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Ahead <= 0 {
		o.Ahead = 4
	}
	r := &Reader{queue: make(chan *Batch, o.Ahead), spare: make(chan []uint8, o.Ahead+2), done: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer timeline.Start(ctx, "decode")()
		r.run(d, o)
	}()
	return r, nil
}

// A slot is one image's place in a batch.
type slot struct {
	batch *Batch
	place int
}

// run hands out the work: batches go to the queue before they are decoded, so that the queue's length bounds what is ahead.
func (r *Reader) run(d *Dataset, o ReadOptions) {
	work := make(chan slot)
	shared := room.New()
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			for s := range work {
				s.batch.decode(d, s.place, o.Geometry, shared)
			}
		})
	}
	defer close(r.done)
	defer workers.Wait()
	defer close(work)
	defer close(r.queue)
	for from := 0; from < len(o.Items); from += o.Batch {
		items := o.Items[from:min(from+o.Batch, len(o.Items))]
		b := &Batch{Items: items, Pixels: r.buffer(len(items) * o.Geometry.Bytes()), errs: make([]error, len(items))}
		b.pending.Add(len(items))
		select {
		case r.queue <- b:
		case <-r.ctx.Done():
			return
		}
		for place := range items {
			select {
			case work <- slot{b, place}:
			case <-r.ctx.Done():
				b.pending.Add(place - len(items)) // these are not coming
				return
			}
		}
	}
}

func (r *Reader) buffer(size int) []uint8 {
	select {
	case pixels := <-r.spare:
		if cap(pixels) >= size {
			return pixels[:size]
		}
	default:
	}
	return make([]uint8, size)
}

func (b *Batch) decode(d *Dataset, place int, g Geometry, shared imageio.Room) {
	defer b.pending.Done()
	size := g.Bytes()
	b.errs[place] = d.pixels(b.Pixels[place*size:][:size], b.Items[place], g, shared)
}

// Next returns the next batch, io.EOF after the last one, and an error that names the file where one cannot be decoded any
// more.
func (r *Reader) Next() (*Batch, error) {
	if r.last != nil {
		select {
		case r.spare <- r.last.Pixels:
		default:
		}
		r.last = nil
	}
	start := time.Now()
	defer func() { r.waited += time.Since(start) }()
	b, ok := <-r.queue
	if !ok {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	b.pending.Wait()
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	for _, err := range b.errs {
		if err != nil {
			return nil, err
		}
	}
	r.last = b
	return b, nil
}

// Waited is the time that Next has spent waiting for images: next to nothing where decoding keeps up.
func (r *Reader) Waited() time.Duration { return r.waited }

// Close stops the decoders and waits for them.
func (r *Reader) Close() error {
	r.cancel()
	<-r.done
	return nil
}

// Pixels decodes one item at a geometry: [size, size, 3], RGB.
func (d *Dataset) Pixels(item int, g Geometry) ([]uint8, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	dst := make([]uint8, g.Bytes())
	return dst, d.pixels(dst, item, g, nil)
}

// pixels brings one item to a geometry, and refuses a file that is not the one that was checked.
func (d *Dataset) pixels(dst []uint8, item int, g Geometry, shared imageio.Room) error {
	path := phrase.Printable(d.Items[item].Path)
	kept := d.kept(item)
	if kept && len(d.stamps) > 0 && source.Same(d.Root, source.File{Path: d.Items[item].Path, Stamp: d.stamps[item]}) &&
		d.Options.Pixels.Get(d.Items[item].SHA256.String(), g, dst) {
		return nil
	}
	data, err := imageio.ReadFile(d.file(item))
	if err != nil {
		return fmt.Errorf("read %s: %s", path, imageio.Reason(err))
	}
	if digest.Of(data) != d.Items[item].SHA256 {
		return fmt.Errorf("read %s: the file has changed since the dataset was loaded: load it again", path)
	}
	if kept && d.Options.Pixels.Get(d.Items[item].SHA256.String(), g, dst) {
		return nil
	}
	if err := imageio.At(dst, data, g, imageio.Limits{MaxPixels: d.Options.MaxPixels, Room: shared}); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if kept {
		d.Options.Pixels.Put(d.Items[item].SHA256.String(), g, dst)
	}
	return nil
}

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

// Count returns how many images each class has in a split; an empty split means all.
func (d *Dataset) Count(split string) []int {
	counts := make([]int, len(d.Classes))
	for _, item := range d.Items {
		if split == "" || item.Split == split {
			counts[item.Label]++
		}
	}
	return counts
}
