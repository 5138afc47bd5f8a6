package debug

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// sourceBreakpoints are those of one file.
type sourceBreakpoints struct {
	Source      string            `json:"source"`
	Breakpoints []json.RawMessage `json:"breakpoints"`
}

// breakpointArguments are those of setBreakpoints.
type breakpointArguments struct {
	Source struct {
		Path string `json:"path"`
	} `json:"source"`
	Breakpoints []json.RawMessage `json:"breakpoints"`
}

// setBreakpoints keeps breakpoints for the programs to come, and sets those of the program that runs.
func (d *Debugger) setBreakpoints(ctx context.Context, r Request) (any, error) {
	var arguments breakpointArguments
	if err := json.Unmarshal(r.Arguments, &arguments); err != nil {
		return nil, fmt.Errorf("read the breakpoints: %w", err)
	}
	path := arguments.Source.Path
	accepted := make([]map[string]any, len(arguments.Breakpoints))
	for i, b := range arguments.Breakpoints {
		var at struct {
			Line int `json:"line"`
		}
		if err := json.Unmarshal(b, &at); err != nil || at.Line < 1 {
			return nil, fmt.Errorf("read the breakpoints: %s has no line", b)
		}
		accepted[i] = map[string]any{"verified": true, "line": at.Line, "source": map[string]string{"path": path}}
	}
	d.mu.Lock()
	if len(arguments.Breakpoints) == 0 {
		delete(d.breakpoints, path)
	} else {
		d.breakpoints[path] = arguments.Breakpoints
	}
	live := d.program != nil && d.program.files[path]
	d.mu.Unlock()
	if live {
		response, err := d.ask(ctx, "setBreakpoints", arguments)
		if err == nil && response.Success {
			return response.Body, nil
		}
	}
	return map[string]any{"breakpoints": accepted}, nil
}

// Delve's reasons where a breakpoint is not in the program: it belongs to a cell that the program does not use, or in part.
const (
	noFile = "could not find file"
	noCode = "could not find statement"
)

// unset are the complaints about breakpoints that a program is started without, from Delve's answer. Those of other cells than the
// one that runs may have no code in its program.
func unset(wanted []json.RawMessage, answer json.RawMessage, own bool) []string {
	var body struct {
		Breakpoints []struct {
			Verified bool   `json:"verified"`
			Message  string `json:"message"`
		} `json:"breakpoints"`
	}
	if json.Unmarshal(answer, &body) != nil {
		return nil
	}
	var complaints []string
	for i, b := range body.Breakpoints {
		if b.Verified || i >= len(wanted) || strings.Contains(b.Message, noFile) && !own {
			continue
		}
		var at struct {
			Line int `json:"line"`
		}
		_ = json.Unmarshal(wanted[i], &at) // it was read before
		switch missing := strings.Contains(b.Message, noFile) || strings.Contains(b.Message, noCode); {
		case missing && own:
			complaints = append(complaints, fmt.Sprintf("The breakpoint on line %d stops nowhere: the program of the cell has no code there.", at.Line))
		case !missing:
			complaints = append(complaints, fmt.Sprintf("The breakpoint on line %d is not set: %s.", at.Line, b.Message))
		}
	}
	return complaints
}
