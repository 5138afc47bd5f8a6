package gonb_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestStatementsNeedNoFunction(t *testing.T) {
	nb := open(t)
	for _, test := range []struct{ code, out, value string }{
		{"fmt.Println(\"hello\")", "hello\n", ""},
		{"x := 1\nx + 2", "", "3"},
		{"func double(x int) int { return 2 * x }\ny := double(21)\ny", "", "42"},
		{"z := 3\nfunc triple() int { return 3 * z }\ntriple()", "", "9"},
		{"func root() float64 { return math.Sqrt(16) }\nvar four = root()\nimport \"math\"", "", ""},
		{"func main() { fmt.Println(four) }\nimport up \"strings\"\nfunc upper() string { return up.ToUpper(\"a\") }", "4\n", ""},
		{"upper()", "", "A"},
		{"type pair struct{ a, b int }\npair{1, 2}", "", "{a:1 b:2}"},
		{"for i := range 3 {\n\tfmt.Print(i)\n}", "012", ""},
		{"import \"math\"\nmath.Sqrt(16)", "", "4"},
		{"var text string\nif true {\n\ttext = `a\n\n b `\n}\ntext", "", "a\n\n b "},
		{"const big = 1 << 10\nbig", "", "1024"},
		{"1 + 1;", "", ""},
		{"_ = 1 + 1", "", ""},
		{"strings.ToUpper(\"a\") // comment", "", "A"},
		{"strconv.Atoi(\"12\")", "", "12"},
		{"strconv.Atoi(\"x\")", "", "strconv.Atoi: parsing \"x\": invalid syntax"},
		{"errors.New(\"wrong\")", "", "wrong"},
		{"!echo shell\nfmt.Println(\"go\")", "shell\ngo\n", ""},
		{"defer fmt.Println(\"last\")\nfmt.Println(\"first\")", "first\nlast\n", ""},
		{"ch := make(chan int, 1)\nch <- 5\n<-ch", "", "5"},
		{"func() { fmt.Println(\"called\") }()", "called\n", ""},
		{"(func(x int) int { return x })(7)", "", "7"},
		{"var a, b = 1, 2\nvar (\n\tc = a + b\n\td, e float64\n)\nd = float64(c)\ne + d", "", "3"},
		{"map[string]int{\"b\": 2, \"a\": 1}", "", "key  value\n───  ─────\na        1\nb        2"},
		{"/* one */ type named int /* two */\n/* three */ named(5)", "", "5"},
		{"type t1 int; type t2 t1; v := t2(3); v", "", "3"},
		{"_, err := os.Stat(\"/nonexistent\"); err", "", "stat /nonexistent: no such file or directory"},
		{"var ok error\nok", "", "<nil>"},
	} {
		cell, reply := nb.try(t.Context(), test.code)
		shown := ""
		if len(cell.shown) > 0 {
			shown = fmt.Sprint(cell.shown[0].Data["text/plain"])
		}
		if reply.Status != wire.StatusOK || cell.stdout.String() != test.out || shown != test.value || len(cell.shown) > 1 {
			t.Errorf("cell %q: %v, printed %q, shows %q\n%s", test.code, reply.Error, cell.stdout.String(), shown, cell.stderr.String())
		}
	}
}

func TestErrorsOfStatementsPointIntoTheCell(t *testing.T) {
	nb := open(t)
	nb.ok("func earlier() {}")
	for _, test := range []struct{ code, name, value, trace string }{
		{"x := 1\ny := undefinedThing\ny", "CompileError", "line 2: undefined: undefinedThing", "line 2:6: undefined: undefinedThing\n    2 | y := undefinedThing\n      |      ^"},
		{"x := 1\nx + \"a\"", "CompileError", "line 2: ", "line 2:"},
		{"a := 1\nfunc f() int { return \"a\" }\nb := 2", "CompileError", "line 2: cannot use \"a\"", "    2 | func f() int { return \"a\" }"},
		{"fmt.Println(1)\nfor {", "SyntaxError", "line 2: the { is not closed", ""},
		{"%%\nif true {\n\tfmt.Println(1)", "SyntaxError", "line 2: the { is not closed", ""},
		{"func f() {}\nx := 1 +\n", "SyntaxError", "line 2: expected operand", "    2 | x := 1 +"},
		{"func f() {}\n%main\nfmt.Println(len(\"a\")", "SyntaxError", "line 3: the ( is not closed", ""},
		{"fmt.Println(1)\nx y", "SyntaxError", "line 2: ", "    2 | x y"},
		{"var zero int\nfmt.Println(1)\n\n1 / zero", "panic", "runtime error: integer divide by zero", "main.main()"},
		{"os.Exit(3)", "ExitError", "exit status 3", ""},
		{"if true {\n\tunused := 1\n}", "CompileError", "line 2: declared and not used: unused", "    2 |     unused := 1"},
		{"unknown", "CompileError", "line 1: undefined: unknown", ""},
	} {
		_, failure := nb.fails(test.code)
		trace := uncoloured(strings.Join(failure.Traceback, "\n"))
		if failure.EName != test.name || !strings.Contains(failure.EValue, test.value) || !strings.Contains(trace, test.trace) {
			t.Errorf("cell %q: %s: %s\n%s", test.code, failure.EName, failure.EValue, trace)
		}
	}
}

// What a cell writes before it exits is shown, also where it looks like a panic.
func TestWhatIsWrittenBeforeTheExitIsShown(t *testing.T) {
	nb := open(t)
	for _, test := range []struct{ code, want string }{
		{`fmt.Fprint(os.Stderr, "fatal error: no photos\nmore\n"); os.Exit(1)`, "fatal error: no photos\nmore\n"},
		{`runtime.Goexit()`, "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"},
		{`fmt.Fprint(os.Stderr, "no line end"); os.Exit(1)`, "no line end"},
	} {
		cell, failure := nb.fails(test.code)
		if got := cell.stderr.String(); got != test.want || failure.EName != "ExitError" {
			t.Errorf("%s: %s, and on standard error %q", test.code, failure.EName, got)
		}
	}
}

// Where cells cannot import this project, statements run all the same, and values are shown as text.
func TestStatementsWithoutTheProject(t *testing.T) {
	nb := openWith(t, func(o *gonb.Options) { o.SourceDir = "" })
	nb.shows("x := []int{1, 2}\nx", "[1 2]")
	nb.shows("strconv.Itoa(3)", "3")
	nb.shows("strconv.Atoi(\"3\")", "3")
	_, failure := nb.fails("x")
	if !strings.Contains(failure.EValue, "x has no value") {
		t.Errorf("%v", failure)
	}
}
