package transfer

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

type evaluateFlags struct {
	Split, Dir, Model string
	Mistakes          int
}

func evaluateMagic(l *Lab) magics.Magic {
	return &magics.Command[evaluateFlags]{
		Use:     "evaluate",
		Short:   "Says how good the model is: metrics, confusion matrix, calibration, worst mistakes",
		Example: "%evaluate --split val\n%evaluate --dir ~/images/more",
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *evaluateFlags) {
			magics.Enum(f, &o.Split, "split", imagefolder.Val, []string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, "which side of the split")
			magics.Path(f, &o.Dir, "dir", "", "a folder with one folder per class, instead of the split")
			f.StringVar(&o.Model, "model", "", "this model instead of the current one")
			f.IntVar(&o.Mistakes, "mistakes", 8, "worst mistakes shown as images")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *evaluateFlags) error {
			model, report, data, err := l.Evaluate(ctx, o.Model, o.Split, o.Dir)
			if err != nil {
				return err
			}
			if in.JSON {
				return in.Result(report, nil)
			}
			return showReport(ctx, in, model, report, data, o.Mistakes)
		},
	}
}

// Evaluate compares a model's predictions with the labels of one split of its dataset, or of all images of a folder.
func (l *Lab) Evaluate(ctx context.Context, name, split, dir string) (*Model, *metric.Report, *imagefolder.Dataset, error) {
	model, trained, err := l.Trained(name)
	if err != nil {
		return nil, nil, nil, err
	}
	data := model.dataset()
	if dir != "" {
		if data, err = l.labelledFolder(ctx, dir, trained.Classes, model.Backbone.Size()); err != nil {
			return nil, nil, nil, err
		}
		split = ""
	} else if data == nil {
		if data, err = l.Dataset(""); err != nil {
			return nil, nil, nil, fmt.Errorf("the model %s was loaded without its images: load a dataset, or give --dir", model.Name)
		}
	}
	report, err := trained.Evaluate(ctx, data, split)
	if err != nil {
		return nil, nil, nil, err
	}
	l.leave("last.report", warmReport(model.Name, split, dir, report))
	return model, report, data, nil
}

// labelledFolder reads a folder, unsplit, under the labels that the model knows its classes by.
func (l *Lab) labelledFolder(ctx context.Context, dir string, classes []string, size int) (*imagefolder.Dataset, error) {
	dir, err := expandHome(dir)
	if err != nil {
		return nil, err
	}
	return imagefolder.Load(ctx, dir, imagefolder.Options{Val: -1, Size: size, Classes: classes, StateDir: l.stateDir("datasets")})
}

func showReport(ctx context.Context, in *magics.Invocation, model *Model, report *metric.Report, data *imagefolder.Dataset, mistakes int) error {
	notes := []string(nil)
	if !model.Backbone.Trained() {
		notes = []string{untrainedNote}
	}
	if err := in.Printf("%s on %d images: accuracy %.1f %%, top-3 %.1f %%, loss %.4f\n",
		model.Name, report.Images, 100*report.Accuracy, 100*report.Top3, report.Loss); err != nil {
		return err
	}
	for _, bundle := range []display.Bundle{
		figure.Confusion(figure.ConfusionData{Title: "confusion matrix of " + model.Name, Labels: report.Classes, Counts: report.Confusion, Notes: notes}),
		figure.Table(classTable(report, notes)),
		figure.Reliability(reliability(report)),
	} {
		if _, err := in.Show(ctx, bundle); err != nil {
			return err
		}
	}
	if len(report.Worst) == 0 || mistakes == 0 {
		return nil
	}
	grid, err := worstGrid(report, data, mistakes)
	if err != nil {
		return err
	}
	_, err = in.Show(ctx, figure.Grid(grid))
	return err
}

func classTable(report *metric.Report, notes []string) figure.TableData {
	t := figure.TableData{
		Title: "by class", Header: []string{"class", "precision", "recall", "F1", "images"}, Right: []int{1, 2, 3, 4}, Notes: notes,
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
		t.Notes = append(t.Notes, fmt.Sprintf("%s is taken for %s %d times.", pair.Label, pair.Predicted, pair.Images))
	}
	return t
}

func reliability(report *metric.Report) figure.ReliabilityData {
	d := figure.ReliabilityData{Title: "is it as sure as it is right?", ECE: report.Calibration.ECE}
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
	grid := figure.GridData{Title: "worst mistakes"}
	for _, m := range report.Worst[:min(limit, len(report.Worst))] {
		i, ok := index[m.Path]
		if !ok {
			continue
		}
		pixels, err := data.Pixels(i, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
		if err != nil {
			return grid, err
		}
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: figure.RGB(pixels, thumbSide, thumbSide), Mark: figure.MarkWrong,
			Title: m.Label, Caption: fmt.Sprintf("%s %.0f %%", m.Predicted, 100*m.Probability),
		})
	}
	return grid, nil
}
