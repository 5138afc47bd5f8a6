package transfer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/magics"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

func runsMagic(l *Lab) magics.Magic {
	command := &magics.Command[struct{}]{
		Use:   "runs",
		Short: "Lists the trainings, those that run and those on disk",
		JSON:  true,
		Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
			runs, err := l.Runs()
			if err != nil {
				return err
			}
			return in.Result(runs, func() (display.Bundle, error) { return figure.Table(runTable(runs)), nil })
		},
	}
	return answers(command, l.answerRuns)
}

// Runs lists the trainings of this process and those on disk, newest first.
func (l *Lab) Runs() ([]figure.RunData, error) {
	l.mu.Lock()
	own := slices.Clone(l.runs)
	l.mu.Unlock()
	slices.Reverse(own)
	var list []figure.RunData
	seen := map[string]bool{}
	for _, r := range own {
		if !seen[r.name] {
			seen[r.name] = true
			list = append(list, r.snapshot())
		}
	}
	if l.home == "" {
		return list, nil
	}
	stored, err := training.Runs(l.home)
	if err != nil {
		return nil, err
	}
	for _, r := range stored {
		if !seen[r.Name] {
			list = append(list, storedRun(r))
		}
	}
	return list, nil
}

// storedRun is a run of an earlier process as the figures know one.
func storedRun(r training.Run) figure.RunData {
	stand := run{
		name: r.Name, model: r.Backbone.Architecture.Name(), dataset: r.Dataset, epochs: r.Epochs, started: r.Started, history: r.History, status: r.Status, ended: r.Updated,
		facts: facts(r.Backbone, r.Digest, r.Settings.Seed, r.Flags),
	}
	if r.Status == training.Running {
		stand.ended = time.Time{}
	}
	return stand.data()
}

func runTable(runs []figure.RunData) figure.TableData {
	t := figure.TableData{
		Title: "runs", Header: []string{"run", "state", "dataset", "epoch", "best val accuracy", "started", "took"}, Right: []int{3, 4, 6},
	}
	for _, r := range runs {
		score := ""
		if v, ok := r.Metrics["val_accuracy"]; ok {
			score = fmt.Sprintf("%.1f %%", 100*v)
		}
		took := ""
		if r.Seconds > 0 {
			took = time.Duration(r.Seconds * float64(time.Second)).Round(100 * time.Millisecond).String()
		}
		t.Rows = append(t.Rows, []string{
			r.ID, string(r.State), r.Dataset, fmt.Sprintf("%d/%d", r.Epoch, r.Epochs), score, r.Started.Format("2006-01-02 15:04:05"), took,
		})
	}
	if len(runs) == 0 {
		t.Notes = []string{"No run yet: %train makes one."}
	}
	return t
}

// A runsRequest is what the runs panel asks. Without an action it lists the runs.
type runsRequest struct {
	Action string `json:"action"` // "", "stop" (keep the best model), "abort", "show" (what the run's cell shows)
	Run    string `json:"run"`
}

func (l *Lab) answerRuns(_ context.Context, asked runsRequest) (any, error) {
	switch asked.Action {
	case "":
	case "show":
		r, err := l.run(asked.Run)
		if err != nil {
			return nil, err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		return figure.Run(r.curves(), r.data()), nil
	case "stop", "abort":
		r, err := l.run(asked.Run)
		if err != nil {
			return nil, err
		}
		if asked.Action == "abort" {
			r.abort()
		} else {
			r.stopSoft()
		}
	default:
		return nil, fmt.Errorf("%%runs knows no action %q: show, stop and abort are there", asked.Action)
	}
	runs, err := l.Runs()
	if err != nil {
		return nil, err
	}
	if runs == nil {
		runs = []figure.RunData{}
	}
	return map[string]any{"runs": runs}, nil
}

// run finds a run of this process; an empty name is the latest.
func (l *Lab) run(name string) (*run, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, r := range slices.Backward(l.runs) {
		if name == "" || r.name == name {
			return r, nil
		}
		names = append(names, r.name)
	}
	if name == "" {
		return nil, fmt.Errorf("there is no run yet: start one with %%train")
	}
	return nil, unknown("run", name, names, "%train --run "+name)
}

func (l *Lab) completeRuns(context.Context, []string, string) []string {
	runs, err := l.Runs()
	if err != nil {
		return nil
	}
	var names []string
	for _, r := range runs {
		names = append(names, r.ID)
	}
	return names
}
