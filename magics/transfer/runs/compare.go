package runs

import (
	"context"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// MostCompared is how many runs one chart shows: it has as many colors and shapes that tell lines apart.
func MostCompared() int { return len(sketch.Palette()) }

func compareCommand(p *Presenter) magics.Subcommand {
	return &magics.Command[struct{}]{
		Use:   "compare RUN_OR_MODEL RUN_OR_MODEL...",
		Short: "Shows several trainings in one chart, with the hyper-parameters that differ",
		Long: "The name of a model means its latest run. The chart has the validation accuracy and the validation loss by epoch,\n" +
			"with one line for each run.",
		Example: "%runs compare first second\n%runs compare pretrained untrained --json",
		Args:    magics.Args{Min: 2, Max: MostCompared(), Complete: p.CompleteWithModels},
		JSON:    true, Concurrent: true,
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			return p.Compare(ctx, output.Of(in), in.Args)
		}),
	}
}

// Compare shows several runs in one chart.
func (p *Presenter) Compare(ctx context.Context, page output.Page, names []string) error {
	c, err := drawing.Compare(p.lab, names)
	if err != nil {
		return err
	}
	return page.Result(ctx, c, func() (display.Bundle, error) {
		if _, err := page.Show(ctx, figure.Curves(c.Curves())); err != nil {
			return display.Bundle{}, err
		}
		return figure.Table(c.Table()), nil
	})
}
