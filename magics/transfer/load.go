package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/lab/predictor"
)

type loadFlags struct {
	Name, Weights, Run string
}

func loadMagic(p *Presenter) magics.Magic {
	return &magics.Command[loadFlags]{
		Use:     "load DIR | --run RUN",
		Short:   "Reads a model that %save wrote, or that of a run, and makes it the current one; nothing in the folder is run",
		Example: "%load models/trash\n%load --run first",
		Args:    magics.Args{Max: 1, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *loadFlags) {
			f.StringVar(&o.Name, "name", "", "name of the model; by default that of the folder or the run")
			f.StringVar(&o.Run, "run", "", "run whose model is loaded, whatever has been trained since, instead of a folder")
			magics.Path(f, &o.Weights, "weights", "", "file with the backbone's weights, for a model that was saved with --head-only, or to %verify the choice of its stages")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *loadFlags) error {
			loaded, err := p.load(ctx, in.Args, *o)
			if err != nil {
				return err
			}
			return in.Printf("loaded %s: %s, %d classes\n", loaded.Name, loaded.Model.Backbone().Name(), len(loaded.Model.Classes))
		}),
	}
}

func (p *Presenter) load(ctx context.Context, args []string, o loadFlags) (*predictor.Predictor, error) {
	switch {
	case len(args) == 0 && o.Run == "":
		return nil, fmt.Errorf("load a model: say which folder, or which run with --run RUN")
	case len(args) > 0 && o.Run != "":
		return nil, fmt.Errorf("load a model: a folder or --run, not both; got %s and %s", args[0], o.Run)
	case o.Run != "" && o.Weights != "":
		return nil, fmt.Errorf("load the model of run %s: leave --weights out; the run has recorded its weights", o.Run)
	case o.Run != "":
		return p.lab.LoadRun(ctx, o.Run, o.Name)
	}
	return p.lab.LoadModel(ctx, args[0], o.Name, o.Weights)
}
