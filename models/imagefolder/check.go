package imagefolder

import (
	"cmp"
	"context"
	"sync"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/room"
	"github.com/headstart-nb/headstart/models/parallel"
)

// A verdict is what the check of one file found: an image's facts, or the reason why it is not one.
type verdict struct {
	SHA256 digest.Sum
	Width  int
	Height int
	Print  neardup.Fingerprint
	Clear  bool   // every pixel is transparent
	Reason string // empty for a usable image
}

// above says whether an image has more pixels than a limit.
func (v *verdict) above(maxPixels int64) bool { return int64(v.Width)*int64(v.Height) > maxPixels }

// findings are those verdicts that are not in the columns of a dataset.
type findings struct {
	mutex   sync.Mutex
	refused map[int]string // reason, by item
	clear   map[int]bool   // by item
}

// note takes down the verdict on an item.
func (f *findings) note(d *Dataset, i int, v verdict) {
	item := &d.Items[i]
	item.SHA256, item.Width, item.Height = v.SHA256, v.Width, v.Height
	d.prints[i] = v.Print
	if v.Reason == "" && !v.Clear {
		return
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if v.Reason != "" {
		f.refused[i] = v.Reason
	} else {
		f.clear[i] = true
	}
}

// checkAll fills in the items, of which it knows the paths and what the file system knows, on all processors: from the memory, or by
// decoding each once.
func (d *Dataset) checkAll(ctx context.Context, known *memory) (*findings, error) {
	d.prints = make([]neardup.Fingerprint, len(d.Items))
	found := &findings{refused: map[int]string{}, clear: map[int]bool{}}
	done := make([]bool, len(d.Items))
	reading := timeline.Start(ctx, "read what is known")
	whole := known.match(len(d.Items), func(i int) (string, filestamp.Stamp) { return d.Items[i].Path, d.stamps[i] }, d.Options,
		func(i int, v verdict) {
			done[i] = true
			found.note(d, i, v)
		})
	if !whole {
		clear(done)
		clear(found.clear)
	}
	reading()
	shared := room.New()
	total := len(d.Items)
	err := parallel.Each(ctx, d.Options.Workers, total, func(done int) { d.Options.Progress(done, total, "checking images") },
		func(i int) error {
			if done[i] {
				return nil
			}
			v := check(d.file(i), d.Options, shared, known)
			if v.Reason == "" {
				known.fresh.Add(1)
			}
			found.note(d, i, v)
			return nil
		})
	return found, err
}

// remember keeps the verdicts on the usable images.
func (d *Dataset) remember(found *findings, known *memory) error {
	i := -1
	var r remembered
	return known.save(func() (*remembered, bool) {
		for i++; i < len(d.Items); i++ {
			if found.refused[i] != "" || d.Items[i].SHA256 == (digest.Sum{}) {
				continue
			}
			item := &d.Items[i]
			r = remembered{item.Path, d.stamps[i], verdict{SHA256: item.SHA256, Width: item.Width, Height: item.Height, Print: d.prints[i], Clear: found.clear[i]}}
			return &r, true
		}
		return nil, false
	})
}

// rememberPart keeps the verdicts of a check that was interrupted, so that the next one goes on there, where they are more than
// those that the memory has of files it did not come to.
func (d *Dataset) rememberPart(found *findings, known *memory) {
	if known.fresh.Load() > int64(len(known.others)) {
		_ = d.remember(found, known) // without them the next check begins anew
	}
}

// seen is how images are decoded that are checked: as for the most frequent size of a model, so that the model's pixels come out of the
// same decoding. It does not depend on the model, since near-duplicates decide about the split.
func seen(o Options) Geometry {
	return Geometry{Size: 224, Method: Bilinear, Decode: cmp.Or(o.Decode, imageio.DefaultDecoding)}
}

// check reads one file, and decodes it unless its content is known.
func check(file string, o Options, shared imageio.Room, known *memory) verdict {
	data, err := imageio.ReadFile(file)
	if err != nil {
		return verdict{Reason: imageio.Reason(err)}
	}
	sum := digest.Of(data)
	if v, ok := known.same(sum, o.MaxPixels); ok {
		return v
	}
	limits := imageio.Limits{MaxPixels: o.MaxPixels, Room: shared}
	header, err := imageio.ReadHeader(data, limits)
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	decoded, err := imageio.DecodeFor(data, o.plan(header), limits) // to the last byte, which is the check of its content as well
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	o.keep(sum, decoded)
	width, height := header.Upright()
	return verdict{SHA256: sum, Width: width, Height: height, Print: neardup.Of(decoded), Clear: decoded.Transparent}
}
