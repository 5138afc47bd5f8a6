package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/shard"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// An Image is one image to predict: a file, or pixels that a Go cell handed over.
type Image struct {
	Name   string // for people
	File   string // empty for pixels
	Pixels imageio.RGB
	Truth  string // the true class; empty where it is unknown

	Limits imageio.Limits // of what is decoded of File; zero: imageio's default
}

// Resized are the image's pixels in a geometry, [size, size, 3].
func (i Image) Resized(geometry imageio.Geometry) ([]uint8, error) {
	if i.File == "" {
		return i.resized(geometry), nil
	}
	data, err := imageio.ReadFile(i.File)
	if err != nil {
		return nil, err
	}
	pixels := make([]uint8, geometry.Bytes())
	return pixels, imageio.At(pixels, data, geometry, i.Limits)
}

// resized are the pixels of an image that is in no file, in a geometry.
func (i Image) resized(geometry imageio.Geometry) []uint8 {
	pixels := make([]uint8, geometry.Bytes())
	i.Pixels.Resize(pixels, geometry)
	return pixels
}

// read decodes the image in a geometry.
func (i Image) read(geometry imageio.Geometry) (*features.Image, error) {
	if i.File != "" {
		return features.ReadImage(i.File, geometry, i.Limits)
	}
	return features.NewImage(i.resized(geometry)), nil
}

// ImageOptions are the choices of Images.
type ImageOptions struct {
	Most   int            // images; 0: all
	Limits imageio.Limits // of what is decoded; zero: imageio's default, or the training's where that is larger
}

// Images are those of arguments, with how many were left out. An argument is a file, a folder, @train, @val or @test for a
// split of the model's dataset, or @NAME for images that a Go cell put under that name.
func (l *Lab) Images(trained *Trained, args []string, o ImageOptions) (list []Image, more int, err error) {
	for _, arg := range args {
		found, err := l.resolve(trained, arg)
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", cmp.Or(arg, `""`), err)
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, 0, fmt.Errorf("read %s: %w", strings.Join(args, " "), ErrNothingToPredict)
	}
	if o.Most > 0 && len(list) > o.Most {
		list, more = list[:o.Most], len(list)-o.Most
	}
	if o.Limits == (imageio.Limits{}) {
		o.Limits = trained.Model.Limits()
	}
	for i := range list {
		list[i].Limits = o.Limits
	}
	return list, more, nil
}

func (l *Lab) resolve(trained *Trained, arg string) ([]Image, error) {
	if arg == "" {
		return nil, errors.New("the name is empty; give a file or a folder, such as . for the current one")
	}
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		if slices.Contains([]string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, name) {
			return trained.splitImages(name)
		}
		return l.putImages(name)
	}
	if strings.Contains(arg, "://") {
		return nil, errors.New("addresses are not fetched; save the image as a file first")
	}
	path, err := ExpandHome(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file or folder; paths are relative to the current folder")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return []Image{{Name: filepath.Base(path), File: path}}, nil
	}
	var list []Image
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && file != path && imagefolder.Ignored(entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err == nil && entry.Type().IsRegular() {
			list = append(list, Image{Name: filepath.Base(file), File: file})
		}
		return err
	})
	return list, err
}

// splitImages are the images of one split, the classes taking turns.
func (t *Trained) splitImages(split string) ([]Image, error) {
	if t.Dataset == nil {
		return nil, &NoImagesError{t.Name}
	}
	picked, err := Spread(t.Dataset, "", split, len(t.Dataset.Items))
	if err != nil {
		return nil, err
	}
	if len(picked) == 0 {
		return nil, classifier.ErrNoImages
	}
	list := make([]Image, 0, len(picked))
	for _, i := range picked {
		item := t.Dataset.Items[i]
		list = append(list, Image{Name: filepath.Base(item.Path), File: ItemFile(t.Dataset, i), Truth: t.Dataset.Classes[item.Label]})
	}
	return list, nil
}

// putImages are the images that a Go cell put under a name.
func (l *Lab) putImages(name string) ([]Image, error) {
	value, ok := l.Value(name)
	if !ok {
		return nil, &NotFoundError{Kind: KindImages, Name: name}
	}
	if len(value.Images) == 0 {
		return nil, fmt.Errorf("the value %q holds no images", name)
	}
	return WarmImages(value.Images)
}

// WarmImages are images as they come from a Go cell.
func WarmImages(images []warm.Image) ([]Image, error) {
	list := make([]Image, 0, len(images))
	for n, p := range images {
		if err := p.Check(); err != nil {
			return nil, fmt.Errorf("image %d: %w", n+1, err)
		}
		list = append(list, Image{
			Name: cmp.Or(p.Name, p.File, fmt.Sprintf("image %d", n+1)), File: p.File,
			Pixels: imageio.RGB{Width: p.Width, Height: p.Height, Pix: p.RGB},
		})
	}
	return list, nil
}

// CellImages resolves "@name" to what a cell put under it, and takes the other images as they are.
func (l *Lab) CellImages(images []warm.Image) ([]Image, error) {
	var list []Image
	for _, p := range images {
		var found []Image
		var err error
		if len(p.File) > 1 && p.File[0] == '@' {
			found, err = l.putImages(p.File[1:])
		} else {
			found, err = WarmImages([]warm.Image{p})
		}
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// featuresAhead is how many images are held in memory at once.
const featuresAhead = 64

// Features runs images through a model's frozen backbone, [images, FeatureShape...], from the cache where it has them. They
// are resized as the images that the model was trained on.
func (l *Lab) Features(ctx context.Context, m *Model, images []Image) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	backbone := m.backbone(imagefolder.Geometry{})
	trained := m.trained()
	if trained != nil {
		backbone = trained.Backbone()
	}
	geometry := backbone.Identity().Geometry
	pass, err := features.Open(backbone, device, l.home, 0)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, pass.Close()) }()
	for part := range slices.Chunk(images, featuresAhead) {
		var ready []*features.Image
		for _, i := range part {
			if trained != nil && i.Limits == (imageio.Limits{}) {
				i.Limits = trained.Limits()
			}
			image, err := i.read(geometry)
			if err != nil {
				return nil, nil, fmt.Errorf("compute features of %s: %w", i.Name, err)
			}
			ready = append(ready, image)
		}
		computed, err := pass.Images(ctx, ready)
		if err != nil {
			return nil, nil, err
		}
		values = append(values, computed...)
	}
	return values, append([]int{len(images)}, m.FeatureShape()...), nil
}

// DatasetFeatures runs all images of a dataset through a model's frozen backbone, [images, FeatureShape...], in the order of
// the dataset. progress may be nil.
func (l *Lab) DatasetFeatures(ctx context.Context, m *Model, data *imagefolder.Dataset, progress func(features.Progress)) (values []float32, shape []int, err error) {
	device, err := l.Device(ctx)
	if err != nil {
		return nil, nil, err
	}
	if values, err = features.OfDataset(ctx, device, m.backbone(data.Geometry()), l.home, data, progress); err != nil {
		return nil, nil, err
	}
	return values, append([]int{len(data.Items)}, m.FeatureShape()...), nil
}

// ShardFeatures computes a shard of images by a model's frozen backbone, with images brought to its size as a geometry says; what it leaves
// open is as the weights want it. The job's backbone and device are set here.
func (l *Lab) ShardFeatures(ctx context.Context, m *Model, g imagefolder.Geometry, job shard.Job) (shard.Record, error) {
	var err error
	if job.Device, err = l.Device(ctx); err != nil {
		return shard.Record{}, err
	}
	job.Backbone = m.backbone(g)
	return shard.Run(ctx, job)
}
