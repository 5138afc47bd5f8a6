package transfer

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
)

// A runsRequest is what the runs panel asks. Without an action it lists the runs.
type runsRequest struct {
	Action string `json:"action"` // "", "stop" (keep the best model), "abort", "show" (what the run's cell shows)
	Run    string `json:"run"`
}

func (p *Presenter) answerRuns(_ context.Context, asked runsRequest) (any, error) {
	switch asked.Action {
	case "":
	case "show":
		r, err := p.lab.Run(asked.Run)
		if err != nil {
			return nil, advice.Notebook.Add(err)
		}
		return drawing.Run(r.Stand(), p.reader), nil
	case "stop", "abort":
		r, err := p.lab.Run(asked.Run)
		if err != nil {
			return nil, advice.Notebook.Add(err)
		}
		if asked.Action == "abort" {
			r.Abort()
		} else {
			r.Stop()
		}
	default:
		return nil, fmt.Errorf("answer the runs panel: the action must be one of show, stop, abort; got %q", asked.Action)
	}
	cards, err := p.cards()
	if err != nil {
		return nil, err
	}
	return map[string]any{"runs": cards}, nil
}
