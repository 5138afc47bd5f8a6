// Package datasets presents the datasets of a lab to a notebook or a terminal.
package datasets

import (
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/lab"
)

// A Presenter loads, shows and edits datasets. It is safe for concurrent use.
type Presenter struct {
	lab    *lab.Lab
	reader advice.Reader
}

// New presents the datasets of a lab.
func New(l *lab.Lab, reader advice.Reader) *Presenter { return &Presenter{lab: l, reader: reader} }
