package datasets

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/recipeflag"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
)

// Flags are the choices of %dataset load; the command line shares them.
type Flags struct {
	Name        string
	Val, Test   float64
	Size        int
	Seed        int64
	FollowSplit bool
	Resize      string
	Decode      string
	MaxPixels   int64
	FollowLinks bool
	GroupBy     string
	Rehash      bool
}

// Declare declares the flags.
func (o *Flags) Declare(f *pflag.FlagSet) {
	f.StringVar(&o.Name, "name", "", "name of the dataset; by default the folder's")
	f.Float64Var(&o.Val, "val", 0.2, "fraction of the images for validation")
	f.Float64Var(&o.Test, "test", 0, "fraction of the images for testing")
	f.IntVar(&o.Size, "size", 224, "image size: height and width in pixels")
	f.Int64Var(&o.Seed, "seed", 42, "seed of the split")
	f.BoolVar(&o.FollowSplit, "follow-split", false, "keep the split of the folder's own train, val and test folders, even where images are shared")
	magics.Enum(f, &o.Resize, "resize", resizeAuto, []string{resizeAuto, "bilinear", "nearest", "crop"},
		"resize method: bilinear as PIL, nearest as Keras's flow_from_directory, crop as torchvision; auto is that of the weights")
	magics.Enum(f, &o.Decode, "decode", string(imageio.DefaultDecoding), []string{string(imageio.Exact), string(imageio.Scaled)},
		"decoding: exact, or scaled, which reads large JPEGs at a reduced size, as PIL's draft mode, twice as fast")
	f.Int64Var(&o.MaxPixels, "max-pixels", 0, "skip images with more pixels; 0 means 50 million")
	magics.Enum(f, &o.GroupBy, "group-by", "", []string{string(imagefolder.GroupByFolder), string(imagefolder.GroupByPrefix)},
		"keep the images of one video or patient in one split: by their folder, or by the prefix of their names")
	f.BoolVar(&o.Rehash, "rehash", false, "read every file again, also one with the size, times and inode of the last check")
	f.BoolVar(&o.FollowLinks, "follow-links", false, "follow symbolic links that stay inside the folder")
}

// resizeAuto leaves the resize method to the weights of the model.
const resizeAuto = "auto"

// Method is the resize method; empty: that of the weights.
func (o Flags) Method() imagefolder.Method {
	if o.Resize == resizeAuto {
		return ""
	}
	return imagefolder.Method(o.Resize)
}

// Options are what the flags ask for.
func (o Flags) Options(progress func(done, total int, what string)) imagefolder.Options {
	options := imagefolder.DefaultOptions()
	options.Name, options.Val, options.Test, options.Size, options.Method = o.Name, o.Val, o.Test, o.Size, o.Method()
	options.Decode, options.Rehash = imageio.Decoding(o.Decode), o.Rehash
	options.Keep = []imagefolder.Geometry{drawing.ItemGeometry(options.Decode)}
	options.Seed, options.FollowSplit, options.FollowLinks = o.Seed, o.FollowSplit, o.FollowLinks
	options.GroupBy, options.Progress = imagefolder.GroupBy(o.GroupBy), progress
	if o.MaxPixels != 0 {
		options.MaxPixels = o.MaxPixels
	}
	return options
}

type sampleFlags struct {
	Classes, PerClass int
	Flags
}

type showFlags struct {
	Class, Split, Augment string
	Limit                 int
	Augmented, Map        bool
	Sizes, Duplicates     bool
	flags                 *pflag.FlagSet // to see which were given
}

// A view is what a flag of %dataset show draws instead of the dataset as a whole.
type view struct {
	flag    string
	asked   bool
	ignores []string // flags that would change nothing
}

// check refuses flags of which one would be ignored.
func (o showFlags) check() error {
	chosen := view{ignores: []string{"augment"}}
	for _, v := range []view{
		{"augmented", o.Augmented, nil}, {"map", o.Map, []string{"augment", "limit"}}, {"sizes", o.Sizes, []string{"augment", "limit"}},
		{"duplicates", o.Duplicates, []string{"augment"}},
	} {
		switch {
		case v.asked && chosen.asked:
			return fmt.Errorf("show a dataset: --%s and --%s are different figures: choose one", chosen.flag, v.flag)
		case v.asked:
			chosen = v
		}
	}
	for _, flag := range chosen.ignores {
		switch {
		case !o.flags.Changed(flag):
		case chosen.asked:
			return fmt.Errorf("show a dataset: --%s has no effect with --%s: leave it out", flag, chosen.flag)
		default:
			return fmt.Errorf("show a dataset: --%s has no effect without --augmented: add that, or leave it out", flag)
		}
	}
	return nil
}

