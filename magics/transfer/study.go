package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// Study compares stages and training sizes for a model, and shows a figure of each.
func (p *Presenter) Study(ctx context.Context, page output.Page, o EvaluateFlags) error {
	images := page.Bar(ctx, "features", "images")
	fits := page.Bar(ctx, "cross-validation", "fits")
	study, err := p.lab.Study(ctx, o.Ref, lab.StudyOptions{
		Stages: o.Stages, LearningCurve: o.LearningCurve, Split: o.Split, Dir: o.Dir, Limits: o.Limits,
		Events: func(e progress.Event) {
			switch {
			case e.Features != nil:
				images.Report(e.Features.Computed+e.Features.Cached, e.Features.Total, "")
			case e.Selection != nil:
				fits.Report(e.Selection.Done, e.Selection.Total, "")
			}
		},
	})
	images.End()
	fits.End()
	if err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, study, nil)
	}
	var said []string
	if study.Stages != nil {
		if _, err := page.Show(ctx, drawing.StageAccuracy(study)); err != nil {
			return err
		}
		for _, s := range study.Stages {
			if s.Chosen {
				said = append(said, fmt.Sprintf("Cross-validation chose %s.", s.Candidate))
			}
		}
	}
	if study.Curve != nil {
		if _, err := page.Show(ctx, drawing.LearningCurve(study)); err != nil {
			return err
		}
		said = append(said, study.Summary)
	}
	return page.Printf("%s\n", strings.Join(said, "\n"))
}
