package session

import (
	"context"
	"go/ast"
	"go/parser"
	"strings"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// valued are the built-in functions whose value alone makes sense of calling them.
var valued = map[string]bool{
	"append": true, "cap": true, "complex": true, "imag": true, "len": true, "make": true, "max": true, "min": true,
	"new": true, "real": true,
}

// isExpression reports whether a stretch of Go is one expression and nothing else. As Go source it would be an error; a
// notebook shows its value instead. A call is left alone, since it may have no value.
func isExpression(code string) bool {
	expression, err := parser.ParseExpr(strings.TrimSpace(code))
	if err != nil {
		return false
	}
	switch e := ast.Unparen(expression).(type) {
	case *ast.CallExpr:
		name, ok := e.Fun.(*ast.Ident)
		return ok && valued[name.Name]
	case *ast.FuncLit, *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.StructType, *ast.FuncType, *ast.InterfaceType:
		return false
	}
	return true
}

// runExpression shows the value of an expression as the cell's result.
func (s *Session) runExpression(ctx context.Context, c *cell, evaluator Evaluator, code string) *wire.Error {
	var data map[string]any
	err := s.abandonable(ctx, func() (err error) {
		data, err = evaluator.Evaluate(ctx, strings.TrimSpace(code))
		return err
	})
	if err == nil {
		err = c.Result(wire.ExecuteResult{Data: data})
	}
	if err != nil {
		return s.stopped(ctx, err)
	}
	return nil
}
