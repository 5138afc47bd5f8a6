package transfer

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// EvaluateFlags are the choices of %evaluate; the command line shares them.
type EvaluateFlags struct {
	lab.Ref
	lab.EvaluateOptions
	TopLosses int
	Compare   []string

	Stages        bool
	LearningCurve bool
}

// Declare declares the flags.
func (o *EvaluateFlags) Declare(f *pflag.FlagSet) {
	magics.Enum(f, &o.Split, "split", imagefolder.Val, []string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, "split to evaluate")
	magics.Path(f, &o.Dir, "dir", "", "folder with one folder per class, instead of the split")
	sharedflag.Ref(f, &o.Ref)
	sharedflag.Limits(f, &o.Limits)
	sharedflag.TTA(f, &o.TTA)
	f.IntVar(&o.TopLosses, "top-losses", 8, "images with the highest loss that are shown")
	magics.Renamed(f, "mistakes", "top-losses")
	f.StringSliceVar(&o.Compare, "compare", nil, "runs to compare on the same images, separated by commas")
	f.BoolVar(&o.Stages, "stages", false, "compare the frozen stages instead: their accuracy, with intervals")
	f.BoolVar(&o.LearningCurve, "learning-curve", false, "draw the accuracy over the number of training images instead")
}

func evaluateMagic(p *Presenter) magics.Magic {
	return &magics.Command[EvaluateFlags]{
		Use:   "evaluate",
		Short: "Evaluates the model: confusion matrix, metrics by class, ROC and precision-recall curves, top losses",
		Long: "For two classes it also shows what another threshold would change. --compare evaluates the models of several runs on the\n" +
			"same images, and says whether their difference is more than chance. Files of the folder that are not images are left out,\n" +
			"and listed with their reasons. --stages and --learning-curve fit linear classifiers to cached features of the images that the\n" +
			"model was trained on, in seconds; --dir says where these are, if they moved.",
		Example: "%evaluate --split val\n%evaluate --dir ~/images/more\n%evaluate --compare first,second\n%evaluate --stages\n%evaluate --learning-curve",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *EvaluateFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *EvaluateFlags) error {
			return p.Evaluate(ctx, output.Of(in), *o)
		}),
	}
}

// Evaluate evaluates a model and shows its report.
func (p *Presenter) Evaluate(ctx context.Context, page output.Page, o EvaluateFlags) error {
	switch {
	case o.Stages || o.LearningCurve:
		return p.Study(ctx, page, o)
	case len(o.Compare) > 0:
		return p.compareModels(ctx, page, o)
	}
	e, err := p.lab.Evaluate(ctx, o.Ref, o.EvaluateOptions)
	if err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, e.Report, nil)
	}
	return p.showReport(ctx, page, e, o.TopLosses)
}

func (p *Presenter) showReport(ctx context.Context, page output.Page, e *predictor.Evaluation, topLosses int) error {
	report, name := e.Report, e.Trained.Name
	line := fmt.Sprintf("%s on %d images: %s", name, report.Images, drawing.Quality(report))
	if report.Top3 != nil {
		line += fmt.Sprintf(", top-3 %.1f %%", 100**report.Top3)
	}
	line += fmt.Sprintf(", loss %.4f", report.Loss)
	if report.TTA.Mirrors() {
		line += "; " + drawing.MirrorNote
	}
	if report.Ranking != nil && report.Ranking.ROCAUC != nil {
		line += fmt.Sprintf(", ROC AUC %.4f", *report.Ranking.ROCAUC)
	}
	if n := len(report.Skipped); n > 0 {
		line += "; " + phrase.Plural(n, "file", "files") + " skipped"
	}
	if err := page.Printf("%s\n", line); err != nil {
		return err
	}
	if err := warnOfKnown(page, report); err != nil {
		return err
	}
	for _, bundle := range p.evaluationFigures(e) {
		if _, err := page.Show(ctx, bundle); err != nil {
			return err
		}
	}
	if skipped := e.Skipped(); len(skipped) > 0 {
		if _, err := page.Show(ctx, figure.Table(drawing.Skipped(skipped))); err != nil {
			return err
		}
	}
	if len(report.TopLosses) == 0 || topLosses <= 0 {
		return nil
	}
	grid, err := drawing.TopLosses(report, e.Dataset, topLosses)
	if err != nil {
		return err
	}
	_, err = page.Show(ctx, figure.Grid(grid))
	return err
}

// warnOfKnown says that a folder holds images that the model knows.
func warnOfKnown(page output.Page, report *metric.Report) error {
	var parts []string
	if n := report.TrainedOn; n > 0 {
		parts = append(parts, fmt.Sprintf("trained on %d of them", n))
	}
	if n := report.ValidatedOn; n > 0 {
		parts = append(parts, fmt.Sprintf("validated on %d", n))
	}
	if len(parts) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(page.Stderr(), "warning: the model was %s, by their content: these results are too good as far as they are the same images\n",
		strings.Join(parts, " and "))
	return err
}

// evaluationFigures are the charts of a report.
func (p *Presenter) evaluationFigures(e *predictor.Evaluation) []display.Bundle {
	report, notes := e.Report, drawing.WeightsNotes(e.Trained.Weights())
	var list []display.Bundle
	if report.Confusion != nil {
		list = append(list, drawing.Confusion(report, "confusion matrix of "+e.Trained.Name, p.panels.ImagesOf(e), notes))
	}
	if len(report.PerClass) > 0 {
		list = append(list, figure.Bars(drawing.ClassBars(report, notes)))
	}
	if report.Ranking != nil && len(report.Ranking.Curves) > 0 {
		list = append(list, figure.Plot(drawing.Ranking(report)))
	}
	if report.Thresholds != nil {
		list = append(list, figure.Plot(drawing.Thresholds(report.Thresholds)))
	}
	if len(report.Calibration.Bins) > 0 {
		list = append(list, figure.Reliability(drawing.Reliability(report)))
	}
	return list
}
