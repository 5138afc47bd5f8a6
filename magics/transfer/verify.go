package transfer

import (
	"cmp"
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
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
	sharedflag.Limits(f, &o.Limits)
}

func verifyMagic(p *Presenter) magics.Magic {
	return &magics.Command[VerifyFlags]{
		Use:   "verify [RUN]",
		Short: "Repeats a run and says whether the same numbers come out",
		Long:  "The name of a model means the run that trained it, which for a loaded model is another's; without a name it is the current\nmodel.",
		Args:  magics.Args{Max: 1, Complete: p.Runs.CompleteWithModels},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *VerifyFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *VerifyFlags) error {
			_, err := p.Verify(ctx, output.Of(in), cmp.Or(in.Args...), *o)
			return err
		}),
	}
}

// Verify repeats a run and shows whether the same numbers came out. An empty name is the current model.
func (p *Presenter) Verify(ctx context.Context, page output.Page, name string, o VerifyFlags) (*classifier.Verification, error) {
	images := page.Bar(ctx, "repeat: features", "images")
	folds := page.Bar(ctx, "repeat: cross-validation", "fits")
	epochs := page.Bar(ctx, "repeat", "epochs")
	o.Events = func(e progress.Event) {
		switch {
		case e.Features != nil:
			images.Report(e.Features.Computed+e.Features.Cached, e.Features.Total, "")
		case e.Selection != nil:
			folds.Report(e.Selection.Done, e.Selection.Total, "")
		case e.Epoch != nil:
			epochs.Report(e.Epoch.Epoch, e.Epoch.Epochs, "")
		}
	}
	outcome, v, err := p.lab.Verify(ctx, name, o.VerifyOptions)
	images.End()
	folds.End()
	epochs.End()
	if err != nil {
		return nil, err
	}
	if v.NoBase != nil {
		v.Differences = append(v.Differences, p.reader.Add(v.NoBase).Error())
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
