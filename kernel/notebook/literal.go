package notebook

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strconv"
	"strings"
)

// integers and floats are the types of Go whose values are numbers.
var (
	integers = []string{"int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "byte", "rune"}
	floats   = []string{"float32", "float64"}
)

// basicTypes are the types of the variables that a cell of defaults declares, as far as they are strings, truth values or
// numbers: a parameter has its default's type, so that code which works with the one works with the other.
func basicTypes(source string) map[string]string {
	lines := strings.Split(source, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") {
			lines[i] = ""
		}
	}
	types := map[string]string{}
	// What cannot be parsed fails when the cell runs.
	file, _ := parser.ParseFile(token.NewFileSet(), "", "package p; func _() {"+strings.Join(lines, "\n")+"\n}", parser.SkipObjectResolution)
	if file == nil {
		return types
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.ValueSpec:
			for i, name := range n.Names {
				if declared, ok := n.Type.(*ast.Ident); ok {
					types[name.Name] = declared.Name
				} else if n.Type == nil && i < len(n.Values) {
					types[name.Name] = typeOf(n.Values[i])
				}
			}
		case *ast.AssignStmt:
			for i, left := range n.Lhs {
				if name, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE && i < len(n.Rhs) {
					types[name.Name] = typeOf(n.Rhs[i])
				}
			}
		}
		return true
	})
	return types
}

// typeOf is the type of a literal; empty for other expressions.
func typeOf(value ast.Expr) string {
	switch v := value.(type) {
	case *ast.BasicLit:
		return map[token.Token]string{token.INT: "int", token.FLOAT: "float64", token.STRING: "string"}[v.Kind]
	case *ast.UnaryExpr:
		return typeOf(v.X)
	case *ast.Ident:
		if v.Name == "true" || v.Name == "false" {
			return "bool"
		}
	}
	return ""
}

// declaration declares a variable with a value, of the type that its default has where that is known.
func declaration(p Parameter, declared string) string {
	literal, natural := literal(p.Value)
	number, err := strconv.ParseFloat(p.Value, 64)
	isNumber := err == nil && (natural == "int" || natural == "float64")
	switch {
	case declared == "string":
		literal, natural = strconv.Quote(p.Value), "string"
	case isNumber && slices.Contains(floats, declared):
		literal, natural = float(number), "float64"
		if natural == declared {
			return p.Name + " = " + literal
		}
		return p.Name + " " + declared + " = " + literal
	case isNumber && slices.Contains(integers, declared):
		if natural == "float64" && number == math.Trunc(number) && math.Abs(number) < 1<<53 { // 1e3
			literal, natural = strconv.FormatInt(int64(number), 10), "int"
		}
		if natural == "int" && declared != "int" {
			return p.Name + " " + declared + " = " + literal
		}
	}
	return p.Name + " = " + literal
}

// literal is a value as Go writes it, and its type: numbers and truth values as they are, all else as a string.
func literal(value string) (text, natural string) {
	if n, err := strconv.ParseInt(value, 10, 64); err == nil { // written anew: with leading zeros it would be octal
		return strconv.FormatInt(n, 10), "int"
	}
	if f, err := strconv.ParseFloat(value, 64); err == nil && f-f == 0 { // not NaN, not Inf
		return float(f), "float64"
	}
	if value == "true" || value == "false" {
		return value, "bool"
	}
	return strconv.Quote(value), "string"
}

// float is a number as a literal of type float64, also where it has no fraction.
func float(f float64) string {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
