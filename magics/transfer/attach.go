package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type attachFlags struct {
	Follow, Stop bool
}

func attachMagic(l *Lab) magics.Magic {
	return &magics.Command[attachFlags]{
		Use:     "attach [RUN]",
		Short:   "Shows a run's live figure in this cell, whichever cell or tab started it",
		Example: "%attach\n%attach resnet50-0102-150405 --wait",
		Args:    magics.Args{Max: 1, Complete: l.completeRuns},
		Flags: func(f *pflag.FlagSet, o *attachFlags) {
			f.BoolVar(&o.Follow, "wait", false, "stay until the run ends; an interrupt then only leaves it")
			f.BoolVar(&o.Stop, "stop", false, "end the run after its batch, and keep the best model")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *attachFlags) error {
			r, err := l.run(first(in.Args))
			if err != nil {
				return l.attachStored(ctx, in, first(in.Args), err)
			}
			if err := r.attach(ctx, in); err != nil {
				return err
			}
			if o.Stop {
				r.stopSoft()
				o.Follow = true
			}
			if !o.Follow {
				return nil
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-r.drawn:
				return nil
			}
		},
	}
}

// attachStored shows a run that an earlier process has left on disk; missing is the error where there is none.
func (l *Lab) attachStored(ctx context.Context, in *magics.Invocation, name string, missing error) error {
	if l.home == "" {
		return missing
	}
	stored, err := training.Runs(l.home)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if s.Name != name && name != "" {
			continue
		}
		curves := curvesOf(s.Name+" on "+s.Dataset, s.History, s.Epochs)
		data := storedRun(s)
		curves.Status.State = data.State
		switch s.Status {
		case training.Running:
			curves.Notes = append(curves.Notes, "Another kernel trains it. This is how it stands on disk.")
		case training.Interrupted:
			curves.Notes = append(curves.Notes, "Its process is gone. Go on with %train --resume "+s.Name+".")
		default:
			curves.Notes = append(curves.Notes, "Its process is gone. With its dataset and model loaded, %train --resume "+s.Name+" brings its model back.")
		}
		_, err := in.Show(ctx, figure.Run(curves, data))
		return err
	}
	return missing
}
