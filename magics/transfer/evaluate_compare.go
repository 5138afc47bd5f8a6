package transfer

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/runs"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// comparedModels is what %evaluate --compare finds.
type comparedModels struct {
	Runs  []comparedModel `json:"runs"`
	Pairs []comparedPair  `json:"pairs"` // the first with each other
}

type comparedModel struct {
	Run              string          `json:"run"`
	Images           int             `json:"images"`
	Accuracy         float64         `json:"accuracy"`
	AccuracyInterval metric.Interval `json:"accuracy_interval"`
	Loss             float64         `json:"loss"`
	Top3             *float64        `json:"top3,omitempty"` // as metric.Report has it
	MacroF1          float64         `json:"macro_f1"`
	ROCAUC           *float64        `json:"roc_auc"`
	ECE              float64         `json:"ece"`
}

type comparedPair struct {
	First  string `json:"first"`
	Second string `json:"second"`
	metric.Comparison
}

// compareModels evaluates the models of several runs on the same images.
func (p *Presenter) compareModels(ctx context.Context, page output.Page, o EvaluateFlags) error {
	if len(o.Compare) < 2 || len(o.Compare) > runs.MostCompared() {
		return fmt.Errorf("evaluate --compare: give between 2 and %d runs, separated by commas; got %d", runs.MostCompared(), len(o.Compare))
	}
	if o.Run != "" || o.Model != "" {
		return fmt.Errorf("evaluate --compare: it names the runs: leave --run and --model out")
	}
	var reports []*metric.Report
	var compared comparedModels
	for _, name := range o.Compare {
		stand, err := p.lab.RunOrModel(name)
		if err != nil {
			return err
		}
		e, err := p.lab.Evaluate(ctx, lab.Ref{Run: stand.Name}, o.EvaluateOptions)
		if err != nil {
			return err
		}
		r := e.Report
		if r.Ranking == nil {
			return fmt.Errorf("evaluate --compare: %s is not a classifier with one label for each image", stand.Name)
		}
		reports = append(reports, r)
		compared.Runs = append(compared.Runs, comparedModel{
			stand.Name, r.Images, r.Accuracy, *r.AccuracyInterval, r.Loss, r.Top3, r.Macro.F1, r.Ranking.ROCAUC, r.Calibration.ECE,
		})
	}
	for i := 1; i < len(reports); i++ {
		c, err := metric.Compare(reports[0], reports[i])
		if err != nil {
			return fmt.Errorf("evaluate --compare: %s and %s: %w: choose images with --dir", compared.Runs[0].Run, compared.Runs[i].Run, err)
		}
		compared.Pairs = append(compared.Pairs, comparedPair{compared.Runs[0].Run, compared.Runs[i].Run, c})
	}
	return page.Result(ctx, compared, func() (display.Bundle, error) { return figure.Table(compared.table()), nil })
}

// unlikely is the probability below which a difference is said to be more than chance.
const unlikely = 0.05

func (c comparedModels) table() figure.TableData {
	t := figure.TableData{
		Title: fmt.Sprintf("comparison on %d images", c.Runs[0].Images), Header: []string{"run", "accuracy", "95 % interval", "loss"},
		Notes: []string{"The difference is paired, with its 95 % interval (Newcombe's method 10). p is that of McNemar's exact test: how likely equally accurate models differ as much."},
	}
	// A model of two classes has no top-3, and one of more classes beside it has.
	top3 := slices.ContainsFunc(c.Runs, func(r comparedModel) bool { return r.Top3 != nil })
	if top3 {
		t.Header = append(t.Header, "top-3")
	}
	t.Header = append(t.Header, "macro F1", "ROC AUC")
	for i := 1; i < len(t.Header); i++ {
		t.Right = append(t.Right, i)
	}
	t.Header = append(t.Header, "difference to the first", "McNemar's p")
	percent := func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
	for i, r := range c.Runs {
		auc := "–"
		if r.ROCAUC != nil {
			auc = fmt.Sprintf("%.4f", *r.ROCAUC)
		}
		row := []string{
			imagefolder.Printable(r.Run), percent(r.Accuracy), fmt.Sprintf("%.1f to %.1f", 100*r.AccuracyInterval.Low, 100*r.AccuracyInterval.High),
			fmt.Sprintf("%.4f", r.Loss),
		}
		switch {
		case r.Top3 != nil:
			row = append(row, percent(*r.Top3))
		case top3:
			row = append(row, "–") // each cell stays below its heading
		}
		row = append(row, fmt.Sprintf("%.3f", r.MacroF1), auc)
		if i == 0 {
			t.Rows = append(t.Rows, append(row, "", ""))
			continue
		}
		pair := c.Pairs[i-1]
		row = append(row, fmt.Sprintf("%+.1f (%+.1f to %+.1f) points", 100*(0-pair.Difference), 100*(0-pair.Interval.High), 100*(0-pair.Interval.Low)), fmt.Sprintf("%.3f", pair.P))
		verdict := "the difference may be chance"
		if pair.P < unlikely {
			verdict = "the difference is more than chance"
		}
		t.Notes = append(t.Notes, fmt.Sprintf("%s and %s: both right on %d images, only the first on %d, only the second on %d; %s.",
			pair.First, pair.Second, pair.BothRight, pair.OnlyFirst, pair.OnlySecond, verdict))
		t.Rows = append(t.Rows, row)
	}
	return t
}
