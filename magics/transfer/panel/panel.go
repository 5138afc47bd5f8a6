// Package panel answers the panels of the notebook extension.
package panel

import (
	"context"
	"sync"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/lab"
)

// Panels answers what the panels ask about a lab. A panel asks by the magic that does the same in a cell: each method returns
// that magic, so that it answers its panel as well. It is safe for concurrent use.
type Panels struct {
	lab       *lab.Lab
	evaluated evaluations

	seeing sync.Mutex // held while an image is decoded: one at a time, which bounds the memory
}

// New answers about a lab.
func New(l *lab.Lab) *Panels { return &Panels{lab: l} }

// Dataset answers the dataset panel, and the capture panel, which adds to the folder of a dataset.
func (p *Panels) Dataset(m magics.Magic) magics.Magic {
	return tells(answers(m, p.answerDataset), p.watchDataset)
}

// Model answers the wizard, which asks what weights can be had.
func (p *Panels) Model(m magics.Magic) magics.Magic { return answers(m, findWeights) }

// Teach answers panels that teach a model by images of a camera.
func (p *Panels) Teach(m magics.Magic) magics.Magic { return answers(m, p.answerTeach) }

// Predict answers panels that predict an image which the browser has.
func (p *Panels) Predict(m magics.Magic) magics.Magic { return answers(m, p.answerPredict) }

// Runs answers the runs panel.
func (p *Panels) Runs(m magics.Magic) magics.Magic {
	return tells(answers(m, p.answerRuns), p.watchRuns)
}

// Device answers the status bar.
func (p *Panels) Device(m magics.Magic) magics.Magic {
	answering := answers(m, func(context.Context, struct{}) (any, error) { return p.lab.DeviceStatus(), nil })
	return tells(answering, p.watchDevice)
}
