package features

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
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
		return nil, unreadable(file, err)
	}
	image, err := DecodeImage(data, geometry, limits)
	if err != nil {
		return nil, unreadable(file, err)
	}
	return image, nil
}

// unreadable is the error of a file, with its name as people can see it.
func unreadable(file string, err error) error {
	return &imageio.FileError{Path: imagefolder.Printable(file), Reason: imageio.Reason(err), Err: err}
}

// DecodeImage decodes a file's bytes within limits.
func DecodeImage(data []byte, geometry imageio.Geometry, limits imageio.Limits) (*Image, error) {
	image := &Image{Key: sha256.Sum256(data), Pixels: make([]uint8, geometry.Bytes())}
	if err := imageio.At(image.Pixels, data, geometry, limits); err != nil {
		return nil, err
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
	missing := map[resnet.Cut][]int{} // by what is missing
	for i, image := range list {
		cut := p.find(image.Key, features[i*length:(i+1)*length])
		if image.Cached = cut == ""; !image.Cached {
			missing[cut] = append(missing[cut], i)
		}
	}
	for _, cut := range slices.Sorted(maps.Keys(missing)) {
		if err := p.compute(ctx, cut, list, missing[cut], features); err != nil {
			return nil, err
		}
	}
	return features, nil
}

// compute fills the rows of some of the images with the stages of a cut.
func (p *Pass) compute(ctx context.Context, cut resnet.Cut, list []*Image, some []int, features []float32) error {
	extractor, err := p.extractor(ctx, cut, len(some))
	if err != nil {
		return err
	}
	var pixels []uint8
	for _, i := range some {
		pixels = append(pixels, list[i].Pixels...)
	}
	rows, err := extractor.Extract(ctx, pixels, len(some))
	if err != nil {
		return err
	}
	made, length := len(rows)/len(some), p.Length()
	for at, i := range some {
		if err := p.keep(list[i].Key, cut, rows[at*made:(at+1)*made], features[i*length:(i+1)*length]); err != nil {
			return err
		}
	}
	return nil
}

// OfDataset returns the backbone's features of all images of a dataset, [images, FeatureShape...], in the order of its items,
// from the cache below home where it has them; an empty home keeps nothing. progress may be nil.
func OfDataset(
	ctx context.Context, device *accel.Device, backbone *Backbone, home string, data *imagefolder.Dataset, progress func(Progress),
) (rows []float32, err error) {
	table, _, err := tableOf(ctx, device, backbone, home, data, progress)
	if err != nil {
		return nil, err
	}
	return table.values, nil // without a copy: feature maps of a folder take gigabytes
}

// StageRows are one stage's pooled features of a dataset's images.
type StageRows struct {
	Stage  resnet.Stage
	Length int       // numbers of an image: the stage's channels
	Values []float32 // [images, Length], in the order of the dataset's items
}

// OfStages returns the pooled features of all images of a dataset at several stages, given from input to output. All come from
// one pass of the backbone, which computes the earlier stages on its way to the last. Each stage is taken from the cache below
// home where it has it; an empty home keeps nothing. progress may be nil.
func OfStages(
	ctx context.Context, device *accel.Device, backbone *Backbone, home string, data *imagefolder.Dataset, stages []resnet.Stage,
	progress func(Progress),
) ([]StageRows, error) {
	at, err := backbone.At(stages...)
	if err != nil {
		return nil, fmt.Errorf("compute the features of %s: %w", imagefolder.Printable(data.Name), err)
	}
	table, items, err := tableOf(ctx, device, at, home, data, progress)
	if err != nil {
		return nil, err
	}
	list := make([]StageRows, 0, len(stages))
	for _, stage := range stages {
		part := table.At(stage)
		list = append(list, StageRows{
			Stage: stage, Length: part.Length(), Values: part.Gather(make([]float32, 0, len(items)*part.Length()), items),
		})
	}
	return list, nil
}

// tableOf computes the features of all items.
func tableOf(
	ctx context.Context, device *accel.Device, backbone *Backbone, home string, data *imagefolder.Dataset, progress func(Progress),
) (table *Table, items []int, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("compute the features of %s: %w", imagefolder.Printable(data.Name), err)
		}
	}()
	if progress == nil {
		progress = func(Progress) {}
	}
	pass, err := Open(backbone, device, home, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	items = make([]int, len(data.Items))
	for i := range items {
		items[i] = i
	}
	table, err = pass.Compute(ctx, data, items, nil, 0, progress)
	return table, items, err
}
