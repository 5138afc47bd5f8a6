package transfer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// DatasetFlags are the choices of %dataset load; the command line shares them.
type DatasetFlags struct {
	Name        string
	Val, Test   float64
	Size        int
	Seed        int64
	FollowSplit bool
	Resize      string
	MaxPixels   int64
	FollowLinks bool
	JSON        bool
}

// Declare declares the flags.
func (o *DatasetFlags) Declare(f *pflag.FlagSet) {
	f.StringVar(&o.Name, "name", "", "what to call the dataset; by default the folder's name")
	f.Float64Var(&o.Val, "val", 0.2, "share of the images for validation")
	f.Float64Var(&o.Test, "test", 0, "share of the images for the test")
	f.IntVar(&o.Size, "size", 224, "height and width in pixels that the model sees")
	f.Int64Var(&o.Seed, "seed", 42, "seed of the split")
	f.BoolVar(&o.FollowSplit, "follow-split", false, "keep the folder's own train, val and test folders to the letter")
	magics.Enum(f, &o.Resize, "resize", "bilinear", []string{"bilinear", "nearest", "crop"},
		"how an image gets its size: squeezed as PIL does it, as Keras's flow_from_directory, or cropped as torchvision")
	f.Int64Var(&o.MaxPixels, "max-pixels", 0, "set images with more pixels aside; 0 means 50 million")
	f.BoolVar(&o.FollowLinks, "follow-links", false, "read through symbolic links that stay inside the folder")
}

func (o *DatasetFlags) options(state string, progress func(done, total int, what string)) imagefolder.Options {
	val := o.Val
	if val == 0 {
		val = -1 // imagefolder takes 0 for its default
	}
	return imagefolder.Options{
		Name: o.Name, Val: val, Test: o.Test, Size: o.Size, Method: imagefolder.Method(o.Resize),
		Seed: o.Seed, FollowSplit: o.FollowSplit, FollowLinks: o.FollowLinks, MaxPixels: o.MaxPixels, StateDir: state, Progress: progress,
	}
}

// LoadDataset checks and splits a folder, and makes it the current dataset.
func (l *Lab) LoadDataset(ctx context.Context, dir string, o DatasetFlags, progress func(done, total int, what string)) (*imagefolder.Dataset, error) {
	if o.Val < 0 || o.Test < 0 || o.Val+o.Test >= 1 {
		return nil, fmt.Errorf("splitting %s with --val %g --test %g: both are shares from 0 to below 1 that leave something to train on", dir, o.Val, o.Test)
	}
	dir, err := expandHome(dir)
	if err != nil {
		return nil, err
	}
	data, err := imagefolder.Load(ctx, dir, o.options(l.stateDir("datasets"), progress))
	if err != nil {
		return nil, err
	}
	l.keepDataset(data, dir)
	return data, nil
}

func (l *Lab) keepDataset(data *imagefolder.Dataset, source string) {
	l.mu.Lock()
	l.sources[data.Name] = source
	l.datasets.put(data.Name, data)
	l.mu.Unlock()
	l.leave("last.dataset", summarize(data))
}

// stateDir is a folder below the state folder, or empty where nothing is kept on disk.
func (l *Lab) stateDir(name string) string {
	if l.home == "" {
		return ""
	}
	return filepath.Join(l.home, "cache", name)
}

func expandHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~")
	if !ok || (rest != "" && rest[0] != '/') {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("finding the home folder for %s: %w", path, err)
	}
	return home + rest, nil
}

type sampleFlags struct {
	Classes, PerClass int
	DatasetFlags
}

type showFlags struct {
	Class, Split, Augment string
	Limit                 int
	Augmented, Map        bool
}

