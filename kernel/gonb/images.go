package gonb

import (
	"context"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

var _ session.Values = (*Engine)(nil)

// Names are the variables that have a kept value.
func (e *Engine) Names() (names []string) {
	entries, err := e.entries()
	if err != nil {
		return nil // completion has nothing to say then
	}
	for _, entry := range entries {
		names = append(names, entry.Name)
	}
	return names
}

// Images makes a folder of the images that a variable stands for. A program with the variable's own types writes them, since
// the kernel knows no types of cells.
func (e *Engine) Images(ctx context.Context, name string) (folder string, known bool, err error) {
	if _, known = e.variable(name); !known || e.options.ImageDir == "" || e.options.SourceDir == "" {
		return "", false, nil
	}
	if err := e.acquire(ctx); err != nil {
		return "", true, err
	}
	defer e.release()
	var value valueOutput
	in, err := e.answering(ctx, &value)
	if err != nil {
		return "", true, err
	}
	r := e.runWith(ctx, in, cell.New(name, 0), &value, program.Images{Folder: e.options.ImageDir, Variable: name})
	if r.failure != nil {
		return "", true, errors.New(r.failure.EValue)
	}
	if folder, ok := value.data[display.MIMEFolder].(string); ok {
		return folder, true, nil
	}
	return "", true, fmt.Errorf("%v", value.data[display.MIMEText])
}
