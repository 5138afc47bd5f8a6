package gonb_test

import (
	"testing"
)

func TestExpressionsHaveValues(t *testing.T) {
	n := open(t)
	n.ok("var remembered = map[string]int{\"a\": 1}")
	for expression, want := range map[string]string{
		"remembered":                "map[a:1]",
		"struct{ A string }{\"x\"}": "{A:x}",
	} {
		data, err := n.engine.Evaluate(t.Context(), expression)
		if err != nil || data["text/plain"] != want {
			t.Errorf("%s is %v, %v, want %s", expression, data, err, want)
		}
	}
	for expression, want := range map[string]string{
		"1 +":        "SyntaxError: 1 + is no Go expression: 1:4: expected operand, found 'EOF'",
		"unknown":    "CompileError: line 1: undefined: unknown",
		"[]int{}[1]": "panic: runtime error: index out of range [1] with length 0",
	} {
		if _, err := n.engine.Evaluate(t.Context(), expression); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", expression, err, want)
		}
	}
}
