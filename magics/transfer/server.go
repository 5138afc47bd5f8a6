package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
	"github.com/headstart-nb/headstart/nbhelpers/warm/server"
)

// Serve answers Go cells on the socket of a runtime folder until the context ends.
func (l *Lab) Serve(ctx context.Context, runtimeDir string) error {
	listener, err := server.Listen(warm.SocketPath(runtimeDir))
	if err != nil {
		return fmt.Errorf("listen for Go cells: %w", err)
	}
	return server.Serve(ctx, listener, l.handle)
}

func (l *Lab) handle(ctx context.Context, method string, params json.RawMessage) (any, error) {
	switch method {
	case warm.MethodModels:
		return l.warmModels(), nil
	case warm.MethodPredict:
		return answer(ctx, params, l.warmPredict)
	case warm.MethodFeatures:
		return answer(ctx, params, l.warmFeatures)
	case warm.MethodEvaluate:
		return answer(ctx, params, l.warmEvaluate)
	case warm.MethodExplain:
		return answer(ctx, params, l.warmExplain)
	case warm.MethodPut:
		return answer(ctx, params, l.put)
	case warm.MethodGet:
		return answer(ctx, params, l.get)
	case warm.MethodDraw:
		return answer(ctx, params, func(_ context.Context, p warm.DrawParams) (warm.Drawing, error) { return Draw(p) })
	}
	return nil, fmt.Errorf("there is no method %q: this Headstart is older than the cell's nbhelpers", method)
}

// answer decodes the params of a method and calls it.
func answer[P, R any](ctx context.Context, raw json.RawMessage, method func(context.Context, P) (R, error)) (any, error) {
	var params P
	if err := json.Unmarshal(raw, &params); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	return method(ctx, params)
}

func (l *Lab) warmModels() warm.ModelsResult {
	l.mu.Lock()
	models := l.models.all()
	device := ""
	if l.device != nil {
		device = l.device.Name()
	}
	l.mu.Unlock()
	result := warm.ModelsResult{Models: []warm.Model{}}
	for _, m := range models {
		shape := m.Backbone.FeatureShape()
		entry := warm.Model{Name: m.Name, Backbone: m.Backbone.Name(), FeatureDim: shape[len(shape)-1], Device: device}
		if t := m.trained(); t != nil {
			entry.Trained, entry.Labels, entry.Dataset = true, t.Classes, t.Provenance.Dataset
			entry.Run, entry.Made = t.Provenance.Run, t.Provenance.Created
		}
		result.Models = append(result.Models, entry)
	}
	return result
}

func (l *Lab) warmPredict(ctx context.Context, p warm.PredictParams) (warm.PredictResult, error) {
	model, trained, err := l.Trained(p.Model)
	if err != nil {
		return warm.PredictResult{}, err
	}
	subjects, err := l.warmSubjects(p.Images)
	if err != nil {
		return warm.PredictResult{}, err
	}
	top := p.Top
	if top == 0 {
		top = 5
	}
	predictions, err := predict(ctx, trained, subjects, top)
	if err != nil {
		return warm.PredictResult{}, err
	}
	for i, p := range predictions {
		if p.Error != "" {
			return warm.PredictResult{}, fmt.Errorf("predict %s: %s", subjects[i].name, p.Error)
		}
	}
	return warmPredictions(model.Name, subjects, predictions), nil
}

