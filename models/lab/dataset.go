package lab

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/resized"
)

// LoadDataset checks and splits a folder, a list or an archive, and makes it the current dataset.
func (l *Lab) LoadDataset(ctx context.Context, source string, o imagefolder.Options) (*imagefolder.Dataset, error) {
	source, err := ExpandHome(source)
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
	l.datasets.put(data.Name, loaded{data, source})
	l.mu.Unlock()
	l.leave("last.dataset", Summarize(data))
}

// Dataset returns the dataset of a name; an empty name is the current one.
func (l *Lab) Dataset(name string) (*imagefolder.Dataset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.datasets.get(name); ok {
		return d.data, nil
	}
	return nil, &NotFoundError{KindDataset, name, l.datasets.names()}
}

// Datasets lists the names of the datasets, the current one last.
func (l *Lab) Datasets() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.datasets.names()
}

// datasetOf finds a loaded dataset by its digest; nil where there is none.
func (l *Lab) datasetOf(digest string) *imagefolder.Dataset {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.datasets.all() {
		if d.data.Digest == digest {
			return d.data
		}
	}
	return nil
}

// labeledFolder reads a folder, unsplit, under the labels that a model knows its classes by.
func (l *Lab) labeledFolder(ctx context.Context, t *Trained, o EvaluateOptions) (*imagefolder.Dataset, error) {
	dir, err := ExpandHome(o.Dir)
	if err != nil {
		return nil, err
	}
	options := imagefolder.DefaultOptions()
	g := t.Geometry()
	options.Val, options.Size, options.Classes, options.StateDir = 0, g.Size, t.Model.Classes, l.cacheDir("datasets")
	options.Pixels, options.Keep = l.pixels(), []imagefolder.Geometry{g}
	options.MaxPixels = cmp.Or(o.Limits, t.Model.Limits()).MaxPixels
	return imagefolder.Load(ctx, dir, options)
}

// DatasetSummary is what programs get of a dataset.
type DatasetSummary struct {
	Name    string                `json:"name"`
	Root    string                `json:"root"`
	Digest  string                `json:"digest"`
	Images  int                   `json:"images"`
	Unread  int                   `json:"unread,omitempty"` // files that were taken to be those of the last check by their size, times and inode
	Classes []ClassSummary        `json:"classes"`
	Skipped []imagefolder.Skipped `json:"skipped"`
	Notes   []diagnosis.Diagnosis `json:"notes"`
}

// A DatasetListing is a summary with all images.
type DatasetListing struct {
	DatasetSummary
	Items []ListedItem `json:"items"`
}

// A ListedItem is one image of a dataset.
type ListedItem struct {
	Path  string `json:"path"` // relative to the root
	Class string `json:"class"`
	Split string `json:"split"`
}

// ListItems describes a dataset with all its images.
func ListItems(data *imagefolder.Dataset) DatasetListing {
	list := DatasetListing{DatasetSummary: Summarize(data), Items: make([]ListedItem, len(data.Items))}
	for i, item := range data.Items {
		list.Items[i] = ListedItem{Path: item.Path, Class: data.Classes[item.Label], Split: item.Split}
	}
	return list
}

// ClassSummary counts the images of a class by split.
type ClassSummary struct {
	Name  string `json:"name"`
	Train int    `json:"train"`
	Val   int    `json:"val"`
	Test  int    `json:"test"`
}

// Summarize describes a dataset.
func Summarize(data *imagefolder.Dataset) DatasetSummary {
	s := DatasetSummary{
		Name: data.Name, Root: data.Root, Digest: data.Digest, Images: len(data.Items),
		Classes: []ClassSummary{}, Skipped: []imagefolder.Skipped{}, Notes: []diagnosis.Diagnosis{},
	}
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	for label, class := range data.Classes {
		s.Classes = append(s.Classes, ClassSummary{Name: class, Train: train[label], Val: val[label], Test: test[label]})
	}
	s.Skipped = append(s.Skipped, data.Skipped...)
	s.Notes = append(s.Notes, data.Diagnoses...)
	return s
}

// Spread picks up to limit items so that the classes take turns. An empty class or split means all.
func Spread(data *imagefolder.Dataset, class, split string, limit int) ([]int, error) {
	wanted := -1
	for label, name := range data.Classes {
		if name == class {
			wanted = label
		}
	}
	if class != "" && wanted < 0 {
		return nil, &NotFoundError{KindClass, class, data.Classes}
	}
	byClass := make([][]int, len(data.Classes))
	for i, item := range data.Items {
		if (split == "" || item.Split == split) && (wanted < 0 || item.Label == wanted) {
			byClass[item.Label] = append(byClass[item.Label], i)
		}
	}
	var picked []int
	for round := 0; len(picked) < limit; round++ {
		before := len(picked)
		for _, items := range byClass {
			if round < len(items) && len(picked) < limit {
				picked = append(picked, items[round])
			}
		}
		if len(picked) == before {
			break
		}
	}
	return picked, nil
}

// ItemFile is the file of an item of a dataset.
func ItemFile(data *imagefolder.Dataset, item int) string {
	return filepath.Join(data.Root, filepath.FromSlash(data.Items[item].Path))
}
