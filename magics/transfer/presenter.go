// Package transfer is the magics of transfer learning, from a folder of images to a classifier.
//
// Each magic stands in a file of its own and is thin: flags become options of models/lab, and figures are made of the values
// that it returns. The command line calls the same methods.
package transfer

import (
	"errors"
	"log/slog"
	"sync"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/datasets"
	"github.com/headstart-nb/headstart/magics/transfer/panel"
	"github.com/headstart-nb/headstart/magics/transfer/runs"
	"github.com/headstart-nb/headstart/magics/transfer/serving"
	"github.com/headstart-nb/headstart/models/lab"
)

// A Presenter does what magics and commands ask of a lab, and shows what came of it. It is safe for concurrent use.
type Presenter struct {
	// Datasets and Runs present those of the lab.
	Datasets *datasets.Presenter
	Runs     *runs.Presenter

	lab    *lab.Lab
	log    *slog.Logger
	reader advice.Reader

	panels  *panel.Panels
	serving *serving.Presenter
	answers answers // to exercises

	arriving   sync.Mutex // held while a kernel comes
	endService func()     // stops serving the Go cells of the kernel that came last; nil before the first
}

// New presents a lab to a notebook.
func New(l *lab.Lab, log *slog.Logger) *Presenter { return present(l, log, advice.Notebook) }

// NewTerminal presents a lab to a command line.
func NewTerminal(l *lab.Lab, log *slog.Logger) *Presenter { return present(l, log, advice.Terminal) }

func present(l *lab.Lab, log *slog.Logger, reader advice.Reader) *Presenter {
	return &Presenter{
		Datasets: datasets.New(l, reader), Runs: runs.New(l, reader), lab: l, log: log, reader: reader,
		panels: panel.New(l), serving: serving.New(l, log),
	}
}

// Lab is what is presented.
func (p *Presenter) Lab() *lab.Lab { return p.lab }

// Magics lists the magics, each bound to the lab, and to its panel where it has one.
func (p *Presenter) Magics() []magics.Magic {
	return []magics.Magic{
		p.panels.Dataset(p.Datasets.Magic()),
		p.panels.Model(modelMagic(p)),
		trainMagic(p),
		p.panels.Teach(teachMagic(p)),
		evaluateMagic(p),
		p.panels.Predict(predictMagic(p)),
		explainMagic(p),
		tuneMagic(p),
		p.panels.Runs(p.Runs.Magic()),
		p.Runs.AttachMagic(),
		verifyMagic(p),
		p.Datasets.CleanMagic(),
		saveMagic(p),
		loadMagic(p),
		exportMagic(p),
		p.serving.Magic(),
		p.panels.Device(deviceMagic(p)),
		checkMagic(p),
	}
}

// Close ends what still trains, stops serving Go cells and others, and frees the device.
func (p *Presenter) Close() error {
	p.arriving.Lock()
	if p.endService != nil {
		p.endService()
		p.endService = nil
	}
	p.arriving.Unlock()
	return errors.Join(p.serving.Close(), p.lab.Close())
}
