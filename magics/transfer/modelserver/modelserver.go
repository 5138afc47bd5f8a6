// Package modelserver answers the Go cells that ask for the warm models of a lab.
package modelserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/prediction"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
	"github.com/headstart-nb/headstart/nbhelpers/warm/server"
)

// Handler answers the methods of package warm with the models of a lab.
func Handler(l *lab.Lab) server.Handler { return service{l}.handle }

// A service answers what cells ask of a lab.
type service struct{ lab *lab.Lab }

func (s service) handle(ctx context.Context, method string, params json.RawMessage) (any, error) {
	switch method {
	case warm.MethodModels:
		return s.warmModels(ctx), nil
	case warm.MethodPredict:
		return answer(ctx, params, s.warmPredict)
	case warm.MethodFeatures:
		return answer(ctx, params, s.warmFeatures)
	case warm.MethodEvaluate:
		return answer(ctx, params, s.warmEvaluate)
	case warm.MethodExplain:
		return answer(ctx, params, s.warmExplain)
	case warm.MethodPut:
		return answer(ctx, params, s.put)
	case warm.MethodGet:
		return answer(ctx, params, s.get)
	case warm.MethodDraw:
		return answer(ctx, params, func(_ context.Context, asked warm.DrawParams) (warm.Drawing, error) { return Draw(asked) })
	}
	return nil, fmt.Errorf("there is no method %q: this Headstart is older than the cell's nbhelpers", method)
}

// answer decodes the params of a method and calls it.
func answer[P, R any](ctx context.Context, raw json.RawMessage, method func(context.Context, P) (R, error)) (any, error) {
	var params P
	if err := json.Unmarshal(raw, &params); err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	result, err := method(ctx, params)
	return result, advice.Notebook.Add(err)
}

func (s service) warmModels(ctx context.Context) warm.ModelsResult {
	device := s.lab.DeviceStatus().Name
	result := warm.ModelsResult{Models: []warm.Model{}}
	for _, m := range s.lab.Models() {
		shape := m.FeatureShape()
		entry := warm.Model{Name: m.Name, Backbone: m.Identity().Name(), FeatureDim: shape[len(shape)-1], Device: device}
		if t, err := s.lab.Trained(ctx, lab.Ref{Model: m.Name}); err == nil {
			entry.Trained, entry.Labels, entry.Dataset = true, t.Model.Classes, t.Model.Provenance.Dataset
			entry.Run, entry.Made = t.Model.Provenance.Run, t.Model.Provenance.Created
		}
		result.Models = append(result.Models, entry)
	}
	return result
}

func (s service) warmPredict(ctx context.Context, asked warm.PredictParams) (warm.PredictResult, error) {
	trained, err := s.lab.Trained(ctx, lab.Ref{Model: asked.Model})
	if err != nil {
		return warm.PredictResult{}, err
	}
	images, err := s.lab.CellImages(asked.Images)
	if err != nil {
		return warm.PredictResult{}, err
	}
	top := asked.Top
	if top == 0 {
		top = 5
	}
	predictions, err := trained.Predict(ctx, images, predictor.Options{Top: top})
	if err != nil {
		return warm.PredictResult{}, err
	}
	for i, answer := range predictions {
		if answer.Error != "" {
			return warm.PredictResult{}, fmt.Errorf("predict %s: %s", images[i].Name, answer.Error)
		}
	}
	return warm.PredictResult{Model: trained.Name, Predictions: predictions}, nil
}

func (s service) warmFeatures(ctx context.Context, asked warm.FeaturesParams) (warm.FeaturesResult, error) {
	model, err := s.lab.Model(asked.Model)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	images, err := s.lab.CellImages(asked.Images)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	values, shape, err := s.lab.Features(ctx, model, images)
	if err != nil {
		return warm.FeaturesResult{}, err
	}
	tensor, err := warm.NewTensor(values, shape...)
	return warm.FeaturesResult{Model: model.Name, Features: tensor}, err
}

func (s service) warmEvaluate(ctx context.Context, asked warm.EvaluateParams) (warm.Report, error) {
	evaluation, err := s.lab.Evaluate(ctx, lab.Ref{Model: asked.Model},
		lab.EvaluateOptions{Split: cmp.Or(asked.Split, imagefolder.Val), Dir: asked.Dir})
	if err != nil {
		return warm.Report{}, err
	}
	return evaluation.Warm(), nil
}

func (s service) warmExplain(ctx context.Context, asked warm.ExplainParams) (warm.Explanation, error) {
	trained, err := s.lab.Trained(ctx, lab.Ref{Model: asked.Model})
	if err != nil {
		return warm.Explanation{}, err
	}
	images, err := s.lab.CellImages([]warm.Image{asked.Image})
	if err != nil {
		return warm.Explanation{}, err
	}
	if len(images) != 1 {
		return warm.Explanation{}, fmt.Errorf("explain %s: it is %d images; give one", asked.Image.File, len(images))
	}
	heat, err := trained.Explain(ctx, images[0], asked.Class)
	if err != nil {
		return warm.Explanation{}, err
	}
	tensor, err := warm.NewTensor(heat.Values, heat.Height, heat.Width)
	return warm.Explanation{
		Model:   trained.Name,
		Class:   prediction.Score{Class: heat.Class, Index: slices.Index(trained.Model.Classes, heat.Class), Probability: float64(heat.Probability)},
		Heat:    tensor,
		Drawing: drawingOf(figure.Heat(figure.HeatData{Items: []figure.HeatItem{drawing.HeatItem(trained, images[0], heat)}})),
	}, err
}

func (s service) put(_ context.Context, asked warm.PutParams) (any, error) {
	return nil, s.lab.Put(asked.Name, asked.Value)
}

func (s service) get(_ context.Context, asked warm.GetParams) (warm.Value, error) {
	value, ok := s.lab.Value(asked.Name)
	if !ok {
		return warm.Value{}, fmt.Errorf("there is no value %q: a cell stores one with nbhelpers.Put; magics store last.dataset, last.run, last.report and last.predictions", asked.Name)
	}
	return value, nil
}
