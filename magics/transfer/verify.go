package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
)

type verifyFlags struct {
	Root string
}

func verifyMagic(l *Lab) magics.Magic {
	return &magics.Command[verifyFlags]{
		Use:   "verify [RUN]",
		Short: "Repeats a run and says whether the same numbers come out",
		Long:  "The name of a model means the run that trained it, which for a loaded model is another's; without a name it is the current\nmodel.",
		Args:  magics.Args{Max: 1, Complete: l.completeClaims},
		JSON:  true,
		Flags: func(f *pflag.FlagSet, o *verifyFlags) {
			magics.Path(f, &o.Root, "root", "", "where the images are now; by default where they were")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *verifyFlags) error {
			claim, err := l.claim(ctx, first(in.Args))
			if err != nil {
				return err
			}
			device, err := l.Device(ctx)
			if err != nil {
				return err
			}
			images := newBar(ctx, in, "repeating "+claim.Name+": features", "images")
			epochs := newBar(ctx, in, "repeating "+claim.Name, "epochs")
			v, err := training.Verify(ctx, device, claim, o.Root, func(e training.Event) {
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
			if err := in.Printf("%s: %s\n", claim.Name, v.Verdict); err != nil {
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

// claim finds what a run, or the run of a model, says of itself.
func (l *Lab) claim(ctx context.Context, name string) (training.Claim, error) {
	l.mu.Lock()
	models := l.models.all()
	_, isModel := l.models.get(name)
	l.mu.Unlock()
	if isModel || name == "" {
		_, trained, err := l.Trained(name)
		if err != nil {
			return training.Claim{}, err
		}
		return trained.Claim(), nil
	}
	for _, m := range models {
		if trained := m.trained(); trained != nil && trained.Name == name {
			return trained.Claim(), nil
		}
	}
	known := l.completeRuns(ctx, nil, "")
	if !slices.Contains(known, name) {
		return training.Claim{}, unknown("run or model", name, slices.Concat(known, l.completeModels(ctx, nil, "")), "%train --run "+name)
	}
	return l.storedClaim(ctx, name, models)
}

// storedClaim reads a run from disk, and finds or makes its backbone.
func (l *Lab) storedClaim(ctx context.Context, name string, models []*Model) (training.Claim, error) {
	claim, err := training.ReadClaim(l.home, name)
	if err != nil {
		return training.Claim{}, err
	}
	id := claim.Provenance.Backbone
	for _, m := range models {
		if have := m.backbone(id.Geometry); have.Identity().Fingerprint == id.Fingerprint {
			claim.Backbone = have
			return claim, nil
		}
	}
	if claim.Backbone, err = training.OpenBackbone(ctx, id); err != nil {
		return training.Claim{}, fmt.Errorf("repeating %s: %w", name, err)
	}
	return claim, nil
}

func (l *Lab) completeClaims(ctx context.Context, words []string, prefix string) []string {
	return slices.Concat(l.completeRuns(ctx, words, prefix), l.completeModels(ctx, words, prefix))
}

func (l *Lab) completeModels(context.Context, []string, string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.models.names()
}
