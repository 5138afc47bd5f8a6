package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type explainFlags struct {
	lab.Ref
	Class string
	Limit int
}

func explainMagic(p *Presenter) magics.Magic {
	return &magics.Command[explainFlags]{
		Use:     "explain FILE|DIR|@NAME...",
		Short:   "Shows which parts of an image the prediction depends on (Grad-CAM)",
		Long:    "The heat map is that of the backbone's last stage. Where the head gets the features of several stages, those of the\nothers count as constants.",
		Example: "%explain ~/images/new.jpg --class glass",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *explainFlags) {
			declareRef(f, &o.Ref)
			f.StringVar(&o.Class, "class", "", "class to explain; by default the most probable")
			f.IntVar(&o.Limit, "limit", 4, "most images shown")
		},
		Do: advising(func(ctx context.Context, in *magics.Invocation, o *explainFlags) error {
			trained, err := p.lab.Trained(ctx, o.Ref)
			if err != nil {
				return err
			}
			images, more, err := p.lab.Images(trained, in.Args, o.Limit)
			if err != nil {
				return fmt.Errorf("explain: %w", err)
			}
			d := figure.HeatData{Title: "Grad-CAM of " + trained.Name}
			for _, i := range images {
				heat, err := trained.Explain(ctx, i, o.Class)
				if err != nil {
					return err
				}
				d.Items = append(d.Items, drawing.HeatItem(trained, i, heat))
			}
			if more > 0 {
				d.Notes = append(d.Notes, fmt.Sprintf("%d more images: raise --limit.", more))
			}
			d.Notes = append(d.Notes, drawing.WeightsNotes(trained.Weights())...)
			_, err = in.Show(ctx, figure.Heat(d))
			return err
		}),
	}
}
