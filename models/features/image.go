package features

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
)

// An Image is a decoded image on its way through a backbone.
type Image struct {
	Key    cache.Key
	Pixels []uint8 // [size, size, 3] RGB, of the backbone's size
	Cached bool    // its features were found in the cache
}

// ReadImage decodes a file within limits.
func ReadImage(file string, geometry imageio.Geometry, limits imageio.Limits) (*Image, error) {
	data, err := imageio.ReadFile(file)
	if err != nil {
		return nil, err
	}
	image := &Image{Key: sha256.Sum256(data), Pixels: make([]uint8, geometry.Bytes())}
	if err := imageio.At(image.Pixels, data, geometry, limits); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return image, nil
}

// NewImage is an image that is in no file. Its key is not that of a file with the same bytes.
func NewImage(pixels []uint8) *Image {
	hash := sha256.New()
	hash.Write([]byte("pixels\x00"))
	hash.Write(pixels)
	return &Image{Key: cache.Key(hash.Sum(nil)), Pixels: pixels}
}

// Images returns the features of images, [len(list), FeatureShape...]: from the cache what is there, by the backbone what is
// not. It notes in each image which of both it was.
func (p *Pass) Images(ctx context.Context, list []*Image) ([]float32, error) {
	length := p.Length()
	features := make([]float32, len(list)*length)
	var missing []int
	var pixels []uint8
	for i, image := range list {
		image.Cached = p.space != nil && p.space.Get(image.Key, features[i*length:(i+1)*length])
		if !image.Cached {
			missing = append(missing, i)
			pixels = append(pixels, image.Pixels...)
		}
	}
	if len(missing) == 0 {
		return features, nil
	}
	rows, err := p.Extract(ctx, pixels, len(missing), len(missing))
	if err != nil {
		return nil, err
	}
	for at, i := range missing {
		row := rows[at*length : (at+1)*length]
		copy(features[i*length:], row)
		if p.space != nil {
			p.noteCacheError(p.space.Put(list[i].Key, row))
		}
	}
	return features, nil
}

// OfDataset returns the backbone's features of all images of a dataset, [images, FeatureShape...], in the order of its items,
// from the cache below home where it has them; an empty home keeps nothing. progress may be nil.
func OfDataset(
	ctx context.Context, device *accel.Device, backbone *Backbone, home string, data *imagefolder.Dataset, progress func(Progress),
) (rows []float32, err error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	pass, err := Open(backbone, device, home, 0)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %s: %w", imagefolder.Printable(data.Name), err)
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	items := make([]int, len(data.Items))
	for i := range items {
		items[i] = i
	}
	table, err := pass.Compute(ctx, data, items, nil, 0, progress)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %s: %w", imagefolder.Printable(data.Name), err)
	}
	return table.Gather(make([]float32, 0, len(items)*pass.Length()), items), nil
}
