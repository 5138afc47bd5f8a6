package transfer

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
)

type loadFlags struct {
	Name, Weights string
}

func loadMagic(l *Lab) magics.Magic {
	return &magics.Command[loadFlags]{
		Use:   "load DIR",
		Short: "Reads a model that %save wrote, and makes it the current one; nothing in the folder is run",
		Args:  magics.Args{Min: 1, Max: 1, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *loadFlags) {
			f.StringVar(&o.Name, "name", "", "what to call it; by default the folder's name")
			magics.Path(f, &o.Weights, "weights", "", "the backbone's weights of a model that was saved with --head-only")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *loadFlags) error {
			m, err := l.Load(ctx, in.Args[0], o.Name, o.Weights)
			if err != nil {
				return err
			}
			trained := m.trained()
			return in.Printf("loaded %s: %s, %d classes\n", m.Name, m.Backbone.Name(), len(trained.Classes))
		},
	}
}

// Load reads a saved model and makes it the current one.
func (l *Lab) Load(ctx context.Context, dir, name, weights string) (*Model, error) {
	dir, err := expandHome(dir)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	trained, err := training.Load(ctx, device, dir, training.LoadOptions{Weights: weights})
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = filepath.Base(filepath.Clean(dir))
	}
	network, ok := training.ResNetOf(trained.Backbone)
	if !ok {
		return nil, fmt.Errorf("loading %s: its backbone is not a ResNet", dir)
	}
	m := &Model{Name: name, Backbone: network, Head: trained.Head.String(), precision: trained.Backbone.Identity().Precision}
	m.setTrained(trained, nil)
	l.mu.Lock()
	replaced := l.models.put(name, m)
	l.mu.Unlock()
	if replaced != nil {
		replaced.close()
	}
	return m, nil
}
