package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
)

type verifyFlags struct {
	Model, Root string
}

func verifyMagic(l *Lab) magics.Magic {
	return &magics.Command[verifyFlags]{
		Use:   "verify [MODEL]",
		Short: "Repeats the training of a model and says whether the same numbers come out",
		Args:  magics.Args{Max: 1, Complete: l.completeModels},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *verifyFlags) {
			magics.Path(f, &o.Root, "root", "", "where the pictures are now; by default where they were")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *verifyFlags) error {
			_, trained, err := l.Trained(first(in.Args))
			if err != nil {
				return err
			}
			device, err := l.Device(ctx)
			if err != nil {
				return err
			}
			bar := newBar(in, "repeating "+trained.Name, "epochs")
			v, err := training.Verify(ctx, device, trained, o.Root, func(e training.Event) {
				if e.Epoch != nil {
					bar.report(e.Epoch.Epoch, e.Epoch.Epochs, "")
				}
			})
			bar.end()
			if err != nil {
				return err
			}
			if in.JSON {
				return in.Result(v, nil)
			}
			if err := in.Printf("%s: %s\n", trained.Name, v.Verdict); err != nil {
				return err
			}
			for _, d := range v.Differences {
				if err := in.Printf("  %s\n", d); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (l *Lab) completeModels(context.Context, []string, string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.models.names()
}
