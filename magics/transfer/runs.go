package transfer

import (
	"context"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

func runsMagic(p *Presenter) magics.Magic {
	group := &magics.Group{
		Use:     "runs",
		Short:   "Lists and compares the trainings, those that run and those on disk",
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use:   "list",
				Short: "Lists the trainings; %runs alone does the same",
				JSON:  true,
				Do: advising(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
					cards, err := p.cards()
					if err != nil {
						return err
					}
					return pageOf(in).Result(ctx, cards, func() (display.Bundle, error) { return figure.Table(drawing.RunTable(cards)), nil })
				}),
			},
			compareCommand(p),
		},
	}
	return answers(group, p.answerRuns)
}

// cards are the runs for programs, newest first.
func (p *Presenter) cards() ([]lab.Card, error) {
	runs, err := p.lab.Runs()
	cards := make([]lab.Card, len(runs))
	for i, r := range runs {
		cards[i] = r.Card()
	}
	return cards, err
}

func (p *Presenter) completeRuns(context.Context, []string, string) []string {
	names, err := p.lab.RunNames()
	if err != nil {
		return nil
	}
	return names
}
