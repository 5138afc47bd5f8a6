package panel

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder/capture"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/prediction"
)

// A predictRequest is what the panels ask that predict an image which the browser has.
type predictRequest struct {
	Run   string `json:"run"`
	Model string `json:"model"` // with neither, the current model
	Image []byte `json:"image"` // as the file has it, in base64; empty: only the model is described
	Top   int    `json:"top"`   // classes; 0 for all
}

// A predictAnswer answers it.
type predictAnswer struct {
	Model   string `json:"model"`
	Size    int    `json:"size"` // of the model's images, in pixels
	Trained bool   `json:"trained"`

	Classes []string           `json:"classes"` // at most mostAnswered
	Of      int                `json:"of"`      // classes that the model has
	Top     []prediction.Score `json:"top"`
	Value   []float32          `json:"value,omitempty"` // of a regression
}

// mostAnswered bounds the classes of an answer, whatever a client asks for.
const mostAnswered = 100

// answerPredict predicts an image that came over the comm. It is decoded as files are; nothing of it is kept.
func (p *Panels) answerPredict(ctx context.Context, asked predictRequest) (any, error) {
	if len(asked.Image) == 0 {
		return p.describeModel(ctx, asked)
	}
	if len(asked.Image) > capture.MaxBytes {
		return nil, fmt.Errorf("predict the image: it has %d bytes, and the limit is %d MiB: use a smaller copy", len(asked.Image), capture.MaxBytes>>20)
	}
	p.seeing.Lock()
	defer p.seeing.Unlock()
	answer, err := p.see(ctx, asked)
	if errors.Is(err, classifier.ErrClosed) { // a training has replaced the model between the two steps
		answer, err = p.see(ctx, asked)
	}
	if err != nil {
		return nil, fmt.Errorf("predict the image: %w", advice.Notebook.Add(err))
	}
	return answer, nil
}

func (p *Panels) see(ctx context.Context, asked predictRequest) (predictAnswer, error) {
	trained, err := p.lab.Trained(ctx, lab.Ref{Run: asked.Run, Model: asked.Model})
	if err != nil {
		return predictAnswer{}, err
	}
	top := mostAnswered
	if asked.Top > 0 {
		top = min(top, asked.Top)
	}
	predicted, err := trained.PredictData(ctx, asked.Image, top)
	answer := describeTrained(trained)
	answer.Top, answer.Value = predicted.Top, predicted.Value
	return answer, err
}

// describeModel says which model would answer, or which one is not trained yet.
func (p *Panels) describeModel(ctx context.Context, asked predictRequest) (any, error) {
	trained, err := p.lab.Trained(ctx, lab.Ref{Run: asked.Run, Model: asked.Model})
	if errors.As(err, new(*lab.UntrainedError)) {
		m, err := p.lab.Model(asked.Model)
		if err != nil {
			return nil, advice.Notebook.Add(err)
		}
		return predictAnswer{Model: m.Name, Size: m.Backbone.Architecture().Size, Classes: []string{}, Top: []prediction.Score{}}, nil
	}
	if err != nil {
		return nil, advice.Notebook.Add(err)
	}
	return describeTrained(trained), nil
}

func describeTrained(t *predictor.Predictor) predictAnswer {
	classes := append([]string{}, t.Model.Classes...)
	return predictAnswer{
		Model: t.Name, Size: t.Geometry().Size, Trained: true, Classes: classes[:min(len(classes), mostAnswered)], Of: len(classes), Top: []prediction.Score{},
	}
}
