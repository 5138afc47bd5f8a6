package cell

import (
	"go/ast"
	"go/parser"
	"strings"
)

// valued are the built-in functions that are called for their value alone.
var valued = map[string]bool{
	"append": true, "cap": true, "complex": true, "imag": true, "len": true, "make": true, "max": true, "min": true,
	"new": true, "real": true,
}

// IsExpression reports whether a stretch of a cell is one Go expression. As Go source it would be an error; a notebook
// shows its value instead. A call is not one, since it may have no value, and neither is a line that GoNB takes as a
// command, such as !ls.
func IsExpression(code string) bool {
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
