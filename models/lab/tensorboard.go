package lab

import (
	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/lab/board"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
)

// boardOf begins the log of a run; it is nil where none is asked for.
func (l *Lab) boardOf(dir string, r *Run) (*board.Board, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // a nil Board writes nothing
	}
	dir, err := homepath.Expand(dir)
	if err != nil {
		return nil, err
	}
	return board.Open(dir, r.Stand().Run)
}

// ExportRuns writes runs to TensorBoard's event files, each in a folder of its name. What an earlier export of a run has written
// is replaced.
func (l *Lab) ExportRuns(dir string, names []string) error {
	dir, err := homepath.Expand(dir)
	if err != nil {
		return err
	}
	var stands []runstatus.Stand
	for _, name := range names {
		stand, err := l.RunOrModel(name)
		if err != nil {
			return err
		}
		stands = append(stands, stand)
	}
	for _, s := range stands {
		if err := board.Export(dir, s); err != nil {
			return err
		}
	}
	return nil
}
