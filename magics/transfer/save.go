package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type saveFlags struct {
	Model    string
	HeadOnly bool
}

func saveMagic(l *Lab) magics.Magic {
	return &magics.Command[saveFlags]{
		Use:   "save DIR",
		Short: "Writes the model as one folder: weights, labels, preprocessing, provenance, model card",
		Args:  magics.Args{Min: 1, Max: 1, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *saveFlags) {
			f.StringVar(&o.Model, "model", "", "this model instead of the current one")
			f.BoolVar(&o.HeadOnly, "head-only", false, "leave the backbone's weights out; their hash is recorded")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *saveFlags) error {
			_, trained, err := l.Trained(o.Model)
			if err != nil {
				return err
			}
			dir, err := expandHome(in.Args[0])
			if err != nil {
				return err
			}
			if err := trained.Save(dir, classifier.SaveOptions{HeadOnly: o.HeadOnly, Figures: cardFigures(trained)}); err != nil {
				return err
			}
			return in.Printf("saved %s to %s\n", trained.Name, dir)
		},
	}
}

// cardFigures are the images of the model card.
func cardFigures(m *classifier.Model) map[string][]byte {
	figures := map[string][]byte{}
	if png, ok := figure.Curves(curvesOf(m.Name, m.History, len(m.History))).Data[display.MIMEPNG].([]byte); ok {
		figures["curves.png"] = png
	}
	return figures
}
