package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/output"
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
		Use:   "features DIR",
		Short: "Compute the backbone's features of every image in a folder",
		Long: `Compute the backbone's features of every image in a folder. OUT is a safetensors file: its tensor "features" is
[images, dim], or [images, height, width, dim] without pooling, in the sorted order of the images' relative paths,
which stand as a JSON list in the file's metadata under "paths".

With --shard I --of N only every N-th image is computed, beginning with the I-th, and OUT is a folder that keeps features by the
images' content: a shard that was killed is run again without harm. headstart features merge writes the file of all shards; its
bytes are those of one process. Shards read the folder as it is: edits, and copies between train, val and test folders, change
nothing. The status is 1 for a failure that may pass, and 3 for one that trying again repeats.`,
		Example: `  headstart features images/ --out features.safetensors
  headstart features images/ --weights sample --pool none --out maps.safetensors
  headstart features images/ --shard 0 --of 8 --out cache
  headstart features merge cache --out features.safetensors
  headstart features /data/images --of 64 --out /data/cache --manifest`,
		Args: commandline.Args(1, 1),
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
					return printManifest(page.Stdout(), c, args[0], o)
				case o.shards.of > 0:
					return computeShard(ctx, page, p, args[0], o)
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
	cmd.AddCommand(mergeCommand())
	return cmd
}

func writeFeatures(
	ctx context.Context, page output.Page, p *transfer.Presenter, dir, architecture, out string, data datasets.Flags, model transfer.ModelFlags,
) error {
	f, err := p.Features(ctx, page, dir, architecture, data, model)
	if err != nil {
		return err
	}
	paths := make([]string, len(f.Dataset.Items))
	for i, item := range f.Dataset.Items {
		paths[i] = item.Path
	}
	names, err := json.Marshal(paths)
	if err != nil {
		return err
	}
	err = atomicfile.WriteFile(out, func(w io.Writer) error {
		return weights.Write(w, map[string]weights.Float32{"features": {Shape: f.Shape, Values: f.Values}}, map[string]string{"paths": string(names)})
	})
	if err != nil {
		return fmt.Errorf("write the features: %w", err)
	}
	_, err = fmt.Fprintf(page.Stdout(), "wrote %s: %v; %s\n", out, f.Shape, f.Line)
	return err
}
