package gonb

import (
	"context"
	"fmt"
	"go/parser"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

var _ session.Evaluator = (*Engine)(nil)

// Evaluate computes an expression in a program of its own, with the declarations of the cells so far.
func (e *Engine) Evaluate(ctx context.Context, expression string) (map[string]any, error) {
	if _, err := parser.ParseExpr(expression); err != nil {
		failure := plainReport("SyntaxError", fmt.Sprintf("%s is no Go expression: %v", expression, err))
		return nil, &failure.Error
	}
	var value valueOutput
	request := wire.ExecuteRequest{Code: "%%\nfmt.Printf(\"%+v\",\n" + expression + ",\n)"}
	reply, err := e.Execute(ctx, request, &value)
	if err != nil {
		return nil, err
	}
	if reply.Error != nil {
		failure := plainReport(reply.EName, reply.EValue) // the traceback shows lines that the user did not write
		return nil, &failure.Error
	}
	return map[string]any{"text/plain": value.String()}, nil
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
