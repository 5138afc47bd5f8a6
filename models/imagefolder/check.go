package imagefolder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/parallel"
)

// A verdict is what the check of one file found: an image's facts, or the reason why it is none.
type verdict struct {
	SHA256 string
	Width  int
	Height int
	Print  Fingerprint
	Reason string // empty for a usable image
}

// checkAll decodes every candidate once, on all processors, and returns the verdicts in the candidates' order.
func checkAll(ctx context.Context, root string, candidates []candidate, o Options, known *memory) ([]verdict, error) {
	verdicts := make([]verdict, len(candidates))
	gate := newGate(decodeBudget)
	err := parallel.Each(ctx, o.Workers, len(candidates), func(done int) { o.Progress(done, len(candidates), "checking images") },
		func(i int) error {
			c := candidates[i]
			v, ok := known.get(c.found, o.MaxPixels)
			if !ok {
				v = check(filepath.Join(root, filepath.FromSlash(c.path)), o, gate)
				known.put(c.found, v)
			}
			verdicts[i] = v
			return nil
		})
	return verdicts, err
}

// check reads and decodes one file.
func check(file string, o Options, gate *gate) verdict {
	data, err := imageio.ReadFile(file)
	if err != nil {
		return verdict{Reason: reasonOf(err)}
	}
	limits := imageio.Limits{MaxPixels: o.MaxPixels}
	header, err := imageio.ReadHeader(data, limits)
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	release := gate.enter(header)
	defer release()
	print, err := fingerprint(data, limits)
	if err != nil {
		return verdict{Reason: err.Error()}
	}
	width, height := header.Upright()
	sum := sha256.Sum256(data)
	return verdict{SHA256: hex.EncodeToString(sum[:]), Width: width, Height: height, Print: print}
}

// reasonOf is an error without the path of the file, which stands beside it.
func reasonOf(err error) string {
	if failed, ok := errors.AsType[*imageio.FileError](err); ok {
		return failed.Reason
	}
	return err.Error()
}
