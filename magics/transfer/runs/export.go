package runs

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
)

// ExportFlags are the choices of %runs export; the command line shares them.
type ExportFlags struct {
	TensorBoard string
}

// Declare declares the flags.
func (o *ExportFlags) Declare(f *pflag.FlagSet) {
	magics.Path(f, &o.TensorBoard, "tensorboard", "", "folder for TensorBoard's event files; each run gets a folder of its name")
}

func exportRunsCommand(p *Presenter) magics.Subcommand {
	return &magics.Command[ExportFlags]{
		Use:   "export RUN...",
		Short: "Writes the curves and hyper-parameters of runs to TensorBoard's event files",
		Long: "The names of the values are those of Keras, so that runs of both stand in one chart; epochs count from 1, where Keras\n" +
			"counts from 0. %train --tensorboard DIR writes them while it trains.",
		Example: "%runs export first second --tensorboard logs",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: p.CompleteWithModels},
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *ExportFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *ExportFlags) error {
			return p.Export(ctx, output.Of(in), *o, in.Args)
		}),
	}
}

// Export writes runs for another program.
func (p *Presenter) Export(ctx context.Context, page output.Page, o ExportFlags, names []string) error {
	if o.TensorBoard == "" {
		return fmt.Errorf("export runs: say where to with --tensorboard DIR")
	}
	if err := p.lab.ExportRuns(o.TensorBoard, names); err != nil {
		return err
	}
	dir := o.TensorBoard
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	if page.JSON {
		return page.Result(ctx, map[string]any{"exported": names, "dir": dir}, nil)
	}
	return page.Printf("%s: written to %s; tensorboard --logdir %s shows them\n", magics.JoinWords(names), dir, dir)
}
