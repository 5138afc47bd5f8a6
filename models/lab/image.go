package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/shard"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// ImageOptions are the choices of Images.
type ImageOptions struct {
	Most   int            // images; 0: all
	Limits imageio.Limits // of what is decoded; zero: imageio's default, or the training's where that is larger
}

// Images are those of arguments, with how many were left out. An argument is a file, a folder, @train, @val or @test for a
// split of the model's dataset, or @NAME for images that a Go cell put under that name.
func (l *Lab) Images(trained *predictor.Predictor, args []string, o ImageOptions) (list []input.Image, more int, err error) {
	if list, err = l.resolveAll(trained, args); err != nil {
		return nil, 0, err
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

// resolveAll are the images of arguments; trained may be nil where none of them is a split.
func (l *Lab) resolveAll(trained *predictor.Predictor, args []string) ([]input.Image, error) {
	var list []input.Image
	for _, arg := range args {
		found, err := l.resolve(trained, arg)
		if errors.Is(err, input.ErrNoFile) && len(args) > 1 { // as a file that cannot be read: the others are not to blame
			found, err = []input.Image{{Name: filepath.Base(arg), File: arg}}, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", cmp.Or(arg, `""`), err)
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read %s: %w", strings.Join(args, " "), ErrNothingToPredict)
	}
	return list, nil
}

func (l *Lab) resolve(trained *predictor.Predictor, arg string) ([]input.Image, error) {
	if arg == "" {
		return nil, errors.New("the name is empty; give a file or a folder, such as . for the current one")
	}
	if name, ok := strings.CutPrefix(arg, "@"); ok {
		if slices.Contains([]string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, name) {
			return trained.Split(name)
		}
		return l.putImages(name)
	}
	if strings.Contains(arg, "://") {
		return nil, errors.New("addresses are not fetched; save the image as a file first")
	}
	path, err := homepath.Expand(arg)
	if err != nil {
		return nil, err
	}
	return input.Find(path)
}

// putImages are the images that a Go cell put under a name.
func (l *Lab) putImages(name string) ([]input.Image, error) {
	value, ok := l.Value(name)
	if !ok {
		return nil, &named.NotFoundError{Kind: named.KindImages, Name: name}
	}
	if len(value.Images) == 0 {
		return nil, fmt.Errorf("the value %q holds no images", name)
	}
	return input.OfCells(value.Images)
}

// CellImages resolves "@name" to what a cell put under it, and takes the other images as they are.
func (l *Lab) CellImages(images []warm.Image) ([]input.Image, error) {
	var list []input.Image
	for _, p := range images {
		var found []input.Image
		var err error
		if len(p.File) > 1 && p.File[0] == '@' {
			found, err = l.putImages(p.File[1:])
		} else {
			found, err = input.OfCells([]warm.Image{p})
		}
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// Features runs images through a model's frozen backbone, [images, FeatureShape...], from the cache where it has them. They
// are resized as the images that the model was trained on.
func (l *Lab) Features(ctx context.Context, m *Model, images []input.Image) (values []float32, shape []int, err error) {
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
	for part := range slices.Chunk(images, input.Ahead) {
		var ready []*features.Image
		for _, i := range part {
			if trained != nil && i.Limits == (imageio.Limits{}) {
				i.Limits = trained.Limits()
			}
			image, err := i.Read(geometry)
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
