package features

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/resnet"
)

// A Pass is a backbone's frozen pass with its cache: the same image goes through it once. It is not safe for concurrent use.
type Pass struct {
	backbone  *Backbone
	device    *accel.Device
	space     *cache.Space      // nil: nothing is kept
	few, many *resnet.Extractor // nil until images have to be computed
	cacheErr  error             // the first failure to keep features, a full disk say: the work goes on without
}

// singly is up to how many images go through one at a time: a batch would mostly compute padding.
const singly = 4

// Open opens a pass with its cache below home. An empty home keeps nothing; a limit of 0 bytes means cache.DefaultLimit.
func Open(backbone *Backbone, device *accel.Device, home string, limit int64) (*Pass, error) {
	p := &Pass{backbone: backbone, device: device}
	if home == "" {
		return p, nil
	}
	kept, err := cache.Open(filepath.Join(home, "cache", "features"), limit)
	if err != nil {
		return nil, err
	}
	// The device decides the last bits.
	identity := backbone.Identity().Fingerprint + "|" + device.Name()
	p.space, err = kept.Space(identity, p.Length())
	return p, err
}

// Backbone is what the images go through.
func (p *Pass) Backbone() *Backbone { return p.backbone }

// Length is how many numbers an image's features are.
func (p *Pass) Length() int {
	n := 1
	for _, d := range p.backbone.FeatureShape() {
		n *= d
	}
	return n
}

// CacheError is the first failure to keep features, a full disk for example; the work goes on without. It is nil where there was none.
func (p *Pass) CacheError() error { return p.cacheErr }

// extractor returns the one that suits so many images, made at its first use.
func (p *Pass) extractor(ctx context.Context, images int) (*resnet.Extractor, error) {
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

// Extract runs the backbone on pixels, [n, size, size, 3] RGB, as a part of the images expected, past the cache.
func (p *Pass) Extract(ctx context.Context, pixels []uint8, n, expected int) ([]float32, error) {
	extractor, err := p.extractor(ctx, expected)
	if err != nil {
		return nil, err
	}
	return extractor.Extract(ctx, pixels, n)
}

// Close frees the device, and writes what was added to the cache.
func (p *Pass) Close() error {
	var err error
	for _, extractor := range []*resnet.Extractor{p.few, p.many} {
		if extractor != nil {
			err = errors.Join(err, extractor.Close())
		}
	}
	if p.space != nil {
		err = errors.Join(err, p.space.Close())
	}
	return err
}

func (p *Pass) noteCacheError(err error) {
	if p.cacheErr == nil {
		p.cacheErr = err
	}
}
