package gonb

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"strings"

	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// valued are the built-in functions that are called for their value alone.
var valued = map[string]bool{
	"append": true, "cap": true, "complex": true, "imag": true, "len": true, "make": true, "max": true, "min": true,
	"new": true, "real": true,
}

// isExpression reports whether a stretch of a cell is one Go expression. As Go source it would be an error; a notebook
// shows its value instead. A call is not one, since it may have no value, and neither is a line that GoNB takes as a
// command, such as !ls.
func isExpression(code string) bool {
	if len(commands(code)) > 0 {
		return false
	}
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
