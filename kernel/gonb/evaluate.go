package gonb

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"strconv"
	"strings"
	"sync"

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
	var value valueOutput
	request := wire.ExecuteRequest{Code: beforeExpression + expression + ",\n)"}
	reply, err := e.Execute(ctx, request, &value)
	if err != nil {
		return nil, err
	}
	if reply.Error != nil {
		// The traceback shows lines that the user did not write.
		failure := report.Plain(reply.EName, ownLine(reply.EValue))
		return nil, &failure.Error
	}
	return map[string]any{"text/plain": value.String()}, nil
}

// show shows the value of an expression as the cell's result.
func (e *Engine) show(ctx context.Context, expression string, io session.IO) (wire.ExecuteReply, error) {
	data, err := e.Evaluate(ctx, expression)
	var failure *wire.Error
	switch {
	case errors.As(err, &failure):
		return failed(failure), nil
	case err != nil:
		return wire.ExecuteReply{}, err
	}
	return wire.ExecuteReply{Status: wire.StatusOK}, io.Result(wire.ExecuteResult{Data: data})
}

// beforeExpression is two lines, which a line number in an error counts too.
const beforeExpression = "%%\nfmt.Printf(\"%+v\",\n"

// ownLine makes the line number that an error's text begins with the expression's own.
func ownLine(text string) string {
	rest, numbered := strings.CutPrefix(text, "line ")
	digits, message, found := strings.Cut(rest, ": ")
	number, err := strconv.Atoi(digits)
	if !numbered || !found || err != nil {
		return text
	}
	return fmt.Sprintf("line %d: %s", number-strings.Count(beforeExpression, "\n"), message)
}

// valueOutput keeps what an expression's program prints, and nothing else.
type valueOutput struct {
	silence
	mu   sync.Mutex
	text strings.Builder
}

func (v *valueOutput) Stream(name, text string) error {
	if name == wire.Stdout {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.text.WriteString(text)
	}
	return nil
}

func (v *valueOutput) String() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.text.String()
}
