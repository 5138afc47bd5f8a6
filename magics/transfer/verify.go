package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training"
)

type verifyFlags struct {
	Root string
}

func verifyMagic(l *Lab) magics.Magic {
	return &magics.Command[verifyFlags]{
		Use:   "verify [RUN]",
		Short: "Repeats a run and says whether the same numbers come out",
		Long:  "The name of a model means the run that trained it, which for a loaded model is another's; without a name it is the current\nmodel.",
		Args:  magics.Args{Max: 1, Complete: l.completeOutcomes},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *verifyFlags) {
			magics.Path(f, &o.Root, "root", "", "where the images are now; by default where they were")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *verifyFlags) error {
			outcome, backbone, err := l.outcome(ctx, first(in.Args))
			if err != nil {
				return advised(err)
			}
			device, err := l.Device(ctx)
			if err != nil {
				return err
			}
			images := newBar(ctx, in, "repeating "+outcome.Name+": features", "images")
			epochs := newBar(ctx, in, "repeating "+outcome.Name, "epochs")
			v, err := classifier.Verify(ctx, device, outcome, backbone, o.Root, func(e training.Event) {
				switch {
				case e.Features != nil:
					images.report(e.Features.Computed+e.Features.Cached, e.Features.Total, "")
				case e.Epoch != nil:
					epochs.report(e.Epoch.Epoch, e.Epoch.Epochs, "")
				}
			})
			images.end()
			epochs.end()
			if err != nil {
				return err
			}
			if in.JSON {
				return in.Result(v, nil)
			}
			if err := in.Printf("%s: %s\n", outcome.Name, v.Verdict); err != nil {
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

// outcome finds that of a run, or of the run of a model, with the backbone to repeat it on.
func (l *Lab) outcome(ctx context.Context, name string) (training.Outcome, *features.Backbone, error) {
	l.mu.Lock()
	models := l.models.all()
	_, isModel := l.models.get(name)
	l.mu.Unlock()
	if isModel || name == "" {
		_, trained, err := l.Trained(name)
		if err != nil {
			return training.Outcome{}, nil, err
		}
		return trained.Outcome, trained.Backbone(), nil
	}
	for _, m := range models {
		if trained := m.trained(); trained != nil && trained.Name == name {
			return trained.Outcome, trained.Backbone(), nil
		}
	}
	known := l.completeRuns(ctx, nil, "")
	if !slices.Contains(known, name) {
		return training.Outcome{}, nil, unknown("run or model", name, slices.Concat(known, l.completeModels(ctx, nil, "")), "%train --run "+name)
	}
	return l.storedOutcome(ctx, name, models)
}

// storedOutcome reads a run from disk, and finds or makes its backbone.
func (l *Lab) storedOutcome(ctx context.Context, name string, models []*Model) (training.Outcome, *features.Backbone, error) {
	outcome, err := training.ReadOutcome(l.home, name)
	if err != nil {
		return training.Outcome{}, nil, err
	}
	id := outcome.Provenance.Backbone
	for _, m := range models {
		if have := m.backbone(id.Geometry.Method); have.Identity().Fingerprint == id.Fingerprint {
			return outcome, have, nil
		}
	}
	backbone, err := id.Open(ctx)
	if err != nil {
		return training.Outcome{}, nil, fmt.Errorf("repeating %s: %w", name, err)
	}
	return outcome, backbone, nil
}

func (l *Lab) completeOutcomes(ctx context.Context, words []string, prefix string) []string {
	return slices.Concat(l.completeRuns(ctx, words, prefix), l.completeModels(ctx, words, prefix))
}

func (l *Lab) completeModels(context.Context, []string, string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.models.names()
}
