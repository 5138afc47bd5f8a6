package transfer

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A Page is where the results of one call go: a cell or a terminal.
type Page struct {
	magics.Host
	JSON bool   // results are one line of JSON instead of figures
	Code string // the text of the cell or the command, for the record of a run
}

// pageOf is the cell of a magic.
func pageOf(in *magics.Invocation) Page { return Page{Host: in, JSON: in.JSON, Code: in.Call.Code} }

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

// given lists the flags that were set, for the record of a run.
func given(flags *pflag.FlagSet) []string {
	var list []string
	if flags != nil {
		flags.VisitAll(func(f *pflag.Flag) {
			if f.Changed {
				list = append(list, "--"+f.Name+"="+f.Value.String())
			}
		})
	}
	return list
}

// advising makes a magic's work of do: its errors name the magic or flag that fixes them.
func advising[O any](do func(context.Context, *magics.Invocation, *O) error) func(context.Context, *magics.Invocation, *O) error {
	return func(ctx context.Context, in *magics.Invocation, o *O) error {
		return advice.Notebook.Add(do(ctx, in, o))
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
