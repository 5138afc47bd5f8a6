package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// EvaluateFlags are the choices of %evaluate; the command line shares them.
type EvaluateFlags struct {
	lab.Ref
	lab.EvaluateOptions
	Mistakes int

	Stages        bool
	LearningCurve bool
}

// Declare declares the flags.
func (o *EvaluateFlags) Declare(f *pflag.FlagSet) {
	magics.Enum(f, &o.Split, "split", imagefolder.Val, []string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, "split to evaluate")
	magics.Path(f, &o.Dir, "dir", "", "folder with one folder per class, instead of the split")
	declareRef(f, &o.Ref)
	declareLimits(f, &o.Limits)
	declareTTA(f, &o.TTA)
	f.IntVar(&o.Mistakes, "mistakes", 8, "most confident mistakes shown as images")
	f.BoolVar(&o.Stages, "stages", false, "compare the frozen stages instead: their accuracy, with intervals")
	f.BoolVar(&o.LearningCurve, "learning-curve", false, "draw the accuracy over the number of training images instead")
}

func evaluateMagic(p *Presenter) magics.Magic {
	return &magics.Command[EvaluateFlags]{
		Use:   "evaluate",
		Short: "Evaluates the model: metrics, confusion matrix, reliability diagram, most confident mistakes",
		Long: "Files of the folder that are not images are left out, and listed with their reasons. --stages and --learning-curve fit\n" +
			"linear classifiers to cached features of the images that the model was trained on, in seconds; --dir says where these are,\n" +
			"if they moved.",
		Example: "%evaluate --split val\n%evaluate --dir ~/images/more\n%evaluate --stages\n%evaluate --learning-curve",
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *EvaluateFlags) { o.Declare(f) },
		Do: advising(func(ctx context.Context, in *magics.Invocation, o *EvaluateFlags) error {
			return p.Evaluate(ctx, pageOf(in), *o)
		}),
	}
}

// Evaluate evaluates a model and shows its report.
func (p *Presenter) Evaluate(ctx context.Context, page Page, o EvaluateFlags) error {
	if o.Stages || o.LearningCurve {
		return p.Study(ctx, page, o)
	}
	e, err := p.lab.Evaluate(ctx, o.Ref, o.EvaluateOptions)
	if err != nil {
		return err
	}
	if page.JSON {
		return page.Result(ctx, e.Report, nil)
	}
	return showReport(ctx, page, e, o.Mistakes)
}

func showReport(ctx context.Context, page Page, e *lab.Evaluation, mistakes int) error {
	report, name := e.Report, e.Trained.Name
	notes := drawing.WeightsNotes(e.Trained.Weights())
	line := fmt.Sprintf("%s on %d images: accuracy %s, top-3 %.1f %%, loss %.4f", name, report.Images, metric.Percent(report.Accuracy, report.Images), 100*report.Top3, report.Loss)
	if report.TTA.Mirrors() {
		line += "; " + mirrorNote
	}
	if n := len(report.Skipped); n > 0 {
		line += "; " + count(n, "file") + " skipped"
	}
	if err := page.Printf("%s\n", line); err != nil {
		return err
	}
	for _, bundle := range []display.Bundle{
		figure.Confusion(figure.ConfusionData{Title: "confusion matrix of " + name, Labels: report.Classes, Counts: report.Confusion, Notes: notes}),
		figure.Table(classTable(report, notes)),
		figure.Reliability(reliability(report)),
	} {
		if _, err := page.Show(ctx, bundle); err != nil {
			return err
		}
	}
	if err := showSkipped(ctx, page, e.Skipped()); err != nil {
		return err
	}
	if len(report.Worst) == 0 || mistakes == 0 {
		return nil
	}
	grid, err := worstGrid(report, e.Dataset, mistakes)
	if err != nil {
		return err
	}
	_, err = page.Show(ctx, figure.Grid(grid))
	return err
}

func classTable(report *metric.Report, notes []string) figure.TableData {
	t := figure.TableData{
		Title: "metrics by class", Header: []string{"class", "precision", "recall", "F1", "images"}, Right: []int{1, 2, 3, 4}, Notes: notes,
	}
	row := func(c metric.ClassScore) []string {
		return []string{c.Class, fmt.Sprintf("%.3f", c.Precision), fmt.Sprintf("%.3f", c.Recall), fmt.Sprintf("%.3f", c.F1), fmt.Sprint(c.Support)}
	}
	for _, c := range report.PerClass {
		t.Rows = append(t.Rows, row(c))
	}
	macro, weighted := report.Macro, report.Weighted
	macro.Class, weighted.Class = "macro average", "weighted average"
	t.Rows = append(t.Rows, row(macro))
	t.Footer = row(weighted)
	for i, pair := range report.Confused {
		if i == 3 {
			break
		}
		t.Notes = append(t.Notes, fmt.Sprintf("%s is predicted as %s %d times.", pair.Label, pair.Predicted, pair.Images))
	}
	return t
}

func reliability(report *metric.Report) figure.ReliabilityData {
	d := figure.ReliabilityData{Title: "reliability diagram", ECE: report.Calibration.ECE}
	for _, b := range report.Calibration.Bins {
		d.Bins = append(d.Bins, figure.ReliabilityBin{Lower: b.Low, Upper: b.High, Confidence: b.Confidence, Accuracy: b.Accuracy, Count: b.Images})
	}
	return d
}

// worstGrid shows the most confident mistakes.
func worstGrid(report *metric.Report, data *imagefolder.Dataset, limit int) (figure.GridData, error) {
	index := map[string]int{}
	for i, item := range data.Items {
		index[item.Path] = i
	}
	grid := figure.GridData{Title: "most confident mistakes"}
	for _, m := range report.Worst[:min(limit, len(report.Worst))] {
		i, ok := index[m.Path]
		if !ok {
			continue
		}
		pixels, err := drawing.ItemPixels(data, i)
		if err != nil {
			return grid, err
		}
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(pixels, drawing.ThumbSide, drawing.ThumbSide), Mark: figure.MarkWrong,
			Title: m.Label, Caption: fmt.Sprintf("%s %.0f %%", m.Predicted, 100*m.Probability),
		})
	}
	return grid, nil
}
