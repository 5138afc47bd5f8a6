package cell

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/registry"
)

func isOurs(name string) bool { return name == "train" || name == "sql" || name == "help" }

// describe writes parts so that a test can read them.
func describeParts(parts []registry.Part) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.Err != nil:
			fmt.Fprintf(&b, "%d error: %v\n", p.Line, p.Err)
		case p.IsMagic():
			fmt.Fprintf(&b, "%d magic %s %q body %q cell %v\n", p.Line, p.Call.Name, p.Call.Line, p.Call.Body, p.Call.Cell)
		default:
			fmt.Fprintf(&b, "%d engine %q\n", p.Line, p.Engine)
		}
	}
	return b.String()
}

func TestParseCell(t *testing.T) {
	for name, c := range map[string]struct{ cell, want string }{
		"empty":          {"", ""},
		"blank":          {"\n  \n", ""},
		"go":             {"x := 1\n", "1 engine \"x := 1\\n\"\n"},
		"line magic":     {"%train --epochs 3", "1 magic train \"--epochs 3\" body \"\" cell false\n"},
		"carriage":       {"%train a\r\nx := 1\r\n", "1 magic train \"a\" body \"\" cell false\n2 engine \"\\nx := 1\\n\"\n"},
		"several in go":  {"import \"fmt\"\n%train a\nfunc f() {}\n%help\n", "1 engine \"import \\\"fmt\\\"\\n\"\n2 magic train \"a\" body \"\" cell false\n3 engine \"\\n\\nfunc f() {}\\n\"\n4 magic help \"\" body \"\" cell false\n"},
		"comments alone": {"// Trains.\n\n%train\n/* and\nthat is all */\n", "3 magic train \"\" body \"\" cell false\n"},
		"engine's lines": {"!ls 'it''s\n%env A b\nx := 1", "1 engine \"!ls 'it''s\\n%env A b\\nx := 1\"\n"},
		"ours between":   {"!ls '\n%train\n!pwd", "1 engine \"!ls '\\n\"\n2 magic train \"\" body \"\" cell false\n3 engine \"\\n\\n!pwd\"\n"},
		"cell magic":     {"\n%%sql a.db\nselect 1\n%train\n", "2 magic sql \"a.db\" body \"select 1\\n%train\\n\" cell true\n"},
		"go, then cell":  {"x := 1\n%%sql\nselect", "1 engine \"x := 1\\n\"\n2 magic sql \"\" body \"select\" cell true\n"},
		"bare main":      {"%%\nfmt.Println(1)\n", "1 engine \"%%\\nfmt.Println(1)\\n\"\n"},
		"main goes on":   {"%%\na()\n%train\nb()\n", "1 engine \"%%\\na()\\n\"\n3 magic train \"\" body \"\" cell false\n4 engine \"\\n\\n%%\\nb()\\n\"\n"},
		"main with args": {"%% -v\na()\n%train\nb()\n", "1 engine \"%% -v\\na()\\n\"\n3 magic train \"\" body \"\" cell false\n4 engine \"\\n\\n%% -v\\nb()\\n\"\n"},
		"their cell":     {"%%bash\n%train\nls\n", "1 engine \"%%bash\\n%train\\nls\\n\"\n"},
		"ours, theirs":   {"%train\n%%writefile x\n%train\n", "1 magic train \"\" body \"\" cell false\n2 engine \"%%writefile x\\n%train\\n\"\n"},
		"raw string":     {"const s = `\n%train\n`\n", "1 engine \"const s = `\\n%train\\n`\\n\"\n"},
		"after raw":      {"const s = `\n`\n%train", "1 engine \"const s = `\\n`\\n\"\n3 magic train \"\" body \"\" cell false\n"},
		"comment":        {"/* as in\n%train\n*/\nx := 1", "1 engine \"/* as in\\n%train\\n*/\\nx := 1\"\n"},
		"quotes":         {"x := \"`\"; y := '`'; z := '\\'' // `\n%train", "1 engine \"x := \\\"`\\\"; y := '`'; z := '\\\\'' // `\\n\"\n2 magic train \"\" body \"\" cell false\n"},
		"arguments":      {"f(a,\n%train\n)", "1 engine \"f(a,\\n%train\\n)\"\n"},
		"expression":     {"x := a +\n%train\n", "1 engine \"x := a +\\n%train\\n\"\n"},
		"increment":      {"x++\n%train\n", "1 engine \"x++\\n\"\n2 magic train \"\" body \"\" cell false\n"},
		"in a block": {"func f() {\n%train\n}", "1 engine \"func f() {\\n\"\n" +
			"2 error: %train in line 2 is inside a block: the \"{\" of line 1 is still open there; put the magic on a line outside of it\n3 engine \"\\n\\n}\"\n"},
		"indented":       {"\t%train\n", "1 engine \"\\t%train\\n\"\n"},
		"continued":      {"%train --epochs 3 \\\n  --lr 0.1\nx := 1", "1 magic train \"--epochs 3    --lr 0.1\" body \"\" cell false\n3 engine \"\\n\\nx := 1\"\n"},
		"unclosed":       {"%train --head \"dense:2\n", "1 error: %train in line 1: the quote \" before \"dense:2\" is not closed: close it, or write \\\" for the character itself\n"},
		"last backslash": {"%train x\\", "1 error: %train in line 1: the line ends in a backslash: remove it, or write \\\\ for a backslash\n"},
		"not the name":   {"%trainer\n%tra", "1 engine \"%trainer\\n%tra\"\n"},
		"open comment":   {"/* x", "1 engine \"/* x\"\n"},
		"hidden command": {"//gonb:%env A b\n", "1 engine \"//gonb:%env A b\\n\"\n"},
		"another main":   {"%%\na()\n%train\n%% -v\nb()", "1 engine \"%%\\na()\\n\"\n3 magic train \"\" body \"\" cell false\n4 engine \"\\n\\n\\n%% -v\\nb()\"\n"},
		"percent alone":  {"%\n%%\n", "1 engine \"%\\n%%\\n\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, describeParts(registry.ParseCell(c.cell, isOurs, &goScan{}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCallKeepsTheLineAsWritten(t *testing.T) {
	cell := "%%sql  select 'a  b'  from t \nbody"
	call := registry.ParseCell(cell, isOurs, &goScan{})[0].Call
	if call.Line != "select 'a  b'  from t" || call.Code != cell {
		t.Errorf("%+v", call)
	}
}

// FuzzParseCell checks what holds for every cell: nothing is lost, doubled or moved to another line.
func FuzzParseCell(f *testing.F) {
	for _, seed := range []string{"", "%%\na\n%train\nb", "x := `\n%train\n`", "%train \\\n\\\n", "%%sql\n%train", "/*\n%train\n*/", "f(\n%train\n)\n%train"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		lines := strings.Split(strings.ReplaceAll(cell, "\r\n", "\n"), "\n")
		last := 0
		for _, p := range registry.ParseCell(cell, isOurs, &goScan{}) {
			if p.Line <= last || p.Line > len(lines) {
				t.Fatalf("part in line %d follows one in line %d of %d", p.Line, last, len(lines))
			}
			last = p.Line
			if p.IsMagic() {
				if !isOurs(p.Call.Name) || !strings.HasPrefix(lines[p.Line-1], "%") {
					t.Fatalf("%q is taken for a magic", lines[p.Line-1])
				}
				continue
			}
			engine := strings.Split(p.Engine, "\n")
			if strings.HasPrefix(p.Engine, "%%") && p.Engine != strings.Join(lines, "\n") {
				engine = append(make([]string, p.Line-1), engine...) // another's cell magic stands on the first line
			}
			for i, line := range engine {
				if i+1 >= p.Line && line != "" && line != lines[i] {
					t.Fatalf("line %d of the engine's text is %q, of the cell %q", i+1, line, lines[i])
				}
			}
		}
	})
}
