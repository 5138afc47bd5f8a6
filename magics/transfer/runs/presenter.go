// Package runs presents the trainings of a lab to a notebook or a terminal.
package runs

import (
	"sync"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/lab"
)

// A Presenter lists, compares and changes runs, and shows how they go on. It is safe for concurrent use.
type Presenter struct {
	lab    *lab.Lab
	reader advice.Reader

	mu      sync.Mutex
	figures map[*lab.Run]*liveFigure
}

// New presents the runs of a lab.
func New(l *lab.Lab, reader advice.Reader) *Presenter {
	return &Presenter{lab: l, reader: reader, figures: map[*lab.Run]*liveFigure{}}
}