// warmSubjects resolves "@name" to what a cell put under it, and takes the other images as they are.
func (l *Lab) warmSubjects(images []warm.Image) ([]subject, error) {
	var list []subject
	for _, p := range images {
		var found []subject
		var err error
		if len(p.File) > 1 && p.File[0] == '@' {
			found, err = l.putSubjects(p.File[1:])
		} else {
			found, err = subjectsOf([]warm.Image{p})
		}
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func (l *Lab) warmFeatures(ctx context.Context, p warm.FeaturesParams) (warm.FeaturesResult, error) {
	model, err := l.Model(p.Model)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	subjects, err := l.warmSubjects(p.Images)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	features, shape, err := l.features(ctx, model, subjects)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	tensor, err := warm.NewTensor(features, shape...)
	return warm.FeaturesResult{Model: model.Name, Features: tensor}, err
}

func (l *Lab) warmEvaluate(ctx context.Context, p warm.EvaluateParams) (warm.Report, error) {
	split := p.Split
	if split == "" {
		split = "val"
	}
	model, report, _, err := l.Evaluate(ctx, p.Model, split, p.Dir)
	if err != nil {
		return warm.Report{}, err
	}
	return warmReport(model.Name, split, p.Dir, report), nil
}

func (l *Lab) warmExplain(ctx context.Context, p warm.ExplainParams) (warm.Explanation, error) {
	model, trained, err := l.Trained(p.Model)
	if err != nil {
		return warm.Explanation{}, err
	}
	subjects, err := l.warmSubjects([]warm.Image{p.Image})
	if err != nil {
		return warm.Explanation{}, err
	}
	if len(subjects) != 1 {
		return warm.Explanation{}, fmt.Errorf("explain %s: it is %d images; give one", p.Image.File, len(subjects))
	}
	heat, err := explain(ctx, trained, subjects[0], p.Class)
	if err != nil {
		return warm.Explanation{}, err
	}
	tensor, err := warm.NewTensor(heat.Values, heat.Height, heat.Width)
	return warm.Explanation{
		Model: model.Name, Class: prediction.Score{Class: heat.Class, Index: slices.Index(trained.Classes, heat.Class), Probability: float64(heat.Probability)}, Heat: tensor,
		Drawing: drawingOf(figure.Heat(figure.HeatData{Items: []figure.HeatItem{heatItem(trained, subjects[0], heat)}})),
	}, err
}

func (l *Lab) put(_ context.Context, p warm.PutParams) (any, error) {
	if p.Name == "" {
		return nil, fmt.Errorf("put a value: it needs a name")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[p.Name] = p.Value
	return nil, nil
}

func (l *Lab) get(_ context.Context, p warm.GetParams) (warm.Value, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	value, ok := l.values[p.Name]
	if !ok {
		return warm.Value{}, fmt.Errorf("there is no value %q: a cell stores one with nbhelpers.Put; magics store last.dataset, last.run, last.report and last.predictions", p.Name)
	}
	return value, nil
}

// leave gives a magic's result a name for Go cells.
func (l *Lab) leave(name string, result any) {
	data, err := json.Marshal(result)
	if err != nil {
		l.log.Error("keeping a result for Go cells", "name", name, "error", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[name] = warm.Value{JSON: data}
}

// Draw draws a figure as PNG for a Go cell, which links no library for it.
func Draw(p warm.DrawParams) (warm.Drawing, error) {
	var bundle display.Bundle
	switch p.Kind {
	case warm.DrawCurves:
		var data sketch.Curves
		if err := json.Unmarshal(p.Data, &data); err != nil {
			return warm.Drawing{}, fmt.Errorf("read the curves: %w", err)
		}
		bundle = figure.Curves(data)
	case warm.DrawGrid:
		var data warm.GridData
		if err := json.Unmarshal(p.Data, &data); err != nil {
			return warm.Drawing{}, fmt.Errorf("read the grid: %w", err)
		}
		grid, err := gridOf(data)
		if err != nil {
			return warm.Drawing{}, err
		}
		bundle = figure.Grid(grid)
	default:
		return warm.Drawing{}, fmt.Errorf("draw %q: the kind must be one of curves, grid", p.Kind)
	}
	return drawingOf(bundle), nil
}

func drawingOf(bundle display.Bundle) warm.Drawing {
	png, _ := bundle.Data[display.MIMEPNG].([]byte)
	size, _ := bundle.Metadata[display.MIMEPNG].(map[string]any)
	width, _ := size["width"].(int)
	height, _ := size["height"].(int)
	return warm.Drawing{PNG: png, Width: width, Height: height}
}

func gridOf(data warm.GridData) (figure.GridData, error) {
	grid := figure.GridData{Title: data.Title, Columns: data.Columns, Notes: data.Notes}
	for i, cell := range data.Cells {
		subjects, err := subjectsOf([]warm.Image{cell.Image})
		if err != nil {
			return grid, fmt.Errorf("cell %d of the grid: %w", i+1, err)
		}
		grid.Cells = append(grid.Cells, figure.Cell{
			Image: subjects[0].thumb(), Title: cell.Title, Caption: cell.Caption, Mark: figure.Mark(cell.Mark),
		})
	}
	return grid, nil
}

func warmPredictions(model string, subjects []subject, predictions []prediction.Prediction) warm.PredictResult {
	result := warm.PredictResult{Model: model, Predictions: []prediction.Prediction{}}
	for i, p := range predictions {
		p.Name, p.Path, p.Truth = subjects[i].name, subjects[i].file, subjects[i].truth
		result.Predictions = append(result.Predictions, p)
	}
	return result
}

func warmReport(model, split, dir string, r *metric.Report) warm.Report {
	report := warm.Report{
		Model: model, Split: split, Dir: dir, Images: r.Images, Loss: r.Loss, Accuracy: r.Accuracy,
		Labels: r.Classes, Confusion: r.Confusion, ECE: r.Calibration.ECE,
	}
	for _, c := range r.PerClass {
		report.Classes = append(report.Classes, warm.ClassReport{Label: c.Class, Precision: c.Precision, Recall: c.Recall, F1: c.F1, Images: c.Support})
	}
	for _, m := range r.Worst {
		report.Worst = append(report.Worst, prediction.Prediction{
			Name: m.Path, Truth: m.Label,
			Top: []prediction.Score{{Class: m.Predicted, Index: slices.Index(r.Classes, m.Predicted), Probability: m.Probability}},
		})
	}
	return report
}
