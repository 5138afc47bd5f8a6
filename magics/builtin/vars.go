package builtin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A Variable is one whose value lasts from one cell to the next.
type Variable struct {
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Bytes  int64     `json:"bytes"`
	Value  string    `json:"value"`            // shortened
	When   time.Time `json:"time"`             // of the last change
	Shared []string  `json:"shared,omitempty"` // other variables that share memory with it
}

// Variables is what %vars needs of an engine.
type Variables interface {
	// Variables are those that have a value, by name.
	Variables() ([]Variable, error)
	// DropVariables removes values. It fails where one of the names has none.
	DropVariables(names ...string) error
}

func varsMagic(variables Variables) magics.Magic {
	names := func(context.Context, []string, string) []string {
		return namesOf(variables.Variables())
	}
	return varsPanel{variables, &magics.Group{
		Use:   "vars",
		Short: "Lists and drops the variables of Go cells",
		Long: `Variables that statements of Go cells declare, and those that are declared outside of a function, keep their values until
the kernel is restarted. %reset forgets all of them, with everything else that cells have declared.
Variables that share memory, such as a slice and a part of it, are kept together.`,
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use: "list", Short: "Shows name, type, size and value of each variable", JSON: true, Concurrent: true,
				Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
					list, err := variables.Variables()
					if err != nil {
						return err
					}
					if list == nil {
						list = []Variable{}
					}
					return in.Result(list, func() (display.Bundle, error) { return variableTable(list), nil })
				},
			},
			&magics.Command[struct{}]{
				Use: "drop NAME...", Short: "Drops the values of variables",
				Args: magics.Args{Min: 1, Max: 1000, Complete: names},
				Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
					return variables.DropVariables(in.Args...)
				},
			},
		},
	}}
}

// varsPanel is %vars with the answers for the notebook extension's panel.
type varsPanel struct {
	variables Variables
	*magics.Group
}

var _ magics.Responder = varsPanel{}

// Respond lists the variables, after it has dropped those that the request names.
func (v varsPanel) Respond(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
	var asked struct {
		Drop []string `json:"drop"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		return nil, fmt.Errorf("vars: read the request: %w", err)
	}
	if len(asked.Drop) > 0 {
		if err := v.variables.DropVariables(asked.Drop...); err != nil {
			return nil, err
		}
	}
	list, err := v.variables.Variables()
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []Variable{}
	}
	return json.Marshal(map[string][]Variable{"variables": list})
}

func variableTable(list []Variable) display.Bundle {
	if len(list) == 0 {
		return display.Text("No Go cell has declared a variable whose value lasts.")
	}
	t := sketch.Table{Header: []string{"name", "type", "size", "value"}, Right: []int{2}}
	for _, v := range list {
		t.Rows = append(t.Rows, []string{v.Name, v.Type, sketch.Bytes(v.Bytes), v.Value})
	}
	return table(t)
}
