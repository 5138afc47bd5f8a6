package panel

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A responding magic answers the notebook extension as well as cells.
type responding struct {
	magics.Magic
	respond func(ctx context.Context, request json.RawMessage) (any, error)
}

// answers wraps a magic so that requests of type R reach answer.
func answers[R any](m magics.Magic, answer func(context.Context, R) (any, error)) responding {
	return responding{Magic: m, respond: func(ctx context.Context, raw json.RawMessage) (any, error) {
		var request R
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &request); err != nil {
				return nil, fmt.Errorf("reading the request to %%%s: %w", m.Name(), err)
			}
		}
		return answer(ctx, request)
	}}
}

func (r responding) Respond(ctx context.Context, request json.RawMessage) (json.RawMessage, error) {
	result, err := r.respond(ctx, request)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

func (r responding) Complete(ctx context.Context, line string, cursor int) ([]string, error) {
	if c, ok := r.Magic.(magics.Completer); ok {
		return c.Complete(ctx, line, cursor)
	}
	return nil, nil
}

func (r responding) Inspect(ctx context.Context, line string, cursor int) (display.Bundle, error) {
	if i, ok := r.Magic.(magics.Inspector); ok {
		return i.Inspect(ctx, line, cursor)
	}
	return display.Bundle{}, nil
}

func (r responding) ConcurrentCalls() magics.Calls {
	if c, ok := r.Magic.(magics.Concurrent); ok {
		return c.ConcurrentCalls()
	}
	return magics.Calls{}
}
