package imagefolder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/crew"
	"github.com/headstart-nb/headstart/models/imageio"
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
	err := crew.Each(ctx, o.Workers, len(candidates), func(done int) { o.Progress(done, len(candidates), "checking images") },
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
	data, err := readFile(file)
	if err != nil {
		return verdict{Reason: err.Error()}
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

// readFile reads a whole file, which may shrink or grow meanwhile.
func readFile(file string) ([]byte, error) {
	f, err := safefile.Open(file)
	if errors.Is(err, safefile.ErrNotRegular) {
		return nil, errors.New("not a file but a device, a socket or a pipe")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", plain(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", plain(err))
	}
	switch size := info.Size(); {
	case size == 0:
		return nil, errors.New("the file is empty")
	case size > maxFileMiB<<20:
		return nil, fmt.Errorf("too large: a file of %d MiB, and the limit is %d MiB", size>>20, maxFileMiB)
	}
	return readWhole(f, info.Size())
}

// readWhole reads the size that a file had when it was opened.
func readWhole(r io.Reader, size int64) ([]byte, error) {
	data := make([]byte, size)
	n, err := io.ReadFull(r, data)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("it became shorter while it was read (%d of %d bytes were there): load again when it is complete",
			n, size)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %s", plain(err))
	}
	return data, nil
}
