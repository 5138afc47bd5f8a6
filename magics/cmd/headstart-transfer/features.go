package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/models/weights"
)

func featuresCommand(lab *transfer.Lab) *cobra.Command {
	var data transfer.DatasetFlags
	var model transfer.ModelFlags
	var architecture, out string
	dataSet, modelSet := without(flagSet(data.Declare), "name", "val", "test", "follow-split"), without(flagSet(model.Declare), "head", "name")
	command := &cobra.Command{
		Use:   "features DIR",
		Short: "Compute the backbone's features of every image in a folder",
		Long: `Compute the backbone's features of every image in a folder. OUT is a safetensors file: its tensor "features" is
[images, dim], or [images, height, width, dim] without pooling, in the sorted order of the images' relative paths,
which stand as a JSON list in the file's metadata under "paths".`,
		Args: takes(1, 1),
		RunE: func(c *cobra.Command, args []string) error {
			if out == "" {
				return fmt.Errorf("computing the features of %s: --out names the file to write", args[0])
			}
			return writeFeatures(c.Context(), c, lab, args[0], architecture, out, data, model)
		},
	}
	addNew(command.Flags(), dataSet, modelSet)
	command.Flags().StringVar(&architecture, "architecture", "resnet50", "resnet50, resnet101 or resnet152")
	command.Flags().StringVarP(&out, "out", "o", "", "the file to write")
	return command
}

func writeFeatures(ctx context.Context, c *cobra.Command, lab *transfer.Lab, dir, architecture, out string, data transfer.DatasetFlags, model transfer.ModelFlags) error {
	data.Val = 0
	screen := newTerminal(c.ErrOrStderr(), c.ErrOrStderr(), c.ErrOrStderr())
	images, err := lab.LoadDataset(ctx, dir, data, nil)
	if err != nil {
		return err
	}
	for _, aside := range images.Skipped {
		fmt.Fprintf(c.ErrOrStderr(), "skipped %q: %s\n", aside.Path, aside.Reason)
	}
	m, err := lab.BuildModel(ctx, architecture, images.Options.Size, model, nil)
	if err != nil {
		return err
	}
	values, shape, line, err := lab.DatasetFeatures(ctx, m, images, screen)
	if err != nil {
		return err
	}
	paths := make([]string, len(images.Items))
	for i, item := range images.Items {
		paths[i] = item.Path
	}
	names, err := json.Marshal(paths)
	if err != nil {
		return err
	}
	err = atomicfile.WriteFile(out, func(w io.Writer) error {
		return weights.Write(w, map[string]weights.Float32{"features": {Shape: shape, Values: values}}, map[string]string{"paths": string(names)})
	})
	if err != nil {
		return fmt.Errorf("writing the features: %w", err)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s: %v; %s\n", out, shape, line)
	return err
}