// Magic is %dataset.
func (p *Presenter) Magic() magics.Magic {
	return &magics.Group{
		Use:   "dataset",
		Short: "Loads, checks and shows images",
		Commands: []magics.Subcommand{
			&magics.Command[Flags]{
				Use:     "load DIR",
				Short:   "Checks a folder of images with one folder per class, splits it and shows it",
				Long:    "DIR is a folder with one folder per class, or with train, val and test folders that hold them;\na .csv file of paths and labels, a .zip or .tar archive, or @NAME, a variable of Go cells with paths and labels, will do as well.",
				Example: "%dataset load ~/images/trash --val 0.2",
				Args:    magics.Args{Min: 1, Max: 1, Complete: magics.Files},
				JSON:    true,
				Flags:   func(f *pflag.FlagSet, o *Flags) { o.Declare(f) },
				Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *Flags) error {
					return p.Load(ctx, output.Of(in), in.Args[0], *o)
				}),
			},
			&magics.Command[sampleFlags]{
				Use:     "sample",
				Short:   "Draws a dataset of generated images, to try things without a folder",
				Example: "%dataset sample --classes 10 --per-class 60",
				JSON:    true,
				Flags: func(f *pflag.FlagSet, o *sampleFlags) {
					f.IntVar(&o.Classes, "classes", 10, "number of classes")
					f.IntVar(&o.PerClass, "per-class", 60, "number of images in each class")
					o.Declare(f)
				},
				Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *sampleFlags) error {
					page := output.Of(in)
					bar := page.Bar(ctx, "drawing images", "images")
					data, err := p.lab.SampleDataset(ctx, imagefolder.SampleOptions{
						Classes: o.Classes, PerClass: o.PerClass, Seed: o.Seed, Load: o.Options(bar.Report),
					})
					bar.End()
					if err != nil {
						return err
					}
					return p.show(ctx, page, data, shownImages)
				}),
			},
			&magics.Command[showFlags]{
				Use:     "show [NAME]",
				Short:   "Shows a dataset again, or one class of it",
				Example: "%dataset show trash --class glass\n%dataset show --duplicates\n%dataset show --map",
				Args:    magics.Args{Max: 1, Complete: p.complete},
				Flags: func(f *pflag.FlagSet, o *showFlags) {
					o.flags = f
					f.StringVar(&o.Class, "class", "", "class to show; by default all")
					magics.Enum(f, &o.Split, "split", "", []string{"train", "val", "test"}, "split to show; by default all")
					f.BoolVar(&o.Augmented, "augmented", false, "show the images as a training with --augment changes them")
					f.StringVar(&o.Augment, "augment", recipeflag.ExampleAugment, "augmentation of --augmented")
					f.IntVar(&o.Limit, "limit", shownImages, "most images in the grid")
					f.BoolVar(&o.Sizes, "sizes", false, "widths, heights and aspect ratios of the images")
					f.BoolVar(&o.Duplicates, "duplicates", false, "images beside their copies and near-copies, of which one is of --class and --split")
					f.BoolVar(&o.Map, "map", false, "map of the images by the model's features")
				},
				Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *showFlags) error {
					return p.showAgain(ctx, output.Of(in), cmp.Or(in.Args...), *o)
				}),
			},
		},
	}
}

// Load checks and splits a folder, and shows it.
func (p *Presenter) Load(ctx context.Context, page output.Page, dir string, o Flags) error {
	data, err := p.open(ctx, page, dir, o)
	if err != nil {
		return err
	}
	return p.show(ctx, page, data, shownImages)
}

// Open checks and splits a folder, and shows no more than how far that has come.
func (p *Presenter) Open(ctx context.Context, page output.Page, dir string, o Flags) error {
	_, err := p.open(ctx, page, dir, o)
	return err
}

func (p *Presenter) open(ctx context.Context, page output.Page, dir string, o Flags) (*imagefolder.Dataset, error) {
	bar := page.Bar(ctx, "checking images", "files")
	defer bar.End()
	return p.lab.LoadDataset(ctx, dir, o.Options(bar.Report))
}

func (p *Presenter) complete(context.Context, []string, string) []string {
	return p.lab.Datasets()
}

func (p *Presenter) showAgain(ctx context.Context, page output.Page, name string, o showFlags) error {
	if err := o.check(); err != nil {
		return err
	}
	data, err := p.lab.Dataset(name)
	if err != nil {
		return err
	}
	picked, err := input.Spread(data, o.Class, o.Split, len(data.Items))
	if err != nil {
		return err
	}
	part := ""
	for _, of := range []struct{ what, name string }{{"class", o.Class}, {"split", o.Split}} {
		if of.name != "" {
			part += fmt.Sprintf(" of the %s %s", of.what, imagefolder.Printable(of.name))
		}
	}
	switch {
	case o.Augmented:
		return p.showAugmented(ctx, page, data, o)
	case o.Map:
		return p.showMap(ctx, page, data, o)
	case o.Sizes:
		return showSizes(ctx, page, data, picked, part)
	case o.Duplicates:
		wanted := map[int]bool{}
		for _, i := range picked {
			wanted[i] = true
		}
		pairs := slices.DeleteFunc(drawing.DuplicatePairs(data), func(pair drawing.Pair) bool { return !wanted[pair.First] && !wanted[pair.Second] })
		if len(pairs) == 0 {
			return page.Printf("%s has no image%s twice\n", imagefolder.Printable(data.Name), part)
		}
		return showDuplicates(ctx, page, p.reader, data, pairs, part, max(1, o.Limit/2))
	case part == "":
		return p.show(ctx, page, data, o.Limit)
	}
	return showGallery(ctx, page, data, o.Class, o.Split, o.Limit)
}
