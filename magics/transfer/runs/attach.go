package runs

import (
	"cmp"
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/progress"
)

type attachFlags struct {
	Wait, Stop bool
}

// AttachMagic is %attach.
func (p *Presenter) AttachMagic() magics.Magic {
	return &magics.Command[attachFlags]{
		Use:     "attach [RUN]",
		Short:   "Shows a run's live figure in this cell, whichever cell or tab started it",
		Example: "%attach\n%attach resnet50-0102-150405 --wait",
		Args:    magics.Args{Max: 1, Complete: p.Complete},
		// With --stop it acts on a run, which is in progress while its cell runs.
		Concurrent: true,
		Flags: func(f *pflag.FlagSet, o *attachFlags) {
			f.BoolVar(&o.Wait, "wait", false, "wait until the run ends; an interrupt ends the wait, and not the run")
			f.BoolVar(&o.Stop, "stop", false, "stop the run after its batch, and keep the best model")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *attachFlags) error {
			r, err := p.lab.Run(cmp.Or(in.Args...))
			if err != nil {
				return p.attachStored(ctx, in, cmp.Or(in.Args...))
			}
			drawn, err := p.Attach(ctx, in, r, false)
			if err != nil {
				return err
			}
			if o.Stop {
				r.Stop()
			}
			if !o.Stop && !o.Wait {
				return nil
			}
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-drawn:
				return nil
			}
		}),
	}
}

// attachStored shows a run that an earlier process has left on disk.
func (p *Presenter) attachStored(ctx context.Context, in *magics.Invocation, name string) error {
	stored, err := p.lab.StoredRun(name)
	if err != nil {
		return err
	}
	run := magics.JoinWords([]string{stored.Name})
	note := "Its process has ended. %save, %evaluate and %predict use its model with --run " + run + "."
	switch stored.Status {
	case progress.Running:
		note = "Another kernel trains it. This is its last completed epoch."
	case progress.Interrupted:
		note = "Its process has ended. Continue it with %train --resume " + run + "."
	}
	_, err = in.Show(ctx, drawing.Run(runstatus.Stand{Run: stored}, p.reader, note))
	return err
}
