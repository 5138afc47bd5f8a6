package gonb

import (
	"context"
	"fmt"
	"go/parser"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

var _ session.Evaluator = (*Engine)(nil)

// Evaluate computes an expression in a program of its own, with the declarations of the cells so far.
func (e *Engine) Evaluate(ctx context.Context, expression string) (map[string]any, error) {
	if _, err := parser.ParseExpr(expression); err != nil {
		failure := report.Plain("SyntaxError", fmt.Sprintf("%s is not a Go expression: %v", expression, err))
		return nil, &failure.Error
	}
	value := valueOutput{data: map[string]any{}} // a call may have no value
	reply, err := e.Execute(ctx, wire.ExecuteRequest{Code: expression}, &value)
	switch {
	case err != nil:
		return nil, err
	case reply.Error != nil: // its traceback shows lines of a cell that the user did not write
		failure := report.Plain(reply.EName, reply.EValue)
		return nil, &failure.Error
	}
	return value.data, nil
}

// valueOutput keeps the value of an expression, and nothing that its program prints.
type valueOutput struct {
	silence
	data map[string]any
}

// Result takes the value.
func (v *valueOutput) Result(result wire.ExecuteResult) error {
	v.data = result.Data
	return nil
}
