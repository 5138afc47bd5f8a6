package debug

import (
	"context"
	"encoding/json"
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"

	rewrite "github.com/headstart-nb/headstart/kernel/gonb/program"
)

// variable is one as the protocol shows it.
type variable struct {
	Name         string `json:"name"`
	Value        string `json:"value"`
	Type         string `json:"type"`
	EvaluateName string `json:"evaluateName"`
	Reference    int    `json:"variablesReference"`
}

// inspectVariables are the variables that the kernel keeps: also while nothing is debugged.
func (d *Debugger) inspectVariables(context.Context, Request) (any, error) {
	kept, err := d.options.Variables()
	if err != nil {
		return nil, err
	}
	list := []variable{}
	for _, v := range kept {
		list = append(list, variable{Name: v.Name, Value: v.Value, Type: v.Type, EvaluateName: v.Name})
	}
	return map[string]any{"variables": list}, nil
}

// richInspectVariables shows a variable as a cell would.
func (d *Debugger) richInspectVariables(ctx context.Context, r Request) (any, error) {
	var arguments struct {
		Name  string `json:"variableName"`
		Frame *int   `json:"frameId"`
	}
	if err := json.Unmarshal(r.Arguments, &arguments); err != nil {
		return nil, fmt.Errorf("read the name of the variable: %w", err)
	}
	if !token.IsIdentifier(arguments.Name) {
		return nil, fmt.Errorf("show %q: it is not the name of a variable", arguments.Name)
	}
	rich := map[string]any{"data": map[string]any{}, "metadata": map[string]any{}}
	if !d.stopped() {
		data, err := d.options.Evaluate(ctx, arguments.Name)
		if err != nil {
			return nil, err
		}
		rich["data"] = data
		return rich, nil
	}
	response, err := d.ask(ctx, "evaluate", map[string]any{"expression": arguments.Name, "frameId": arguments.Frame, "context": "clipboard"})
	if err != nil {
		return nil, err
	}
	var body struct {
		Result string `json:"result"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil || !response.Success {
		return nil, fmt.Errorf("show %s: %s", arguments.Name, detail(response))
	}
	rich["data"] = map[string]any{"text/plain": body.Result}
	return rich, nil
}

// isRuntime and isTesting tell functions in which a call stack ends, or a panic stops, that a user need not see.
func isRuntime(function string) bool { return strings.HasPrefix(function, "runtime.") }
func isTesting(function string) bool { return strings.HasPrefix(function, "testing.") }

// testPackage is how the names of a cell's functions begin in a test: by the name of GoNB's module. Elsewhere it is main.
var testPackage = regexp.MustCompile(`^gonb_[0-9a-f]+\.`)

// shown are the frames from the user's newest function to the oldest. A panic stops in the runtime; that of a test is caught by
// package testing first, which panics again. Names are those of all frames.
func shown(names []string) (from, to int) {
	to = len(names)
	for to > 1 && (isRuntime(names[to-1]) || isTesting(names[to-1])) {
		to--
	}
	panics := false
	for i, name := range names[:to] {
		if !isRuntime(name) && !(panics && isTesting(name)) {
			return i, to
		}
		panics = panics || name == "runtime.gopanic"
	}
	return 0, to
}

// stackTrace is Delve's, without what stands below func main or a test.
func (d *Debugger) stackTrace(ctx context.Context, r Request) (any, error) {
	response, err := d.ask(ctx, r.Command, r.Arguments)
	if err != nil || !d.stopped() {
		return map[string]any{"stackFrames": []any{}, "totalFrames": 0}, nil
	}
	if !response.Success {
		return nil, fmt.Errorf("show the call stack: %s", detail(response))
	}
	var body struct {
		Frames []map[string]json.RawMessage `json:"stackFrames"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil {
		return nil, fmt.Errorf("read the call stack: %w", err)
	}
	body.Frames = slices.DeleteFunc(body.Frames, func(frame map[string]json.RawMessage) bool { return isAdded(nameOf(frame)) })
	names := make([]string, len(body.Frames))
	for i, frame := range body.Frames {
		names[i] = nameOf(frame)
	}
	from, to := shown(names)
	frames := body.Frames[from:to]
	for i, frame := range frames {
		if name := testPackage.ReplaceAllString(names[from+i], "main."); name != names[from+i] {
			frame["name"], _ = json.Marshal(name) // a string
		}
	}
	return map[string]any{"stackFrames": frames, "totalFrames": len(frames)}, nil
}

// scope is one of a frame's.
type scope struct {
	Name      string `json:"name"`
	Reference int    `json:"variablesReference"`
	Expensive bool   `json:"expensive"`
}

// scopes are a frame's local variables and those of the cells, which are variables of the package. Front ends show the first
// scope, so one without variables comes last.
func (d *Debugger) scopes(ctx context.Context, r Request) (any, error) {
	response, err := d.ask(ctx, r.Command, r.Arguments)
	if err != nil {
		return nil, err
	}
	var body struct {
		Scopes []scope `json:"scopes"`
	}
	if err := json.Unmarshal(response.Body, &body); err != nil || !response.Success {
		return nil, fmt.Errorf("show the variables of a function: %s", detail(response))
	}
	var full, empty []scope
	for _, s := range body.Scopes {
		if strings.HasPrefix(s.Name, "Globals") {
			s.Name = "Cells"
		}
		inside, err := d.ask(ctx, "variables", map[string]int{"variablesReference": s.Reference})
		if err == nil && inside.Success && len(named(inside.Body)) == 0 {
			empty = append(empty, s)
		} else {
			full = append(full, s)
		}
	}
	return map[string]any{"scopes": append(full, empty...)}, nil
}

// nameOf is the name of a frame or of a variable; empty where it has none.
func nameOf(fields map[string]json.RawMessage) (name string) {
	_ = json.Unmarshal(fields["name"], &name) // it stays empty
	return name
}

// isAdded tells a function that the kernel has added to the program of a cell.
func isAdded(function string) bool {
	_, name, _ := strings.Cut(function, ".")
	return rewrite.IsAdded(name)
}

// named are the variables of an answer but for results without a name, and those that the kernel has added to the program.
func named(answer json.RawMessage) []map[string]json.RawMessage {
	var body struct {
		Variables []map[string]json.RawMessage `json:"variables"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return nil
	}
	return slices.DeleteFunc(body.Variables, func(v map[string]json.RawMessage) bool {
		name := nameOf(v)
		return strings.HasPrefix(name, "~") || rewrite.IsAdded(name)
	})
}

// threads are the goroutines; none between cells.
func (d *Debugger) threads(ctx context.Context, r Request) (any, error) {
	response, err := d.ask(ctx, r.Command, r.Arguments)
	if err != nil || !response.Success {
		return map[string]any{"threads": []any{}}, nil
	}
	return response.Body, nil
}

// variables are those of a scope, or the parts of one. After the end of a program there are none, whatever is asked for.
func (d *Debugger) variables(ctx context.Context, r Request) (any, error) {
	none := map[string]any{"variables": []any{}}
	if !d.stopped() {
		return none, nil
	}
	response, err := d.ask(ctx, r.Command, r.Arguments)
	if err != nil {
		return none, nil
	}
	if !response.Success {
		return nil, fmt.Errorf("show variables: %s", detail(response))
	}
	list := named(response.Body)
	if list == nil {
		return none, nil
	}
	return map[string]any{"variables": list}, nil
}
