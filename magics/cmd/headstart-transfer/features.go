package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/weights"
)

func featuresCommand(p *transfer.Presenter) *cobra.Command {
	var data transfer.DatasetFlags
	var model transfer.ModelFlags
	var architecture, out string
	dataSet, modelSet := without(flagSet(data.Declare), "name", "val", "test", "follow-split", "group-by"), without(flagSet(model.Declare), "head", "name", "top")
	cmd := &cobra.Command{
		Use:   "features DIR",
		Short: "Compute the backbone's features of every image in a folder",
		Long: `Compute the backbone's features of every image in a folder. OUT is a safetensors file: its tensor "features" is
[images, dim], or [images, height, width, dim] without pooling, in the sorted order of the images' relative paths,
which stand as a JSON list in the file's metadata under "paths".`,
		Example: `  headstart features images/ --out features.safetensors
  headstart features images/ --weights sample --pool none --out maps.safetensors`,
		Args: commandline.Args(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return commandline.Usagef("compute the features of %s: --out is missing; it names the file to write", args[0])
			}
			if err := share(c.Flags(), dataSet, modelSet); err != nil {
				return err
			}
			if err := model.Check(); err != nil {
				return &commandline.UsageError{Err: err}
			}
			return command(c, progressPage(c, false), func(ctx context.Context, page transfer.Page) error {
				return writeFeatures(ctx, page, p, args[0], architecture, out, data, model)
			})
		},
	}
	addShared(cmd.Flags(), dataSet, modelSet)
	declareArchitecture(cmd.Flags(), &architecture)
	cmd.Flags().StringVarP(&out, "out", "o", "", "safetensors file to write")
	return cmd
}

func writeFeatures(
	ctx context.Context, page transfer.Page, p *transfer.Presenter, dir, architecture, out string, data transfer.DatasetFlags, model transfer.ModelFlags,
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
