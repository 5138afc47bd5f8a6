package imagefolder

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/parallel"
)

// A verdict is what the check of one file found: an image's facts, or the reason why it is not one.
type verdict struct {
	SHA256 string
	Width  int
	Height int
	Print  neardup.Fingerprint
	Clear  bool   // every pixel is transparent
	Reason string // empty for a usable image
}

// above says whether an image has more pixels than a limit.
func (v *verdict) above(maxPixels int64) bool { return int64(v.Width)*int64(v.Height) > maxPixels }

// checkAll decodes every candidate once, on all processors, and returns the verdicts in the candidates' order.
func checkAll(ctx context.Context, root string, candidates []source.Candidate, o Options, known *memory) ([]verdict, error) {
	verdicts := make([]verdict, len(candidates))
	gate := newGate(decodeBudget)
	err := parallel.Each(ctx, o.Workers, len(candidates), func(done int) { o.Progress(done, len(candidates), "checking images") },
		func(i int) error {
			verdicts[i] = verdictOn(root, candidates[i], o, gate, known)
			return nil
		})
	return verdicts, err
}

// verdictOn takes the verdict on a candidate from the memory, or makes it.
func verdictOn(root string, c source.Candidate, o Options, gate *gate, known *memory) verdict {
	var v verdict
	ok := false
	if !o.Rehash {
		v, ok = known.get(c.File, o.MaxPixels)
	}
	if !ok {
		v = check(filepath.Join(root, filepath.FromSlash(c.Path)), o, gate, known)
		known.put(c.File, v)
	}
	return v
}

// seen is how images are decoded that are checked: as for the most frequent size of a model, so that the model's pixels come out of the
// same decoding. It does not depend on the model, since near-duplicates decide about the split.
func seen(o Options) Geometry {
	return Geometry{Size: 224, Method: Bilinear, Decode: cmp.Or(o.Decode, imageio.DefaultDecoding)}
}

// check reads one file, and decodes it unless its content is known.
func check(file string, o Options, gate *gate, known *memory) verdict {
	data, err := imageio.ReadFile(file)
	if err != nil {
		return verdict{Reason: reasonOf(err)}
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if v, ok := known.same(digest, o.MaxPixels); ok {
		return v
	}
	limits := imageio.Limits{MaxPixels: o.MaxPixels}
	header, err := imageio.ReadHeader(data, limits)
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	release := gate.enter(imageio.Held(data, header, seen(o)))
	defer release()
	decoded, err := imageio.DecodeFor(data, seen(o), limits) // to the last byte, which is the check of its content as well
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	o.keep(digest, decoded)
	width, height := header.Upright()
	return verdict{SHA256: digest, Width: width, Height: height, Print: neardup.Of(decoded), Clear: decoded.Transparent}
}

// reasonOf is an error without the path of the file, which stands beside it.
func reasonOf(err error) string {
	if failed, ok := errors.AsType[*imageio.FileError](err); ok {
		return failed.Reason
	}
	return err.Error()
}
