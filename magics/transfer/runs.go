package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/magics"
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
					return pageOf(in).Result(ctx, cards, func() (display.Bundle, error) { return figure.Table(runTable(cards)), nil })
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

func runTable(runs []lab.Card) figure.TableData {
	t := figure.TableData{
		Title:  "runs",
		Header: []string{"run", "state", "dataset", "epoch", "val accuracy", "highest val accuracy", "started", "took"}, Right: []int{3, 4, 5, 7},
		Notes: []string{"val accuracy is that of the epoch with the lowest validation loss, whose weights are kept."},
	}
	for _, r := range runs {
		took := ""
		if r.Seconds > 0 {
			took = time.Duration(r.Seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
		}
		t.Rows = append(t.Rows, []string{
			r.ID, string(r.State), r.Dataset, fmt.Sprintf("%d/%d", r.Epoch, r.Epochs), percentOf(r.ValAccuracy), percentOf(r.HighestValAccuracy),
			r.Started.Format("2006-01-02 15:04:05"), took,
		})
	}
	if len(runs) == 0 {
		t.Notes = []string{"No run yet: %train makes one."}
	}
	return t
}

// percentOf is a fraction in percent; empty where it is unknown.
func percentOf(fraction *float64) string {
	if fraction == nil {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100**fraction)
}

func (p *Presenter) completeRuns(context.Context, []string, string) []string {
	names, err := p.lab.RunNames()
	if err != nil {
		return nil
	}
	return names
}
