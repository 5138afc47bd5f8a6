package builtin

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
)

type clearOptions struct{ Wait bool }

func clearMagic() magics.Magic {
	return &magics.Command[clearOptions]{
		Use:     "clear",
		Short:   "Clears the output of the cell",
		Long:    "With --wait the old output stays until the next one arrives, so that nothing flickers.",
		Example: "%clear --wait",
		Flags: func(f *pflag.FlagSet, o *clearOptions) {
			f.BoolVar(&o.Wait, "wait", false, "wait for the next output")
		},
		Do: func(_ context.Context, in *magics.Invocation, o *clearOptions) error {
			host, ok := in.Host.(magics.Clearer)
			if !ok {
				return errors.New("%clear: the output does not go to the cell: remove the redirection")
			}
			return host.Clear(o.Wait)
		},
	}
}
