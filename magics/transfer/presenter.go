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
	"github.com/headstart-nb/headstart/models/lab"
)

// A Presenter does what magics and commands ask of a lab, and shows what came of it. It is safe for concurrent use.
type Presenter struct {
	lab    *lab.Lab
	log    *slog.Logger
	reader advice.Reader

	evaluated evaluations

	seeing sync.Mutex // held while an image of a panel is decoded: one at a time, which bounds the memory

	mu      sync.Mutex
	figures map[*lab.Run]*runFigure

	arriving   sync.Mutex // held while a kernel comes
	endService func()     // stops serving the Go cells of the kernel that came last; nil before the first

	serving serving
}

// New presents a lab to a notebook.
func New(l *lab.Lab, log *slog.Logger) *Presenter {
	return &Presenter{lab: l, log: log, figures: map[*lab.Run]*runFigure{}}
}

// NewTerminal presents a lab to a command line.
func NewTerminal(l *lab.Lab, log *slog.Logger) *Presenter {
	p := New(l, log)
	p.reader = advice.Terminal
	return p
}

// Lab is what is presented.
func (p *Presenter) Lab() *lab.Lab { return p.lab }

// Magics lists the magics, each bound to the lab.
func (p *Presenter) Magics() []magics.Magic {
	return []magics.Magic{
		datasetMagic(p),
		modelMagic(p),
		trainMagic(p),
		teachMagic(p),
		evaluateMagic(p),
		predictMagic(p),
		explainMagic(p),
		tuneMagic(p),
		runsMagic(p),
		attachMagic(p),
		verifyMagic(p),
		cleanMagic(p),
		saveMagic(p),
		loadMagic(p),
		exportMagic(p),
		serveMagic(p),
		deviceMagic(p),
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
	return errors.Join(p.serving.stop(), p.lab.Close())
}
