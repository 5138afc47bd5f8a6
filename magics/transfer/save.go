package transfer

import (
	"context"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// SaveFlags are the choices of %save; the command line shares them.
type SaveFlags struct {
	lab.Ref
	HeadOnly bool
}

func saveMagic(p *Presenter) magics.Magic {
	return &magics.Command[SaveFlags]{
		Use:     "save DIR",
		Short:   "Writes the model as one folder: weights, labels, preprocessing, provenance, model card",
		Example: "%save models/trash\n%save models/first --run first",
		Args:    magics.Args{Min: 1, Max: 1, Complete: magics.Files},
		Flags: func(f *pflag.FlagSet, o *SaveFlags) {
			sharedflag.Ref(f, &o.Ref)
			f.BoolVar(&o.HeadOnly, "head-only", false, "leave the backbone's weights out; their hash is recorded")
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *SaveFlags) error {
			return p.Save(ctx, output.Of(in), in.Args[0], *o)
		}),
	}
}

// Save writes a model as one folder.
func (p *Presenter) Save(ctx context.Context, page output.Page, dir string, o SaveFlags) error {
	trained, err := p.lab.Trained(ctx, o.Ref)
	if err != nil {
		return err
	}
	if dir, err = homepath.Expand(dir); err != nil {
		return err
	}
	if err := trained.Model.Save(dir, classifier.SaveOptions{HeadOnly: o.HeadOnly, Figures: cardFigures(trained.Model)}); err != nil {
		return err
	}
	if err := p.lab.WriteTaught(o.Ref, dir); err != nil {
		return err
	}
	return page.Printf("saved %s to %s\n", trained.Model.Name, dir)
}

// CheckSave refuses a folder that no model can be saved to, before the work that would be lost; none is no reason.
func (p *Presenter) CheckSave(dir string) error {
	if dir == "" {
		return nil
	}
	expanded, err := homepath.Expand(dir)
	if err != nil {
		return err
	}
	return classifier.CheckFolder(expanded)
}

// cardFigures are the images of the model card.
func cardFigures(m *classifier.Model) map[string][]byte {
	figures := map[string][]byte{}
	if drawn, ok := drawing.Training(m.Outcome); ok {
		if png, ok := drawn.Data[display.MIMEPNG].([]byte); ok {
			figures["curves.png"] = png
		}
	}
	return figures
}
