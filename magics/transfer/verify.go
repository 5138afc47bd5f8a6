package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// VerifyFlags are the choices of %verify; the command line shares them.
type VerifyFlags struct {
	classifier.VerifyOptions
}

// Declare declares the flags.
func (o *VerifyFlags) Declare(f *pflag.FlagSet) {
	magics.Path(f, &o.Root, "root", "", "folder of the images; by default where they were")
	declareLimits(f, &o.Limits)
}

func verifyMagic(p *Presenter) magics.Magic {
	return &magics.Command[VerifyFlags]{
		Use:   "verify [RUN]",
		Short: "Repeats a run and says whether the same numbers come out",
		Long:  "The name of a model means the run that trained it, which for a loaded model is another's; without a name it is the current\nmodel.",
		Args:  magics.Args{Max: 1, Complete: p.completeOutcomes},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *VerifyFlags) { o.Declare(f) },
		Do: advising(func(ctx context.Context, in *magics.Invocation, o *VerifyFlags) error {
			_, err := p.Verify(ctx, pageOf(in), first(in.Args), *o)
			return err
		}),
	}
}

// Verify repeats a run and shows whether the same numbers came out. An empty name is the current model.
func (p *Presenter) Verify(ctx context.Context, page Page, name string, o VerifyFlags) (*classifier.Verification, error) {
	images := newBar(ctx, page, "repeat: features", "images")
	folds := newBar(ctx, page, "repeat: cross-validation", "fits")
	epochs := newBar(ctx, page, "repeat", "epochs")
	o.Events = func(e progress.Event) {
		switch {
		case e.Features != nil:
			images.report(e.Features.Computed+e.Features.Cached, e.Features.Total, "")
		case e.Selection != nil:
			folds.report(e.Selection.Done, e.Selection.Total, "")
		case e.Epoch != nil:
			epochs.report(e.Epoch.Epoch, e.Epoch.Epochs, "")
		}
	}
	outcome, v, err := p.lab.Verify(ctx, name, o.VerifyOptions)
	images.end()
	folds.end()
	epochs.end()
	if err != nil {
		return nil, err
	}
	if page.JSON {
		return v, page.Result(ctx, v, nil)
	}
	if err := page.Printf("%s: %s\n", outcome.Name, v.Verdict); err != nil {
		return nil, err
	}
	for _, d := range v.Differences {
		if err := page.Printf("  %s\n", d); err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (p *Presenter) completeOutcomes(ctx context.Context, words []string, prefix string) []string {
	names := p.completeRuns(ctx, words, prefix)
	for _, m := range p.lab.Models() {
		names = append(names, m.Name)
	}
	return names
}
