package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/features/input"
	"github.com/headstart-nb/headstart/models/features/rowfile"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/weights"
)

// featuresFlags are those of the command features.
type featuresFlags struct {
	data              datasets.Flags
	model             transfer.ModelFlags
	architecture, out string
	shards            shardFlags
	sets              []*pflag.FlagSet
}

func featuresCommand(p *transfer.Presenter) *cobra.Command {
	var o featuresFlags
	cmd := &cobra.Command{
		Use:   "features INPUT...",
		Short: "Compute the backbone's features of every image in a folder, in archives or in a bucket",
		Long: `Compute the backbone's features of every image. OUT is a safetensors file: its tensor "features" is
[images, dim], or [images, height, width, dim] without pooling. The images' paths stand in the same order as a JSON list in the
file's metadata under "paths".

INPUT is a folder, whose images come in the sorted order of their relative paths; a .csv or .jsonl of paths and labels; a .txt with a
path or an address in each line; tar archives, in WebDataset's layout or any other, also as data-{000..063}.tar; or s3://BUCKET/KEY,
an object or all below a prefix. Archives and objects are streamed, without a copy on this machine. Labels of a list, of an
archive's .cls files and of edits stand in the metadata under "labels". Object storage is found by AWS_ENDPOINT_URL, AWS_REGION and the usual credentials.

With --shard I --of N only every N-th image or archive is computed, beginning with the I-th, and OUT is a folder that keeps features
by the images' content: a shard that was killed is run again without harm. headstart features merge writes the file of all shards; its
bytes are those of one process. Shards, and several inputs at once, read the images as they are: edits, and copies between train, val
and test folders, change nothing. The status is 1 for a failure that may pass, and 3 for one that trying again repeats.`,
		Example: `  headstart features images/ --out features.safetensors
  headstart features images/ --weights sample --pool none --out maps.safetensors
  headstart features images/ --shard 0 --of 8 --out cache
  headstart features merge cache --out features.safetensors
  headstart features 'data-{000..063}.tar' --out features.safetensors
  headstart features s3://photos/2026/ --shard 0 --of 8 --out cache
  headstart features /data/images --of 64 --out /data/cache --manifest`,
		Args: commandline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if o.out == "" {
				return commandline.Usagef("compute the features of %s: --out is missing; it names the file to write, or the folder of a shard", args[0])
			}
			if err := share(c.Flags(), o.sets...); err != nil {
				return err
			}
			if err := o.shards.complete(c.Flags()); err != nil {
				return err
			}
			if err := o.model.Check(); err != nil {
				return &commandline.UsageError{Err: err}
			}
			return command(c, progressPage(c, false), func(ctx context.Context, page output.Page) error {
				switch {
				case o.shards.manifest:
					return printManifest(page.Stdout(), c, args, o)
				case o.shards.of > 0:
					return computeShard(ctx, page, p, args, o)
				}
				if err := checkOut(o.out); err != nil {
					return err
				}
				if input.Streamed(args) {
					return writeStreamed(ctx, page, p, args, o)
				}
				return writeFeatures(ctx, page, p, args[0], o.architecture, o.out, o.data, o.model)
			})
		},
	}
	o.sets = []*pflag.FlagSet{
		without(flagSet(o.data.Declare), "name", "val", "test", "follow-split", "group-by"), without(flagSet(o.model.Declare), "head", "name", "top"),
	}
	addShared(cmd.Flags(), o.sets...)
	declareArchitecture(cmd.Flags(), &o.architecture)
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "safetensors file to write, or the folder that keeps shards")
	o.shards.declare(cmd.Flags())
	cmd.AddCommand(mergeCommand(), featuresTrainCommand(p))
	return cmd
}

// checkOut refuses a file that cannot be written, before the work that would be lost.
func checkOut(out string) error {
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		return fmt.Errorf("write the features: %s is a folder: --out names a file", out)
	}
	info, err := os.Stat(filepath.Dir(out))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", filepath.Dir(out))
	}
	if err != nil {
		return fmt.Errorf("write the features: write %s: %w: make the folder, or choose another --out", out, err)
	}
	return nil
}

func writeFeatures(
	ctx context.Context, page output.Page, p *transfer.Presenter, dir, architecture, out string, data datasets.Flags, model transfer.ModelFlags,
) error {
	f, err := p.Features(ctx, page, dir, architecture, data, model)
	if err != nil {
		return err
	}
	paths, labels := pathsAndLabels(f.Dataset)
	metadata, err := rowfile.Describe(paths, labels, f.Backbone)
	if err != nil {
		return err
	}
	err = atomicfile.WriteResult(out, func(w io.Writer) error {
		return weights.Write(w, map[string]weights.Float32{rowfile.Tensor: {Shape: f.Shape, Values: f.Values}}, metadata)
	})
	if err != nil {
		return fmt.Errorf("write the features: %w", err)
	}
	_, err = fmt.Fprintf(page.Stdout(), "wrote %s: %v; %s\n", out, f.Shape, f.Line)
	return err
}

// pathsAndLabels are those of a dataset's images. There are no labels where the paths give the same ones.
func pathsAndLabels(data *imagefolder.Dataset) (paths, labels []string) {
	paths, labels = make([]string, len(data.Items)), make([]string, len(data.Items))
	for i, item := range data.Items {
		paths[i], labels[i] = item.Path, data.Classes[item.Label]
	}
	if folders, _ := rowfile.FromPaths(paths); !data.Listed && slices.Equal(folders, labels) {
		return paths, nil
	}
	return paths, labels
}
