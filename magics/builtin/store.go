package builtin

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// StoredVariables is what %store needs of an engine.
type StoredVariables interface {
	// StoredVariables are those with a value that outlasts the kernel, by name.
	StoredVariables() ([]Variable, error)
	// StoreVariables stores the values of variables. It fails where one of the names has none.
	StoreVariables(ctx context.Context, names ...string) error
	// LoadStored gives variables their stored values, all of them where no name is given, and returns these variables.
	LoadStored(ctx context.Context, names ...string) ([]Variable, error)
	// DropStored removes stored values. It fails where one of the names has none.
	DropStored(names ...string) error
}

type storeOptions struct{ Load, Drop bool }

func storeMagic(stored StoredVariables, variables Variables) magics.Magic {
	return &magics.Command[storeOptions]{
		Use:   "store [load | drop] [NAME...]",
		Short: "Keeps Go variables across restarts of the kernel",
		Long: `Without a name it lists what is stored. The values lie in a folder for you alone, for all notebooks, and take at most 2 GiB.
Variables that share memory are stored together. A stored value does not follow its variable: store it again.
-r and -d are other words for load and drop, as in IPython. load without a name loads all.`,
		Example: "%store features labels\n%store load features\n%store drop labels",
		JSON:    true,
		Args: magics.Args{Max: magics.Any, Complete: func(_ context.Context, before []string, _ string) []string {
			if len(before) == 0 {
				return append(namesOf(variables.Variables()), "load", "drop")
			}
			if slices.ContainsFunc(before, func(word string) bool { return word == "load" || word == "drop" || word == "-r" || word == "-d" }) {
				return namesOf(stored.StoredVariables())
			}
			return namesOf(variables.Variables())
		}},
		Flags: func(f *pflag.FlagSet, o *storeOptions) {
			f.BoolVarP(&o.Load, "load", "r", false, "give variables their stored values")
			f.BoolVarP(&o.Drop, "drop", "d", false, "remove stored values")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *storeOptions) error {
			names := in.Args
			if len(names) > 0 && !o.Load && !o.Drop {
				switch names[0] {
				case "load":
					o.Load, names = true, names[1:]
				case "drop":
					o.Drop, names = true, names[1:]
				}
			}
			switch {
			case o.Load && o.Drop:
				return errors.New("%store: load or drop, not both")
			case o.Drop && len(names) == 0:
				return errors.New("%store drop: name the variables; %store lists them")
			case o.Drop:
				return stored.DropStored(names...)
			case o.Load:
				return showStored(in, "Nothing is stored.")(stored.LoadStored(ctx, names...))
			case len(names) > 0:
				return stored.StoreVariables(ctx, names...)
			}
			return showStored(in, "Nothing is stored. %store NAME keeps a variable across restarts.")(stored.StoredVariables())
		},
	}
}

// showStored shows a list of variables, or what to say where there are none.
func showStored(in *magics.Invocation, none string) func([]Variable, error) error {
	return func(list []Variable, err error) error {
		if err != nil {
			return err
		}
		if list == nil {
			list = []Variable{}
		}
		return in.Result(list, func() (display.Bundle, error) {
			if len(list) == 0 {
				return display.Text(none), nil
			}
			return variableTable(list), nil
		})
	}
}

func namesOf(list []Variable, err error) []string {
	if err != nil {
		return nil // completion has nothing to say then
	}
	var names []string
	for _, v := range list {
		names = append(names, v.Name)
	}
	return names
}
