package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type explainFlags struct {
	Model, Class string
	Limit        int
}

func explainMagic(l *Lab) magics.Magic {
	return &magics.Command[explainFlags]{
		Use:     "explain FILE...",
		Short:   "Shows where in an image the model sees a class (Grad-CAM)",
		Example: "%explain ~/images/new.jpg --class glass\n%explain @val --limit 4\n%explain @batch",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *explainFlags) {
			f.StringVar(&o.Model, "model", "", "this model instead of the current one")
			f.StringVar(&o.Class, "class", "", "explain this class instead of the most likely")
			f.IntVar(&o.Limit, "limit", 4, "images at most")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *explainFlags) error {
			model, trained, err := l.Trained(o.Model)
			if err != nil {
				return err
			}
			subjects, more, err := l.subjects(model, in.Args, o.Limit)
			if err != nil {
				return err
			}
			d := figure.HeatData{Title: "where " + model.Name + " looks"}
			for _, s := range subjects {
				heat, err := explain(ctx, trained, s, o.Class)
				if err != nil {
					return err
				}
				d.Items = append(d.Items, heatItem(s, heat))
			}
			if more > 0 {
				d.Notes = append(d.Notes, fmt.Sprintf("%d more images: raise --limit.", more))
			}
			if !model.Backbone.Trained() {
				d.Notes = append(d.Notes, untrainedNote)
			}
			_, err = in.Show(ctx, figure.Heat(d))
			return err
		},
	}
}

func explain(ctx context.Context, trained *training.Model, s subject, class string) (*training.HeatMap, error) {
	if s.file != "" {
		return trained.Explain(ctx, s.file, class)
	}
	return trained.ExplainPixels(ctx, s.resized(trained), class)
}

func heatItem(s subject, heat *training.HeatMap) figure.HeatItem {
	return figure.HeatItem{
		Image: s.thumb(), Heat: heat.Values, Width: heat.Width, Height: heat.Height, Title: s.name,
		Score: figure.Score{Label: heat.Class, Probability: float64(heat.Probability)},
	}
}
