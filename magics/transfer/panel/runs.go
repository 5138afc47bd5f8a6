package panel

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
)

// A runsRequest is what the runs panel asks. Without an action it lists the runs.
type runsRequest struct {
	Action string   `json:"action"` // "", show, stop, abort, compare, rename or remove
	Run    string   `json:"run"`
	To     string   `json:"to"`   // the new name, for rename
	Runs   []string `json:"runs"` // that are compared
}

func (p *Panels) answerRuns(_ context.Context, asked runsRequest) (any, error) {
	switch asked.Action {
	case "show": // what the run's cell shows
		r, err := p.lab.Run(asked.Run)
		if err != nil {
			return nil, advice.Notebook.Add(err)
		}
		return drawing.Run(r.Stand(), advice.Notebook), nil
	case "compare":
		c, err := drawing.Compare(p.lab, asked.Runs)
		if err != nil {
			return nil, advice.Notebook.Add(err)
		}
		return map[string]any{"settings": c.Settings()}, nil
	}
	if err := p.changeRun(asked); err != nil {
		return nil, advice.Notebook.Add(err)
	}
	cards, err := p.lab.Cards()
	if err != nil {
		return nil, err
	}
	return map[string]any{"runs": cards}, nil
}

// changeRun does to a run what a button asks.
func (p *Panels) changeRun(asked runsRequest) error {
	switch asked.Action {
	case "":
		return nil
	case "stop", "abort": // stop keeps the best model
		r, err := p.lab.Run(asked.Run)
		switch {
		case err != nil:
			return err
		case asked.Action == "abort":
			r.Abort()
		default:
			r.Stop()
		}
		return nil
	case "rename":
		return p.lab.RenameRun(asked.Run, asked.To)
	case "remove":
		return p.lab.RemoveRuns([]string{asked.Run})
	}
	return fmt.Errorf("answer the runs panel: the action must be one of show, stop, abort, compare, rename, remove; got %q", asked.Action)
}
