package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics/commandline"
	"github.com/headstart-nb/headstart/magics/transfer"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/lab/teaching"
)

func teachCommand(p *transfer.Presenter) *cobra.Command {
	var o transfer.TeachSavedFlags
	var asJSON bool
	model := without(flagSet(o.Model.Declare), "name", "top", "head")
	cmd := &cobra.Command{
		Use:   "teach MODEL [FILE...]",
		Short: "Add images of a class to a saved model that predicts by them at once, without a training",
		Long: `Add images of a class to a saved model that predicts by them at once, without a training. MODEL is a folder; the first command makes
it, with the backbone that its flags choose, and later ones keep that. FILE may be a folder. The model is a nearest centroid on the
backbone's features, as %teach makes it in a notebook: two classes are enough, and an image that was taught as another class moves to the
new one. Without FILE the command lists what was taught. The folder is replaced as a whole; where a command fails it stays as it was.`,
		Example: `  headstart teach pets photos/cats/ --class cat
  headstart teach pets rex.jpg bello.jpg --class dog
  headstart predict pets new.jpg
  headstart teach pets --undo`,
		Args: commandline.Args(1, -1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := share(c.Flags(), model); err != nil {
				return err
			}
			if err := o.Check(args[1:]); err != nil {
				return &commandline.UsageError{Err: err}
			}
			if err := keepsBackbone(args[0], model); err != nil {
				return err
			}
			return command(c, resultPage(c, asJSON), func(ctx context.Context, page output.Page) error {
				return p.TeachSaved(ctx, page, args[0], files(args[1:]), o)
			})
		},
	}
	o.Declare(cmd.Flags())
	declareArchitecture(cmd.Flags(), &o.Architecture)
	addShared(cmd.Flags(), model)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// keepsBackbone refuses flags that would choose another backbone than that of a model that is there.
func keepsBackbone(dir string, given *pflag.FlagSet) (err error) {
	if there, failed := teaching.InFolder(dir); failed != nil || !there {
		return nil //nolint:nilerr // what does the work says what is wrong with the folder
	}
	given.Visit(func(f *pflag.Flag) {
		if err == nil && !slices.Contains([]string{"weights", "offline", "device"}, f.Name) {
			err = commandline.Usagef("teach %s: it is there, and keeps the backbone that it began with; leave out --%s", dir, f.Name)
		}
	})
	return err
}
