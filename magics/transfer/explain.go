package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// ExplainFlags are the choices of %explain; the command line shares them.
type ExplainFlags struct {
	lab.Ref
	Class  string
	Limit  int
	Limits imageio.Limits
}

// Declare declares the flags.
func (o *ExplainFlags) Declare(f *pflag.FlagSet) {
	sharedflag.Ref(f, &o.Ref)
	sharedflag.Limits(f, &o.Limits)
	f.StringVar(&o.Class, "class", "", "class to explain; by default the most probable")
	f.IntVar(&o.Limit, "limit", 4, "most images shown")
}

func explainMagic(p *Presenter) magics.Magic {
	return &magics.Command[ExplainFlags]{
		Use:     "explain FILE|DIR|@NAME...",
		Short:   "Shows which parts of an image the prediction depends on (Grad-CAM)",
		Long:    "The heat map is that of the backbone's last stage. Where the head gets the features of several stages, those of the\nothers count as constants.",
		Example: "%explain ~/images/new.jpg --class glass",
		Args:    magics.Args{Min: 1, Max: magics.Any, Complete: magics.Files},
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *ExplainFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *ExplainFlags) error {
			return p.Explain(ctx, output.Of(in), in.Args, *o)
		}),
	}
}

// explanation is what --json tells of one image.
type explanation struct {
	Path string `json:"path,omitempty"`
	Name string `json:"name"`
	*classifier.HeatMap
}

// Explain shows where in the images of arguments the model sees a class.
func (p *Presenter) Explain(ctx context.Context, page output.Page, args []string, o ExplainFlags) error {
	trained, err := p.lab.Trained(ctx, o.Ref)
	if err != nil {
		return err
	}
	images, more, err := p.lab.Images(trained, args, lab.ImageOptions{Most: o.Limit, Limits: o.Limits})
	if err != nil {
		return fmt.Errorf("explain: %w", err)
	}
	d, list := figure.HeatData{Title: "Grad-CAM of " + trained.Name}, []explanation{}
	for _, i := range images {
		heat, err := trained.Explain(ctx, i, o.Class)
		if err != nil {
			return err
		}
		list = append(list, explanation{Path: i.File, Name: i.Name, HeatMap: heat})
		if !page.JSON {
			d.Items = append(d.Items, drawing.HeatItem(trained, i, heat))
		}
	}
	if more > 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("%d more images: raise --limit.", more))
	}
	d.Notes = append(d.Notes, drawing.WeightsNotes(trained.Weights())...)
	return page.Result(ctx, list, func() (display.Bundle, error) { return figure.Heat(d), nil })
}
