package gonb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestExpressionsHaveValues(t *testing.T) {
	n := open(t)
	n.ok("var remembered = map[string]int{\"a\": 1}")
	for expression, want := range map[string]string{
		"remembered":                "key  value\n───  ─────\na        1",
		"remembered[\"a\"]":         "1",
		"struct{ A string }{\"x\"}": "{A:x}",
	} {
		data, err := n.engine.Evaluate(t.Context(), expression)
		if err != nil || data["text/plain"] != want {
			t.Errorf("%s is %v, %v, want %s", expression, data, err, want)
		}
	}
	for expression, want := range map[string]string{
		"1 +":        "SyntaxError: 1 + is not a Go expression: 1:4: expected operand, found 'EOF'",
		"unknown":    "CompileError: line 1: undefined: unknown",
		"[]int{}[1]": "panic: runtime error: index out of range [1] with length 0",
	} {
		if _, err := n.engine.Evaluate(t.Context(), expression); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", expression, err, want)
		}
	}
}

func TestACellThatIsAnExpressionShowsItsValue(t *testing.T) {
	n := open(t)
	cell := &recorder{}
	reply, err := n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: "\n\n1 + 2"}, cell)
	if err != nil || reply.Status != wire.StatusOK || len(cell.shown) != 1 || cell.shown[0].Data["text/plain"] != "3" {
		t.Errorf("%+v, %v, shown %v", reply, err, cell.shown)
	}
	reply, err = n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: "undefined"}, &recorder{})
	if err != nil || reply.Error == nil || reply.EName != "CompileError" {
		t.Errorf("%+v, %v", reply, err)
	}
}

// A shell line may parse as a Go expression: !ls negates ls, !nvidia-smi subtracts, !*pwd negates what pwd points to.
func TestShellLinesAreNotExpressions(t *testing.T) {
	n := open(t)
	for _, code := range []string{"!pwd", "! pwd", "!pwd -P", "!*pwd", "\n\n!pwd\n", "//gonb:!pwd"} {
		cell := &recorder{}
		reply, err := n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: code}, cell)
		if printed := cell.stdout.String(); err != nil || reply.Status != wire.StatusOK || !strings.HasPrefix(printed, "/") || len(cell.shown) != 0 {
			t.Errorf("%q: %+v, %v, printed %q, shown %v", code, reply, err, printed, cell.shown)
		}
	}
}

// A cell of hidden commands alone is no comment: they run, a cell magic too.
func TestHiddenCommandsRun(t *testing.T) {
	n := open(t)
	file := filepath.Join(t.TempDir(), "written")
	for _, code := range []string{"//gonb:%%writefile " + file + "\na line", "//gonb:!echo more >>" + file + "\n//gonb:!echo last >>" + file} {
		reply, err := n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: code}, &recorder{})
		if err != nil || reply.Status != wire.StatusOK {
			t.Errorf("%q: %+v, %v", code, reply, err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "a line\nmore\nlast\n" {
		t.Errorf("the file has %q, %v", got, err)
	}
}

func TestACommentThatIsNotClosedIsAnError(t *testing.T) {
	n := open(t)
	for code, want := range map[string]string{
		"/* x":                       "SyntaxError: line 1: the comment is not terminated: end it with */",
		"var a = 1\n!echo /*\n/* x":  "SyntaxError: line 3: the comment is not terminated: end it with */",
		"%%writefile /dev/null\n/* ": "",
	} {
		reply, err := n.engine.Execute(t.Context(), wire.ExecuteRequest{Code: code}, &recorder{})
		got := ""
		if reply.Error != nil {
			got = reply.Error.Error()
		}
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", code, got, err, want)
		}
	}
}
