package cell

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/gonb/report"
)

var trailing = regexp.MustCompile(` *\n`)

func TestPrepare(t *testing.T) {
	for _, test := range []struct{ code, want string }{
		// Declarations alone are as GoNB has them.
		{"var x = 1\nfunc f() {}", ""},
		{"import \"os\"\ntype t int // note\n", ""},
		{"func (t T) m() int { return 1 }", ""},
		{"func (t *T[K]) m(a, b int) {}", ""},
		{"%%\nx := 1", ""},
		{"%test\nx := 1", ""},
		{"%%bash\nx := 1", ""},
		{"func main() {}\nx := 1", ""},
		{"// nothing", ""},
		{"!ls", ""},
		// Statements make func main.
		{"x := 1", "func main() {|x := 1|}"},
		{"\n\n  x := 1\n\n", "func main() {|  x := 1|}"},
		{"%args --a\nx := 1\n!ls \\\n-l\nx++", "%args --a|!ls \\|-l|func main() {|x := 1|||x++|}"},
		{"x := 1\nfunc f() int {\n\treturn 1\n}\ny := f()", "func f() int {|\treturn 1|}|func main() {|x := 1||||y := f()|}"},
		{"var x = 1\nx++", "func main() {|var x = 1|x++|}"},
		{"import \"os\"; type t int; os.Exit(0)", "import \"os\";|             type t int;|func main() {|                         os.Exit(0)|}"},
		{"for i := 0; i < 3; i++ {\n}\nif x := 1; x > 0 {\n}\nswitch x := 1; x {\n}", "func main() {|for i := 0; i < 3; i++ {|}|if x := 1; x > 0 {|}|switch x := 1; x {|}|}"},
		{"func() {}()", "func main() {|func() {}()|}"},
		{"func(x int) (r int) { return x }(1)", "func main() {|func(x int) (r int) { return x }(1)|}"},
		{"x := `\nfunc f() {\n`", "func main() {|x := `|func f() {|`|}"},
		{"package x\nx := 1", "func main() {|x := 1|}"},
	} {
		p := Prepare(New(test.code, 3), Carried{})
		got := ""
		if p.Statements {
			got = trailing.ReplaceAllString(p.Code, "|")
		} else if p.Code != test.code {
			t.Errorf("%q became %q", test.code, p.Code)
		}
		if got != test.want {
			t.Errorf("%q:\n%q, want\n%q", test.code, got, test.want)
		}
	}
}

func TestPreparedLinesKnowTheirOrigin(t *testing.T) {
	var carried Carried
	carried.Add("var old int", report.Position{Count: 1, Line: 4})
	code := "x := 1\n!ls\nfunc f() {}\n\ny, x := 2, 3\nvar z, _ int"
	p := Prepare(New(code, 3), carried)
	lines := strings.Split(code, "\n")
	for i, line := range strings.Split(p.Code, "\n") {
		at := p.Origin[i]
		switch strings.TrimSpace(line) {
		case "var old int":
			if at.Count != 1 || at.Line != 4 {
				t.Errorf("%q comes from %v", line, at)
			}
		case "func main() {", "}", "":
		default:
			if at.Count != 3 || strings.TrimSpace(lines[at.Line-1]) != strings.TrimSpace(line) {
				t.Errorf("%q comes from %v", line, at)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"x": 5, "y": 5, "z": 6}, p.Lines); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"f"}, p.Declared); diff != "" {
		t.Error(diff)
	}
}

func TestCarriedDeclarationsWaitForGo(t *testing.T) {
	var carried Carried
	carried.Add("var old int", report.Position{Count: 1, Line: 4})
	carried.Add("import \"image\"", report.Position{Count: 1, Line: 4})
	for code, want := range map[string]string{
		"!ls": "!ls", "%%bash\nls": "%%bash\nls",
		"var x int": "import \"image\"\nvar old int\nvar x int", "%%\nf()": "import \"image\"\nvar old int\n%%\nf()",
		"%exec f":                            "import \"image\"\nvar old int\n%exec f",
		"\nimport (\n\t\"os\"\n)\nvar x int": "import \"image\"\n\nimport (\n\t\"os\"\n)\nvar old int\nvar x int",
		"type t int\nimport \"os\"; x := 1":  "import \"image\"\nimport \"os\";       \nvar old int\ntype t int\nfunc main() {\n             x := 1\n}",
	} {
		if p := Prepare(New(code, 1), carried); p.Code != want {
			t.Errorf("%q: %q, want %q", code, p.Code, want)
		}
	}
}

// A question about a line finds it one line further down, whatever stands around it.
func TestComposedStatements(t *testing.T) {
	code := "import \"os\"\nx := 1\nfunc f() {\n\tfmt.Pri\n}\nos.Exi"
	for line, want := range map[int]string{4: "\tfmt.Pri", 6: "os.Exi", 2: "x := 1"} {
		got := Composed(New(code, 0), line, remembered("var y = 1"), nowhere)
		if lines := strings.Split(got, "\n"); lines[line] != want {
			t.Errorf("line %d is %q, want %q in\n%s", line, lines[line], want, got)
		}
	}
}
