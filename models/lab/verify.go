package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Verify repeats the run of a name, or that of the model of a name, and compares the numbers. The name of a loaded model means
// the run that trained it. An empty name is the current model.
func (l *Lab) Verify(ctx context.Context, name string, o classifier.VerifyOptions) (record.Outcome, *classifier.Verification, error) {
	outcome, backbone, model, err := l.outcome(ctx, name)
	if err != nil {
		return outcome, nil, err
	}
	if model != nil && o.Limits.MaxPixels == 0 {
		o.Limits = model.Limits()
	}
	if base := outcome.Provenance.Base; base != nil {
		// Where it is not to be had, a cut of it is: the choice is then not repeated, and the verification says so.
		whole, err := l.openBase(ctx, *base, model, name)
		if err == nil {
			backbone = whole
		}
		o.NoBase = err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return outcome, nil, err
	}
	verification, err := classifier.Verify(ctx, device, outcome, backbone, o)
	return outcome, verification, err
}

// openBase opens the backbone on which the stages of a run were compared, for its model where that is loaded.
func (l *Lab) openBase(ctx context.Context, base features.Identity, model *classifier.Model, run string) (*features.Backbone, error) {
	if model == nil {
		return l.openIdentity(ctx, base, run)
	}
	if have := l.modelBackbone(base); have != nil {
		return have, nil
	}
	return model.OpenBase(ctx)
}

// outcome finds that of a run, or of the run of a model, with the backbone to repeat it on. The model is nil where it is not loaded.
func (l *Lab) outcome(ctx context.Context, name string) (record.Outcome, *features.Backbone, *classifier.Model, error) {
	if _, err := l.Model(name); err == nil || name == "" {
		trained, err := l.Trained(ctx, Ref{Model: name})
		if err != nil {
			return record.Outcome{}, nil, nil, err
		}
		return trained.Model.Outcome, trained.Model.Backbone(), trained.Model, nil
	}
	var models []string
	for _, m := range l.Models() {
		models = append(models, m.Name)
		if trained := m.trained(); trained != nil && trained.Name == name {
			return trained.Outcome, trained.Backbone(), trained, nil
		}
	}
	names, err := l.RunNames()
	if err != nil {
		return record.Outcome{}, nil, nil, err
	}
	if !slices.Contains(names, name) {
		return record.Outcome{}, nil, nil, &named.NotFoundError{Kind: named.KindRunOrModel, Name: name, Have: slices.Concat(names, models)}
	}
	outcome, backbone, err := l.outcomeOnDisk(ctx, name)
	return outcome, backbone, nil, err
}

// outcomeOnDisk reads a run from the state folder, and finds or makes its backbone.
func (l *Lab) outcomeOnDisk(ctx context.Context, name string) (record.Outcome, *features.Backbone, error) {
	outcome, err := record.ReadOutcome(l.home, name)
	if err != nil {
		return record.Outcome{}, nil, err
	}
	backbone, err := l.openIdentity(ctx, outcome.Provenance.Backbone, name)
	if err != nil {
		return record.Outcome{}, nil, err
	}
	return outcome, backbone, nil
}

// openIdentity finds the backbone of an identity among the models, or makes it.
func (l *Lab) openIdentity(ctx context.Context, id features.Identity, run string) (*features.Backbone, error) {
	if have := l.modelBackbone(id); have != nil {
		return have, nil
	}
	backbone, err := id.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the backbone of the run %s: %w", run, err)
	}
	return backbone, nil
}
