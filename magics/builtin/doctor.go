package builtin

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A Check is one thing that %doctor has looked at.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	Found string `json:"found"`         // what it is, in a few words
	Fix   string `json:"fix,omitempty"` // what to do about it; empty where nothing is to be done
}

// State is the outcome of a check.
type State string

const (
	OK      State = "ok"
	Warning State = "warning" // something will be slower or missing
	Failure State = "failure" // something does not work
)

func doctorMagic(checks func(context.Context) ([]Check, error)) magics.Magic {
	return &magics.Command[struct{}]{
		Use:   "doctor",
		Short: "Checks the installation and says how to mend it",
		Long:  "headstart doctor --fix, in a terminal, mends what can be mended.",
		JSON:  true,
		Do: func(ctx context.Context, in *magics.Invocation, _ *struct{}) error {
			list, err := checks(ctx)
			if err != nil {
				return fmt.Errorf("%%doctor: cannot check the installation: %w", err)
			}
			return in.Result(list, func() (display.Bundle, error) { return doctorTable(list), nil })
		},
	}
}

func doctorTable(list []Check) display.Bundle {
	t := sketch.Table{Title: "Installation", Header: []string{"check", "", "found", "what to do"}}
	bad := 0
	for _, c := range list {
		if c.State == Failure {
			bad++
		}
		t.Rows = append(t.Rows, []string{c.Name, string(c.State), c.Found, c.Fix})
	}
	if bad == 0 {
		t.Notes = []string{"Everything that is needed works."}
	} else {
		t.Notes = []string{fmt.Sprintf("%d of %d checks failed.", bad, len(list))}
	}
	return table(t)
}
