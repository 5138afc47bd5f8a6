package lab

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/resized"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/summary"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// LoadDataset checks and splits a folder, a list or an archive, and makes it the current dataset.
func (l *Lab) LoadDataset(ctx context.Context, source string, o imagefolder.Options) (*imagefolder.Dataset, error) {
	source, err := homepath.Expand(source)
	if err != nil {
		return nil, err
	}
	data, err := imagefolder.Load(ctx, source, l.keeping(o))
	if err != nil {
		return nil, err
	}
	l.keepDataset(data, source)
	return data, nil
}

// SampleDataset draws the sample images, unless they are there already, and makes them the current dataset. They are kept in
// the state folder; without one, in a folder of this user that no other user can change.
func (l *Lab) SampleDataset(ctx context.Context, o imagefolder.SampleOptions) (*imagefolder.Dataset, error) {
	root := l.cacheDir("samples")
	if root == "" {
		private, err := paths.Lasting()
		if err != nil {
			return nil, fmt.Errorf("keep the sample images: %w", err)
		}
		root = filepath.Join(private, "samples")
	}
	if o.Load.Name == "" {
		o.Load.Name = "sample"
	}
	o.Load = l.keeping(o.Load)
	data, err := imagefolder.Sample(ctx, root, o)
	if err != nil {
		return nil, err
	}
	l.keepDataset(data, data.Root)
	return data, nil
}

// keeping are the options of a load that keeps in the state folder what it finds out, and the images at the size of the model.
func (l *Lab) keeping(o imagefolder.Options) imagefolder.Options {
	o.StateDir, o.Pixels = l.cacheDir("datasets"), l.pixels()
	o.Keep = append(slices.Clone(o.Keep), l.geometries(o)...)
	return o
}

// geometries are what the images of a dataset will become: for the current model, else for any that is built next.
func (l *Lab) geometries(o imagefolder.Options) []imagefolder.Geometry {
	g := imagefolder.Geometry{Size: o.Size, Method: o.Method, Decode: o.Decode}
	if m, err := l.Model(""); err == nil {
		return []imagefolder.Geometry{m.backbone(g).Identity().Geometry}
	}
	g.Decode = cmp.Or(g.Decode, imageio.DefaultDecoding)
	if g.Method != "" {
		return []imagefolder.Geometry{g}
	}
	whole, center := g, g
	whole.Method, center.Method = imagefolder.Bilinear, imagefolder.Crop // what weights ask for
	return []imagefolder.Geometry{whole, center}
}

// openPixels opens the store of resized images. Without one the work goes on, and images are decoded again.
func (l *Lab) openPixels() imagefolder.Pixels {
	dir := l.cacheDir("pixels")
	if dir == "" {
		return nil
	}
	store, err := resized.Open(dir, 0)
	if err != nil {
		l.log.Warn("resized images are not kept", "error", err)
		return nil
	}
	return store
}

func (l *Lab) keepDataset(data *imagefolder.Dataset, source string) {
	l.mu.Lock()
	l.datasets.Put(data.Name, loaded{data, source})
	l.mu.Unlock()
	l.leave("last.dataset", summary.Of(data))
}

// Dataset returns the dataset of a name; an empty name is the current one.
func (l *Lab) Dataset(name string) (*imagefolder.Dataset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.datasets.Get(name); ok {
		return d.data, nil
	}
	return nil, &named.NotFoundError{Kind: named.KindDataset, Name: name, Have: l.datasets.Names()}
}

// Datasets lists the names of the datasets, the current one last.
func (l *Lab) Datasets() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.datasets.Names()
}

// datasetOf finds a loaded dataset by its digest; nil where there is none.
func (l *Lab) datasetOf(digest string) *imagefolder.Dataset {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.datasets.All() {
		if d.data.Digest == digest {
			return d.data
		}
	}
	return nil
}

// labeledFolder reads a folder, unsplit, under the labels that a model knows its classes by.
func (l *Lab) labeledFolder(ctx context.Context, t *predictor.Predictor, o EvaluateOptions) (*imagefolder.Dataset, error) {
	dir, err := homepath.Expand(o.Dir)
	if err != nil {
		return nil, err
	}
	options := imagefolder.DefaultOptions()
	g := t.Geometry()
	options.Val, options.Size, options.StateDir = 0, g.Size, l.cacheDir("datasets")
	if t.Model.Task != recipe.Regression { // whose outputs are not classes
		options.Classes = t.Model.Classes
	}
	options.Pixels, options.Keep = l.pixels(), []imagefolder.Geometry{g}
	options.MaxPixels = cmp.Or(o.Limits, t.Model.Limits()).MaxPixels
	return imagefolder.Load(ctx, dir, options)
}
