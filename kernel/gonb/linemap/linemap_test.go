package linemap_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/gonb/linemap"
)

// cells as a user wrote them, and what GoNB made of them.
var (
	first = linemap.Cell{File: "/cells/1.go", Text: `
%train --epochs 3 'quoted'
// twice doubles.
func twice(x int) int {
  y := x*2 // aligned
	return   y
}
type pair struct { a, b int }
func (p pair) sum() int { return p.a + p.b }`}
	second = linemap.Cell{File: "/cells/2.go", Text: `x := 1; y := 2
func helper() {
	println("helper")
}
text := ` + "`a\nb`" + `
for i := range 3 { println(i, x, y, text) }`}
	program = `package main

func (p pair) sum() int { return p.a + p.b }

func helper() {
	println("helper")
}

func twice(x int) int {
	y := x * 2 // aligned
	return y
}

type pair struct{ a, b int }

func main() {
	x := 1
	y := 2
	text := ` + "`a\nb`" + `
	for i := range 3 {
		println(i, x, y, text)
	}
}
`
)

func TestLinesAreFoundByTheirTokens(t *testing.T) {
	got := linemap.Find(program, []linemap.Cell{first, second})
	one := func(line int) linemap.Line { return linemap.Line{File: first.File, Number: line} }
	two := func(line int) linemap.Line { return linemap.Line{File: second.File, Number: line} }
	want := map[int]linemap.Line{
		3: one(9), 5: two(2), 6: two(3), 7: two(4), 9: one(4), 10: one(5), 11: one(6), 12: one(7), 14: one(8),
		17: two(1), 18: two(1), 19: two(5), 21: two(7), 22: two(7), 23: two(7),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheNewestCellCounts(t *testing.T) {
	again := linemap.Cell{File: "/cells/3.go", Text: "func helper() {\n\n\tprintln(\"helper\")\n}"}
	got := linemap.Find(program, []linemap.Cell{second, again})
	if at := got[6]; at != (linemap.Line{File: again.File, Number: 3}) {
		t.Errorf("the line is at %+v", at)
	}
}

// TestTheCompilerSeesTheCells reads the annotated text as the compiler does.
func TestTheCompilerSeesTheCells(t *testing.T) {
	// What the kernel adds keeps the program's lines: before a statement, and behind the end.
	added := strings.Replace(program, "\tx := 1\n", "\tdefer save();/*line :17:2*/x := 1\n", 1)
	added = strings.Replace(added, "func main() {", "func main() {load()\nload();/*line :16:14*/", 1) + "func save() {}\n\nfunc load() {}\n"
	text, err := linemap.Annotate(added, "/work/main.go", linemap.Find(program, []linemap.Cell{first, second}))
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	if _, err := parser.ParseFile(files, "main.go", text, 0); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	place := func(snippet string) token.Position {
		var at token.Position
		files.Iterate(func(f *token.File) bool {
			at = f.Position(f.Pos(strings.Index(text, snippet)))
			return false
		})
		return at
	}
	for snippet, want := range map[string]linemap.Line{
		"return y": {first.File, 6}, "x := 1": {second.File, 1}, "text := ": {second.File, 5}, "for i": {second.File, 7},
		"println(i": {second.File, 7}, "println(\"helper": {second.File, 3}, "package": {"/work/main.go", 1}, "func main": {"/work/main.go", 16},
	} {
		if at := place(snippet); at.Filename != want.File || at.Line != want.Number {
			t.Errorf("%s is at %s, want %+v in\n%s", snippet, at, want, text)
		}
	}
	if !strings.Contains(text, "`a\nb`") {
		t.Errorf("a string was changed:\n%s", text)
	}
}

func FuzzAnnotate(f *testing.F) {
	f.Add(program, first.Text, second.Text)
	f.Add("package main\nfunc main(){/*line :0:0*/}", "}", "`")
	f.Fuzz(func(t *testing.T, text, one, two string) {
		lines := linemap.Find(text, []linemap.Cell{{"/1", one}, {"/2", two}})
		if got, err := linemap.Annotate(text, "/m", lines); err == nil {
			if _, err := parser.ParseFile(token.NewFileSet(), "", got, 0); err != nil && !strings.Contains(text, "line") {
				t.Errorf("%v in %q, of %q", err, got, text)
			}
		}
	})
}
