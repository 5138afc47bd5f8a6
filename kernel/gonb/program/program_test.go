package program

import (
	"errors"
	"flag"
	"fmt"
	"go/importer"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sourceOf is a program that imports the standard library only.
func sourceOf(imports types.Importer, text string) Source {
	return Source{
		Text: text, GoVersion: "go1.26", Helpers: "example.com/helpers",
		Importer: func([]string) (types.Importer, error) { return imports, nil },
	}
}

// TestRewrite compares each testdata/*.go.txt, rewritten, with its golden file. The file's first line is a comment with the
// cell: the word statements, and names that are stored:NAME, stored:NAME=TYPE,TYPE, func:NAME=FUNCTION, small:NAME, declared:NAME or lost:NAME.
func TestRewrite(t *testing.T) {
	files, err := filepath.Glob("testdata/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	imports := importer.Default()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		about, _, _ := strings.Cut(strings.TrimPrefix(string(text), "// "), "\n")
		cell := Cell{ValueFile: "/value", RefusalFile: "/refusal", Store: "/store", Quota: 5, Stored: map[string]Stored{}}
		for _, word := range strings.Fields(about) {
			kind, name, _ := strings.Cut(word, ":")
			switch kind {
			case "statements":
				cell.Statements = true
			case "stored":
				name, types, _ := strings.Cut(name, "=")
				cell.Stored[name] = Stored{Types: strings.FieldsFunc(types, func(r rune) bool { return r == ',' })}
			case "func":
				name, function, _ := strings.Cut(name, "=")
				cell.Stored[name] = Stored{Funcs: []string{"main." + function}}
			case "small":
				cell.Stored[name] = Stored{Small: true}
			case "shared":
				a, b, _ := strings.Cut(name, "=")
				cell.Stored[a], cell.Stored[b] = Stored{Shared: []string{b}}, Stored{Shared: []string{a}}
			case "declared":
				cell.Declared = append(cell.Declared, name)
			case "lost":
				cell.Lost = append(cell.Lost, name)
			}
		}
		rewritten, outcome, changed, err := Rewrite(sourceOf(imports, string(text)), cell)
		got := fmt.Sprintf("// changed: %t, error: %v\n// %+v\n%s", changed, err, outcome, rewritten)
		golden := strings.TrimSuffix(file, ".go.txt") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestWhatCannotBeReadStaysAsItIs(t *testing.T) {
	for _, text := range []string{"no Go", "package main\n", "package main\n\nfunc main()\n"} {
		got, _, changed, err := Rewrite(sourceOf(nil, text), Cell{Statements: true})
		if got != text || changed || err != nil {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
	wrong := errors.New("no packages")
	source := Source{Text: "package main\n\nfunc main() { x := 1 }\n", Importer: func([]string) (types.Importer, error) { return nil, wrong }}
	if _, _, _, err := Rewrite(source, Cell{Statements: true}); !errors.Is(err, wrong) {
		t.Error(err)
	}
}

// Whatever a cell holds, what is made of it is Go, with each line where it was.
func FuzzRewrite(f *testing.F) {
	for _, statements := range []string{"x := 1\nx", "var a, b = 1, \"ü\"\nb;", "L: for {\nbreak L\n}\nfunc() {}()", "x, old := old, 1", "var (\n\ta struct{\n}\n\t_ = a\n)"} {
		f.Add(statements)
	}
	imports := importer.Default()
	f.Fuzz(func(t *testing.T, statements string) {
		text := "package main\n\nvar (\n\told = 5\n\tlost string\n)\n\nfunc use() int { return old }\n\nfunc main() {\n" + statements + "\n}\n"
		source := sourceOf(imports, text)
		if r := (&rewriting{source: source}); !r.parse() {
			return
		}
		got, _, changed, err := Rewrite(source, Cell{Statements: true, Store: "/s", Stored: map[string]Stored{"old": {}}, Lost: []string{"lost"}})
		if err != nil || !changed {
			return
		}
		again := &rewriting{source: sourceOf(imports, got)}
		if !again.parse() {
			t.Fatalf("%q became\n%s", statements, got)
		}
		if from := again.files.PositionFor(again.entry.Body.Rbrace, false).Line; from != 11+strings.Count(statements, "\n")+1-strings.Count(statements, "\r\n")*0 {
			t.Errorf("%q: func main ends in line %d of\n%s", statements, from, got)
		}
	})
}
