package cell

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/registry"
)

func remembered(codes ...string) *Memory {
	m := &Memory{}
	for i, code := range codes {
		m.Add(New(code, i+1))
	}
	return m
}

func TestMemoryReplacesAndForgets(t *testing.T) {
	for _, test := range []struct {
		cells []string
		want  string
	}{
		{[]string{"func f() {}", "func f() int { return 1 }"}, "func f() int { return 1 }"},
		{[]string{"func f() {}\nfunc g() {}", "%rm f"}, "func g() {}"},
		{[]string{"func f() {}", "%reset"}, ""},
		{[]string{"type T struct{}\nfunc (T) M() {}\nfunc (*T) N() {}", "func (t *T) M() {}"}, "type T struct{}\nfunc (*T) N() {}\nfunc (t *T) M() {}"},
		{[]string{"var (\n\ta = 1\n\tb, c = 2, 3\n)", "var c = 4"}, "var a = 1\nvar c = 4"}, // as GoNB: a tuple goes as a whole
		{[]string{"const (\n\tx = iota\n\ty\n)"}, "const (\n\tx = iota\n\ty\n)"},
		{[]string{"import \"fmt\"\nimport . \"math\"\nimport r \"math/rand\"\n%%\nfmt.Println()"}, "import \"fmt\"\nimport . \"math\"\nimport r \"math/rand\""},
		{[]string{"func main() { x() }\nfunc x() {}"}, "func x() {}"},
		{[]string{"%env A 1", "%env A 2\n%env B=3\n%goflags -race\n%noautoget"}, "%env A 2\n%env B=3\n%goflags -race\n%noautoget"},
		{[]string{"%%bash\nfunc f() {}"}, ""},
		{[]string{"func broken( {"}, ""},
		{[]string{"package main\n\nfunc f() {\n}"}, "func f() {\n}"},
	} {
		replay, ok := remembered(test.cells...).Replay()
		if diff := cmp.Diff(test.want, replay.Code); diff != "" || ok != (test.want != "") {
			t.Errorf("%q (-want +got):\n%s", test.cells, diff)
		}
	}
}

func TestReplayedLinesKnowTheirCell(t *testing.T) {
	replay, _ := remembered("var a = 1", "%env A 1\n\nfunc f() {\n\tx()\n}").Replay()
	lines := strings.Split(replay.Code, "\n")
	if len(lines) != len(replay.Origin) {
		t.Fatalf("%d lines, %d origins", len(lines), len(replay.Origin))
	}
	for i, line := range lines {
		if line == "\tx()" && (replay.Origin[i].Count != 2 || replay.Origin[i].Line != 4) {
			t.Errorf("%q comes from %v", line, replay.Origin[i])
		}
	}
}

func TestCommands(t *testing.T) {
	for _, test := range []struct{ code, failure string }{
		{"x := 1\n%cd\n!ls \\\n  -l\n//gonb:%help\n%% --flag", ""},
		{"%%bash\n%not a command", ""},
		{"!*go get x@latest", ""},
		{"%\nfmt", ""}, // GoNB does not take one byte for a command, and Go's parser refuses it
		{"x\n%nonsense a", "line 2: there is no magic %nonsense: %help lists all"},
		{"%%nonsense", "line 1: there is no magic %%nonsense: %help lists all"},
		{"%%bsh", "line 1: there is no magic %%bsh: did you mean %%bash? %help lists all"},
		{"% ", "line 1: the name of the magic after the percent sign is missing; %help lists all"},
		{"//gonb:%\t", "line 1: the name of the magic after the percent sign is missing; %help lists all"},
		{"! ", "line 1: the shell command after the exclamation mark is missing"},
		{"%%script", "line 1: %%script needs the program that the cell is passed to, such as %%script python3"},
	} {
		got := ""
		if failure := New(test.code, 0).Check(registry.New().Unknown); failure != nil {
			got = failure.EValue
		}
		if got != test.failure {
			t.Errorf("%q: %q, wanted %q", test.code, got, test.failure)
		}
	}
}

// nowhere is a standard library without packages.
func nowhere(string) string { return "" }

func TestComposed(t *testing.T) {
	code := "import \"os\"\nfunc f() {}\n%%\nif true {\n\tfmt.Prin"
	got := Composed(New(code, 0), 5, remembered("import \"os\"\nvar x = 1\nfunc f() int { return 1 }"), nowhere)
	want := "package main;\nimport \"os\"\nfunc f() {}\nfunc main() {\nif true {\n\tfmt.Prin\n}\n}\nvar x = 1\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Gopls shows the comments of declarations in earlier cells.
func TestComposedKeepsDocComments(t *testing.T) {
	m := remembered("// f does\n// this.\nfunc f() {}\n\n// Not f's.\n\n/* T is\n that. */\ntype T struct{}",
		"// All of them.\nvar (\n\t// a is one.\n\ta = 1\n\tb = 2 // two\n)\n\n// limit ends it.\nconst limit = 3")
	got := Composed(New("%%\nf()", 0), 2, m, nowhere)
	want := "package main;\nfunc main() {\nf()\n}\n// f does\n// this.\nfunc f() {}\n/* T is\n that. */\ntype T struct{}\n" +
		"// a is one.\nvar a = 1\nvar b = 2\n// limit ends it.\nconst limit = 3\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if replay, _ := m.Replay(); strings.Contains(replay.Code, "this.") {
		t.Errorf("GoNB is given comments: %s", replay.Code)
	}
}

// Cells come from strangers' notebooks: nothing in one may stop the kernel.
func FuzzCell(f *testing.F) {
	for _, code := range []string{"%%\nx := 1", "x := 1; func f() {}\n!ls\ntype t struct {", "import \"a\"; a.B()\nfunc (t T) m(", "func f[T any](", "!\\\n%", "//gonb:%%\\\n\\", "const (\n\ta = iota", "%env A=\nvar a, b = f()", "/*", "`%\n%%\n"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		c := New(code, 1)
		_ = c.Check(registry.New().Unknown)
		if lines := strings.Count(goSource(c), "\n"); lines < strings.Count(code, "\n") {
			t.Errorf("%d line ends became %d", strings.Count(code, "\n"), lines)
		}
		m := &Memory{}
		m.Add(c)
		replay, _ := m.Replay()
		if len(replay.Origin) != len(strings.Split(replay.Code, "\n")) && replay.Code != "" {
			t.Errorf("%q: %d origins", replay.Code, len(replay.Origin))
		}
		for line := range 3 {
			_ = Composed(c, line, m, nowhere)
		}
		p := Prepare(c, Carried{})
		if p.Origin != nil && len(p.Origin) != len(strings.Split(p.Code, "\n")) {
			t.Errorf("%q: %d origins", p.Code, len(p.Origin))
		}
		if b, ok := c.bare(); ok {
			for _, text := range []string{b.declarations, b.imports, b.statements} {
				if strings.Count(text, "\n") != strings.Count(code, "\n") {
					t.Errorf("%q has not the lines of %q", text, code)
				}
			}
		}
	})
}
