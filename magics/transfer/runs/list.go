package runs

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// Magic is %runs.
func (p *Presenter) Magic() magics.Magic {
	return &magics.Group{
		Use:     "runs",
		Short:   "Lists, compares, exports and removes the trainings, those that run and those on disk",
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use:   "list",
				Short: "Lists the trainings; %runs alone does the same",
				JSON:  true, Concurrent: true,
				Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
					return p.List(ctx, output.Of(in))
				}),
			},
			compareCommand(p),
			exportRunsCommand(p),
			renameRunCommand(p),
			removeRunsCommand(p),
			pruneRunsCommand(p),
		},
	}
}

// List shows the runs, and how much room their weights take.
func (p *Presenter) List(ctx context.Context, page output.Page) error {
	cards, err := p.lab.Cards()
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

// Complete completes the name of a run.
func (p *Presenter) Complete(context.Context, []string, string) []string {
	names, err := p.lab.RunNames()
	if err != nil {
		return nil
	}
	return names
}

// CompleteWithModels completes the name of a run or of a model, which means its latest run.
func (p *Presenter) CompleteWithModels(ctx context.Context, words []string, prefix string) []string {
	names := p.Complete(ctx, words, prefix)
	for _, m := range p.lab.Models() {
		names = append(names, m.Name)
	}
	return names
}
