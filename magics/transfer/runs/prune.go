package runs

import (
	"context"
	"fmt"
	"math"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training/record"
)

func renameRunCommand(p *Presenter) magics.Subcommand {
	return &magics.Command[struct{}]{
		Use:     "rename RUN NAME",
		Short:   "Gives a run that has ended another name",
		Example: "%runs rename run-20260102-030405.678 baseline",
		Args:    magics.Args{Min: 2, Max: 2, Complete: p.Complete},
		JSON:    true,
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			return p.Rename(ctx, output.Of(in), in.Args[0], in.Args[1])
		}),
	}
}

// Rename gives a run another name and says so.
func (p *Presenter) Rename(ctx context.Context, page output.Page, name, to string) error {
	if err := p.lab.RenameRun(name, to); err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, map[string]string{"renamed": name, "to": to}, nil)
	}
	return page.Printf("renamed %s to %s\n", name, to)
}

func removeRunsCommand(p *Presenter) magics.Subcommand {
	return &magics.Command[struct{}]{
		Use:     "rm RUN...",
		Short:   "Removes runs with their weights; saved models stay",
		Example: "%runs rm first second",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: p.Complete},
		JSON:    true,
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			return p.Remove(ctx, output.Of(in), in.Args)
		}),
	}
}

// Remove removes runs and says so.
func (p *Presenter) Remove(ctx context.Context, page output.Page, names []string) error {
	if err := p.lab.RemoveRuns(names); err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, map[string]any{"removed": names}, nil)
	}
	return page.Printf("removed %s\n", magics.JoinWords(names))
}

// PruneFlags are the choices of %runs prune; the command line shares them.
type PruneFlags struct {
	MiB int64
}

// Declare declares the flags.
func (o *PruneFlags) Declare(f *pflag.FlagSet) {
	f.Int64Var(&o.MiB, "max-mib", lab.RunsQuota>>20, "room for the weights of all runs, in MiB")
}

func pruneRunsCommand(p *Presenter) magics.Subcommand {
	return &magics.Command[PruneFlags]{
		Use:   "prune",
		Short: "Removes the weights of the oldest runs until the rest fits",
		Long: "Runs that have ended come first, then those that could be resumed; the latest run keeps its weights. Records stay: such\n" +
			"a run is listed and can be verified, and its model cannot be used. Each training that ends does the same with the default.",
		Example: "%runs prune --max-mib 500",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *PruneFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *PruneFlags) error {
			return p.Prune(ctx, output.Of(in), *o)
		}),
	}
}

// Prune removes the weights of the oldest runs and says which.
func (p *Presenter) Prune(ctx context.Context, page output.Page, o PruneFlags) error {
	if o.MiB < 0 { // where -1 may be meant as no limit, it would remove all but the latest
		return fmt.Errorf("prune the runs: --max-mib must be 0 or more; got %d", o.MiB)
	}
	pruned, err := p.lab.PruneRuns(min(o.MiB, math.MaxInt64>>20) << 20)
	if err != nil {
		return err
	}
	left, err := p.lab.RunsSize()
	if err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, map[string]any{"pruned": append([]record.Pruned{}, pruned...), "bytes_left": left}, nil)
	}
	for _, r := range pruned {
		if err := page.Printf("removed the weights of %s (%s)\n", r.Run, drawing.Bytes(r.Bytes)); err != nil {
			return err
		}
	}
	return page.Printf("the weights of the runs take %s\n", drawing.Bytes(left))
}
