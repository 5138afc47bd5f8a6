package panel

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/predictor"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/prediction"
)

// A teachRequest is what a panel asks of %teach, for images of a camera or ones that were dropped on it. All fields but Action may
// be left out.
//
//	{"action": "state"}                                              what was taught
//	{"action": "add", "class": "cat", "image": "BASE64"}             adds an image, and answers what it was taken for before
//	{"action": "predict", "image": "BASE64", "top": 3}               predicts, and adds nothing
//	{"action": "undo"}                                               takes back the last image
//	{"action": "drop", "class": "cat"}                               forgets a class
//	{"action": "reset"}                                              forgets all
//	{"action": "folder", "folder": "photos"}                         forgets all, and adds the images of a folder of classes
//
// An image is a file as %predict reads it, JPEG or PNG for instance, of at most maxFrame bytes. Requests are answered in the
// order in which they come. A camera should send its next frame after the answer to the one before.
type teachRequest struct {
	Action string `json:"action"`
	Model  string `json:"model"` // empty: lab.TaughtName
	Class  string `json:"class"`
	Image  []byte `json:"image"` // base64 in JSON
	Name   string `json:"name"`  // of the image, for the model's list
	Folder string `json:"folder"`
	Top    int    `json:"top"` // classes of a prediction; 0: 3
}

// A teachAnswer answers all of them. Errors are those of the comm.
type teachAnswer struct {
	Taught     *teaching.Taught       `json:"taught"`               // null before the first image, and after a reset
	Base       string                 `json:"base,omitempty"`       // the model whose backbone would be taken, where Taught is null
	Prediction *prediction.Prediction `json:"prediction,omitempty"` // of the image; left out before the model is ready
}

// maxFrame bounds an image of a request, in bytes.
const maxFrame = 32 << 20

const usualTop = 3

func (p *Panels) answerTeach(ctx context.Context, asked teachRequest) (any, error) {
	answer, err := p.teachAnswer(ctx, asked)
	if err != nil {
		return nil, advice.Notebook.Add(err)
	}
	return answer, nil
}

func (p *Panels) teachAnswer(ctx context.Context, asked teachRequest) (*teachAnswer, error) {
	answer := &teachAnswer{}
	var err error
	switch asked.Action {
	case "", "state":
	case "add", "predict":
		return p.teachFrame(ctx, asked)
	case "folder":
		return p.teachFolder(ctx, asked)
	case "undo":
		_, err = p.lab.Unteach(ctx, asked.Model, "")
	case "drop":
		if asked.Class == "" {
			return nil, errors.New("answer the teaching panel: the class to drop is missing")
		}
		_, err = p.lab.Unteach(ctx, asked.Model, asked.Class)
	case "reset":
		err = p.lab.ForgetTaught(asked.Model)
	default:
		err = fmt.Errorf("answer the teaching panel: the action must be one of state, add, predict, undo, drop, reset, folder; got %q", asked.Action)
	}
	if err != nil {
		return nil, err
	}
	return answer, p.describeTaught(asked.Model, answer)
}

// describeTaught fills in what was taught, or on what it would be.
func (p *Panels) describeTaught(model string, answer *teachAnswer) error {
	taught, err := p.lab.Taught(model)
	if err == nil {
		answer.Taught = taught
		return nil
	}
	if !errors.As(err, new(*teaching.NothingTaughtError)) {
		return err
	}
	base, err := p.lab.Model("")
	if err == nil {
		answer.Base = base.Name
	}
	return err
}

// teachFrame predicts an image, and adds it where a class is given.
func (p *Panels) teachFrame(ctx context.Context, asked teachRequest) (*teachAnswer, error) {
	if len(asked.Image) == 0 || len(asked.Image) > maxFrame {
		return nil, fmt.Errorf("answer the teaching panel: an image must have 1 to %d bytes; got %d", maxFrame, len(asked.Image))
	}
	pixels, err := imageio.Decode(asked.Image, imageio.Limits{})
	if err != nil {
		return nil, fmt.Errorf("read the image of the teaching panel: %w", err)
	}
	image := input.Image{Name: asked.Name, Pixels: pixels}
	if image.Name == "" {
		image.Name = "camera"
	}
	answer := &teachAnswer{}
	if answer.Prediction, err = p.taughtPrediction(ctx, asked, image); err != nil {
		return nil, err
	}
	if asked.Action == "add" {
		answer.Taught, err = p.lab.Teach(ctx, lab.TeachOptions{Model: asked.Model, Class: asked.Class, Images: []input.Image{image}})
		return answer, err
	}
	return answer, p.describeTaught(asked.Model, answer)
}

// taughtPrediction is nil while the model cannot predict.
func (p *Panels) taughtPrediction(ctx context.Context, asked teachRequest, image input.Image) (*prediction.Prediction, error) {
	taught, err := p.lab.Taught(asked.Model)
	if err != nil || !taught.Ready {
		return nil, nil //nolint:nilerr // nothing was taught yet
	}
	trained, err := p.lab.Trained(ctx, lab.Ref{Model: taught.Model})
	if err != nil {
		return nil, err
	}
	top := asked.Top
	if top <= 0 {
		top = usualTop
	}
	predictions, err := trained.Predict(ctx, []input.Image{image}, predictor.Options{Top: top})
	if err != nil {
		return nil, err
	}
	return &predictions[0], nil
}
