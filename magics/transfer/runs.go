package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

func runsMagic(p *Presenter) magics.Magic {
	group := &magics.Group{
		Use:     "runs",
		Short:   "Lists, compares, exports and removes the trainings, those that run and those on disk",
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use:   "list",
				Short: "Lists the trainings; %runs alone does the same",
				JSON:  true, Concurrent: true,
				Do: advising(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
					return p.ListRuns(ctx, pageOf(in))
				}),
			},
			compareCommand(p),
			exportRunsCommand(p),
			renameRunCommand(p),
			removeRunsCommand(p),
			pruneRunsCommand(p),
		},
	}
	return answers(group, p.answerRuns)
}

// ListRuns shows the runs, and how much room their weights take.
func (p *Presenter) ListRuns(ctx context.Context, page Page) error {
	cards, err := p.cards()
	if err != nil {
		return err
	}
	return page.Result(ctx, cards, func() (display.Bundle, error) {
		table := drawing.RunTable(cards)
		size, err := p.lab.RunsSize()
		if len(cards) > 0 {
			table.Notes = append(table.Notes, fmt.Sprintf("The weights take %s of %s; beyond that, those of the oldest runs are removed. "+
				"rm NAME removes a run, prune makes room.", drawing.Bytes(size), drawing.Bytes(lab.RunsQuota)))
		}
		return figure.Table(table), err
	})
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