func datasetMagic(l *Lab) magics.Magic {
	group := &magics.Group{
		Use:   "dataset",
		Short: "Loads, checks and shows images",
		Commands: []magics.Subcommand{
			&magics.Command[DatasetFlags]{
				Use:     "load DIR",
				Short:   "Checks a folder of images with one folder per class, splits it and shows it",
				Long:    "DIR is a folder with one folder per class, or with train, val and test folders that hold them;\na .csv file of paths and labels, or a .zip or .tar archive, will do as well.",
				Example: "%dataset load ~/images/trash --val 0.2",
				Args:    magics.Args{Min: 1, Max: 1, Complete: magics.Files},
				JSON:    true,
				Flags:   func(f *pflag.FlagSet, o *DatasetFlags) { o.Declare(f) },
				Do: func(ctx context.Context, in *magics.Invocation, o *DatasetFlags) error {
					bar := newBar(ctx, in, "checking images", "files")
					data, err := l.LoadDataset(ctx, in.Args[0], *o, bar.report)
					bar.end()
					if err != nil {
						return err
					}
					return l.showDataset(ctx, in, data)
				},
			},
			&magics.Command[sampleFlags]{
				Use:     "sample",
				Short:   "Draws a dataset of generated images, to try things without a folder",
				Example: "%dataset sample --classes 10 --per-class 60",
				JSON:    true,
				Flags: func(f *pflag.FlagSet, o *sampleFlags) {
					f.IntVar(&o.Classes, "classes", 10, "number of classes")
					f.IntVar(&o.PerClass, "per-class", 60, "images in each class")
					o.Declare(f)
				},
				Do: func(ctx context.Context, in *magics.Invocation, o *sampleFlags) error {
					bar := newBar(ctx, in, "drawing images", "images")
					data, err := l.sampleDataset(ctx, *o, bar.report)
					bar.end()
					if err != nil {
						return err
					}
					return l.showDataset(ctx, in, data)
				},
			},
			&magics.Command[showFlags]{
				Use:     "show [NAME]",
				Short:   "Shows a dataset again, or one class of it",
				Example: "%dataset show trash --class glass\n%dataset show --map",
				Args:    magics.Args{Max: 1, Complete: l.completeDatasets},
				Flags: func(f *pflag.FlagSet, o *showFlags) {
					f.StringVar(&o.Class, "class", "", "only this class")
					magics.Enum(f, &o.Split, "split", "", []string{"train", "val", "test"}, "only this side of the split")
					f.BoolVar(&o.Augmented, "augmented", false, "show the images as a training with --augment sees them")
					f.StringVar(&o.Augment, "augment", exampleAugment, "what --augmented does to them")
					f.IntVar(&o.Limit, "limit", 24, "images in the grid")
					f.BoolVar(&o.Map, "map", false, "a map on which images lie near those that the model's backbone finds alike")
				},
				Do: func(ctx context.Context, in *magics.Invocation, o *showFlags) error {
					return l.showAgain(ctx, in, first(in.Args), *o)
				},
			},
		},
	}
	return answers(group, l.answerDataset)
}

func (l *Lab) completeDatasets(context.Context, []string, string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.datasets.names()
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (l *Lab) sampleDataset(ctx context.Context, o sampleFlags, progress func(done, total int, what string)) (*imagefolder.Dataset, error) {
	root := l.stateDir("samples")
	if root == "" {
		shared, err := paths.Lasting()
		if err != nil {
			return nil, fmt.Errorf("keep the sample images: %w", err)
		}
		root = filepath.Join(shared, "samples")
	}
	if o.Name == "" {
		o.Name = "sample"
	}
	data, err := imagefolder.Sample(ctx, root, imagefolder.SampleOptions{
		Classes: o.Classes, PerClass: o.PerClass, Seed: o.Seed, Load: o.options(l.stateDir("datasets"), progress),
	})
	if err != nil {
		return nil, err
	}
	l.keepDataset(data, data.Root)
	return data, nil
}

func (l *Lab) showDataset(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset) error {
	if in.JSON {
		return in.Result(summarize(data), nil)
	}
	if err := in.Printf("%s\n", datasetLine(data)); err != nil {
		return err
	}
	if _, err := in.Show(ctx, classCounts(data)); err != nil {
		return err
	}
	if err := showGrid(ctx, in, data, "", "", 24); err != nil {
		return err
	}
	return showNotes(ctx, in, data)
}

func (l *Lab) showAgain(ctx context.Context, in *magics.Invocation, name string, o showFlags) error {
	data, err := l.Dataset(name)
	if err != nil {
		return err
	}
	if o.Augmented {
		return l.showAugmented(ctx, in, data, o)
	}
	if o.Map {
		return l.showMap(ctx, in, data, o)
	}
	if o.Class == "" && o.Split == "" {
		return l.showDataset(ctx, in, data)
	}
	return showGrid(ctx, in, data, o.Class, o.Split, o.Limit)
}

func datasetLine(data *imagefolder.Dataset) string {
	counts := map[string]int{}
	for _, item := range data.Items {
		counts[item.Split]++
	}
	line := fmt.Sprintf("%s: %d images in %d classes: %d to train, %d to validate", data.Name, len(data.Items), len(data.Classes),
		counts[imagefolder.Train], counts[imagefolder.Val])
	if counts[imagefolder.Test] > 0 {
		line += fmt.Sprintf(", %d to test", counts[imagefolder.Test])
	}
	if len(data.Skipped) > 0 {
		line += "; " + count(len(data.Skipped), "file") + " skipped"
	}
	return line
}

// count is "1 file", "2 files".
func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func classCounts(data *imagefolder.Dataset) display.Bundle {
	train, val, test := data.Count(imagefolder.Train), data.Count(imagefolder.Val), data.Count(imagefolder.Test)
	aside := map[string]int{}
	for _, s := range data.Skipped {
		class, _, _ := strings.Cut(s.Path, "/")
		aside[class]++
	}
	chart := figure.ClassCountsData{Title: data.Name}
	for label, class := range data.Classes {
		chart.Classes = append(chart.Classes, figure.ClassCount{
			Name: class, Train: train[label], Val: val[label], Test: test[label], Skipped: aside[class],
		})
	}
	return figure.ClassCounts(chart)
}
