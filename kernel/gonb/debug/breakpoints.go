package debug

import (
	"context"
	"encoding/json"
	"fmt"
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
