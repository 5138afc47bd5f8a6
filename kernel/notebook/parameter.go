package notebook

import (
	"encoding/json"
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// parametersTag marks the cell with the defaults, as papermill has it; injectedTag marks the cell that overrides them.
const (
	parametersTag = "parameters"
	injectedTag   = "injected-parameters"
)

// A Parameter is a value to run a notebook with. A name with a dot is a magic's flag: train.epochs is --epochs wherever
// the notebook calls %train. A name without one is a Go variable.
type Parameter struct{ Name, Value string }

var flagName = regexp.MustCompile(`^([a-z][a-z0-9_-]*)\.([a-z][a-z0-9-]*)$`)

// ParseParameter reads name=value.
func ParseParameter(text string) (Parameter, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok {
		return Parameter{}, fmt.Errorf("the parameter %q has no value: write name=value", text)
	}
	if !flagName.MatchString(name) && (!token.IsIdentifier(name) || name == "_") {
		return Parameter{}, fmt.Errorf("the parameter name %q is neither a Go variable nor a magic's flag such as train.epochs", name)
	}
	return Parameter{name, value}, nil
}

// A FlagSetter gives a flag of a magic a value wherever a cell's code calls the magic, and counts these calls.
type FlagSetter func(code, magic, flag, value string) (changed string, calls int)

// Set gives the notebook other parameters. It fails on a flag of a magic that the notebook does not call.
func (nb *Notebook) Set(parameters []Parameter, setFlag FlagSetter) error {
	var variables []Parameter
	for _, p := range parameters {
		match := flagName.FindStringSubmatch(p.Name)
		if match == nil {
			variables = append(variables, p)
			continue
		}
		calls := 0
		for i := range nb.Cells {
			if cell := &nb.Cells[i]; cell.Kind == "code" {
				changed, found := setFlag(cell.Source, match[1], match[2], p.Value)
				cell.Source = changed
				calls += found
			}
		}
		if calls == 0 {
			return fmt.Errorf("the parameter %s changes nothing: the notebook has no cell with %%%s", p.Name, match[1])
		}
	}
	if len(variables) > 0 {
		nb.inject(variables)
	}
	return nil
}

// inject puts a cell of Go variables after the cell of the defaults, or first where there is none. A cell that an earlier
// run injected is replaced.
func (nb *Notebook) inject(variables []Parameter) {
	nb.Cells = slices.DeleteFunc(nb.Cells, func(c Cell) bool { return slices.Contains(c.Tags, injectedTag) })
	at := slices.IndexFunc(nb.Cells, func(c Cell) bool { return slices.Contains(c.Tags, parametersTag) }) + 1
	types := map[string]string{}
	if at > 0 {
		types = basicTypes(nb.Cells[at-1].Source)
	}
	var source strings.Builder
	source.WriteString("var (\n")
	for _, v := range variables {
		fmt.Fprintf(&source, "\t%s\n", declaration(v, types[v.Name]))
	}
	source.WriteString(")")
	cell := Cell{
		Kind: "code", Source: source.String(), Tags: []string{injectedTag},
		fields: map[string]json.RawMessage{
			"cell_type":       json.RawMessage(`"code"`),
			"execution_count": json.RawMessage(`null`),
			"metadata":        json.RawMessage(`{"tags":["` + injectedTag + `"]}`),
			"outputs":         json.RawMessage(`[]`),
		},
	}
	nb.Cells = slices.Insert(nb.Cells, at, cell)
	nb.nameCell(at, injectedTag)
}

// nameCell gives a cell an id that no other cell has, where the format has ids.
func (nb *Notebook) nameCell(at int, id string) {
	var minor int
	if json.Unmarshal(nb.fields["nbformat_minor"], &minor) != nil || minor < withIDs {
		return
	}
	quoted := func(n int) string {
		if n == 0 {
			return strconv.Quote(id)
		}
		return strconv.Quote(fmt.Sprintf("%s-%d", id, n))
	}
	n := 0
	for slices.ContainsFunc(nb.Cells, func(c Cell) bool { return string(c.fields["id"]) == quoted(n) }) {
		n++
	}
	nb.Cells[at].fields["id"] = json.RawMessage(quoted(n))
}
