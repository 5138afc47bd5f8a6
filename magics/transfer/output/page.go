// Package output shows the results of one call, in a cell or in a terminal.
package output

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Page is where the results of one call go: a cell or a terminal.
type Page struct {
	magics.Host
	JSON bool   // results are one line of JSON instead of figures
	Code string // the text of the cell or the command, for the record of a run
}

// Of is the cell of a magic.
func Of(in *magics.Invocation) Page { return Page{Host: in, JSON: in.JSON, Code: in.Call.Code} }

// Stdout is the host's, without what a terminal obeys: names come from strangers' folders and models.
func (p Page) Stdout() io.Writer { return visible.Writer(p.Host.Stdout()) }

// Stderr is the host's, as Stdout.
func (p Page) Stderr() io.Writer { return visible.Writer(p.Host.Stderr()) }

// Printf prints to where the output of the call goes.
func (p Page) Printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.Stdout(), format, args...)
	return err
}

// Result shows a result: as JSON, or as what show returns.
func (p Page) Result(ctx context.Context, value any, show func() (display.Bundle, error)) error {
	if p.JSON {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("write the result as JSON: %w", err)
		}
		return p.Printf("%s\n", text)
	}
	bundle, err := show()
	if err != nil {
		return err
	}
	_, err = p.Show(ctx, bundle)
	return err
}
