package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
)

type loadFlags struct {
	Name, Weights string
}

func loadMagic(p *Presenter) magics.Magic {
	return &magics.Command[loadFlags]{
		Use:   "load DIR",
		Short: "Reads a model that %save wrote, and makes it the current one; nothing in the folder is run",
		Args:  magics.Args{Min: 1, Max: 1, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *loadFlags) {
			f.StringVar(&o.Name, "name", "", "name of the model; by default the folder's name")
			magics.Path(f, &o.Weights, "weights", "", "file with the backbone's weights, for a model that was saved with --head-only")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *loadFlags) error {
			loaded, err := p.lab.LoadModel(ctx, in.Args[0], o.Name, o.Weights)
			if err != nil {
				return err
			}
			return in.Printf("loaded %s: %s, %d classes\n", loaded.Name, loaded.Model.Backbone().Name(), len(loaded.Model.Classes))
		}),
	}
}
