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

// Set gives the notebook other parameters. It fails on a flag of a magic that the notebook does not call.
func (nb *Notebook) Set(parameters []Parameter) error {
	var variables []Parameter
	for _, p := range parameters {
		match := flagName.FindStringSubmatch(p.Name)
		if match == nil {
			variables = append(variables, p)
			continue
		}
		if nb.setFlag(match[1], match[2], p.Value) == 0 {
			return fmt.Errorf("the parameter %s changes nothing: the notebook has no cell with %%%s", p.Name, match[1])
		}
	}
	if len(variables) == 0 {
		return nil
	}
	return nb.inject(variables)
}

// setFlag changes or adds a flag on every line that calls the magic, and counts those lines.
func (nb *Notebook) setFlag(magic, flag, value string) int {
	call := regexp.MustCompile(`^%{1,2}` + regexp.QuoteMeta(magic) + `(\s|$)`)
	given := regexp.MustCompile(`\s--` + regexp.QuoteMeta(flag) + `(=|\s+)("[^"]*"|'[^']*'|\S+)`)
	text := " --" + flag + "=" + quoteWord(value)
	count := 0
	for i := range nb.Cells {
		if nb.Cells[i].Kind != "code" {
			continue
		}
		lines := strings.Split(nb.Cells[i].Source, "\n")
		for j, line := range lines {
			if call.MatchString(line) {
				count++
				lines[j] = given.ReplaceAllLiteralString(line, "") + text
			}
		}
		nb.Cells[i].Source = strings.Join(lines, "\n")
	}
	return count
}

// quoteWord keeps a value one word for a shell-like reader.
func quoteWord(value string) string {
	if value != "" && !strings.ContainsAny(value, " \t\n\"'\\$`#;&|<>*?()") {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// inject puts a cell of Go variables after the cell of the defaults, or first where there is none. A cell that an earlier
// run injected is replaced.
func (nb *Notebook) inject(variables []Parameter) error {
	nb.Cells = slices.DeleteFunc(nb.Cells, func(c Cell) bool { return slices.Contains(c.Tags, injectedTag) })
	var source strings.Builder
	source.WriteString("var (\n")
	for _, v := range variables {
		fmt.Fprintf(&source, "\t%s = %s\n", v.Name, literal(v.Value))
	}
	source.WriteString(")")
	cell := Cell{
		Kind: "code", Source: source.String(), Tags: []string{injectedTag},
		fields: map[string]json.RawMessage{
			"cell_type":       json.RawMessage(`"code"`),
			"execution_count": json.RawMessage(`null`),
			"id":              json.RawMessage(`"injected-parameters"`),
			"metadata":        json.RawMessage(`{"tags":["` + injectedTag + `"]}`),
			"outputs":         json.RawMessage(`[]`),
		},
	}
	at := slices.IndexFunc(nb.Cells, func(c Cell) bool { return slices.Contains(c.Tags, parametersTag) }) + 1
	nb.Cells = slices.Insert(nb.Cells, at, cell)
	return nil
}

// literal is a value as Go writes it: numbers and truth values as they are, all else as a string.
func literal(value string) string {
	if _, err := strconv.ParseInt(value, 10, 64); err == nil {
		return value
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil && f-f == 0 { // not NaN, not Inf
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	if value == "true" || value == "false" {
		return value
	}
	return strconv.Quote(value)
}
