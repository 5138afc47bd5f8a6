package gonb_test

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// Whatever Go allows in a cell means what it means in one program, and what a cell declares is there in the next.
func TestOddCells(t *testing.T) {
	nb := open(t)
	for _, c := range []struct{ code, want string }{
		{"max := 3\nmin := 4\nnew, copy := 1, 2\nmax + min + new + copy", "10"},
		{"func free() int { return cap([]int{1}) }\nmax + free()", "4"},
		{"type List[T any] struct {\n\thead T\n\ttail *List[T]\n}\nfunc (l *List[T]) Len() int {\n\tif l == nil {\n\t\treturn 0\n\t}\n\treturn 1 + l.tail.Len()\n}\nl := &List[int]{1, &List[int]{2, nil}}\nl.Len()", "2"},
		{"l.tail.head = 9\nl.tail.tail = l\nl.tail.tail.head + l.tail.head", "10"},
		{"type Node struct {\n\tname string\n\tnext *Node\n\tkids map[string]*Node\n\tany  any\n}\nn := &Node{name: \"a\"}\nn.next, n.any, n.kids = n, n, map[string]*Node{\"self\": n}", ""},
		{"n.next.kids[\"self\"].any.(*Node).name", "a"},
		{"type Extra interface {\n\tio.Reader\n\tExtra() int\n}\ntype impl struct {\n\t*bytes.Buffer\n\tn int\n}\nfunc (i impl) Extra() int { return i.n }\nvar extra Extra = impl{bytes.NewBufferString(\"hello\"), 3}", ""},
		{"read, _ := io.ReadAll(extra)\nfmt.Println(string(read), extra.Extra())", "hello 3\n"},
		{"nans := map[float64]int{math.NaN(): 1, math.NaN(): 2, 1: 3}", ""},
		{"fmt.Println(len(nans), nans[1])", "3 3\n"},
		{"const (\n\tA = iota\n\tB\n)\ntype color int\nconst (\n\tred color = iota\n\tgreen\n)\nfunc (c color) String() string { return [...]string{\"red\", \"green\"}[c] }\ncolors := []color{red, green, color(B)}", ""},
		{"colors[2].String() + fmt.Sprint(A)", "green0"},
		{"outer:\nfor i := range 3 {\n\tfor j := range 3 {\n\t\tif j == 1 {\n\t\t\tcontinue outer\n\t\t}\n\t\tif i == 2 {\n\t\t\tbreak outer\n\t\t}\n\t\tfmt.Println(i, j)\n\t}\n}", "0 0\n1 0\n"},
		{"i := 0\nloop:\nif i < 3 {\n\ti++\n\tgoto loop\n}\ni", "3"},
		{"goto end\nskipped := 1\n_ = skipped\nend:\nfmt.Println(i)", "3\n"},
		{"defer fmt.Println(\"deferred\")\nfmt.Println(\"first\")\ny := 5", "first\ndeferred\n"},
		{"defer func() {\n\tif recover() != nil {\n\t\ty = 7\n\t}\n}()\nvar none map[string]int\nnone[\"x\"] = 1", ""},
		{"y", "7"},
		{"type T struct{ n int }\nfunc (t *T) Inc() { t.n++ }\nt := T{4}\nt.Inc()\n(*T)(unsafe.Pointer(&t)).n", "5"},
		{"type Alias = map[int]*T\nalias := Alias{1: &t}\nalias[1].Inc()", ""},
		{"alias[1].Inc()\nt.n", "7"},
		{"anon := struct {\n\ta int\n\tB []struct{ x, y int }\n}{1, []struct{ x, y int }{{1, 2}}}", ""},
		{"anon.B[0].y + anon.a", "3"},
		{"type G[T any] struct{ v T }\nfunc (g G[T]) Get() T { return g.v }\ndeep := G[map[string]G[int]]{map[string]G[int]{\"k\": {3}}}", ""},
		{"deep.Get()[\"k\"].Get()", "3"},
		{"type Base struct{ ID int }\ntype Derived struct {\n\t*Base\n\tname string\n}\nd := Derived{&Base{1}, \"n\"}\nid := &d.Base.ID", ""},
		{"*id = 12\nd.ID", "12"},
		{"größe := 1.5", ""},
		{"größe * 2", "3"},
		{"text := `multi\n// no comment\n/* nor this */`\nlen(text) /* trailing */ // comment", "34"},
		{"t := t\nt.n = 1\nt.n + alias[1].n", "2"},
		{"type inside struct{ n int }\nboxes := map[any]any{struct{ a int }{1}: []any{struct {\n\tin *inside\n\tat image.Point\n}{&inside{4}, image.Pt(5, 6)}}}", ""},
		{"boxes[struct{ a int }{1}].([]any)[0].(struct {\n\tin *inside\n\tat image.Point\n}).in.n + len(boxes)", "5"},
		{"var failure error = &os.PathError{Op: \"open\", Path: \"x\", Err: os.ErrNotExist}\nvar w io.Writer = os.Stdout", ""},
		{"fmt.Fprintln(w, errors.Is(failure, os.ErrNotExist))", "true\n"},
		{"import . \"strings\"\nToUpper(\"dot\")", "DOT"},
		{"1 + 1", "2"},
		{"Repeat(\"a\", 3)", "aaa"},
	} {
		nb.shows(c.code, c.want)
	}
}

// A variable stays in its cell where its name has another meaning that cells need; the cell runs, and says so.
func TestNamesThatStayInTheirCell(t *testing.T) {
	nb := open(t)
	nb.ok("type pair struct{ a, b int }\nfunc twice(n int) int { return 2 * n }")
	for code, why := range map[string]string{
		"string := \"s\"\nstring":                             "string is not kept: its name hides Go's own string",
		"true := false\ntrue":                                 "true is not kept: its name hides Go's own true",
		"len := len(\"abc\")\nlen":                            "len is not kept: its name hides Go's own len",
		"main := 3\nmain":                                     "main is not kept: outside of a function the name belongs to a function",
		"pair := pair{1, 2}\npair.a":                          "pair is not kept: its name is that of a type, constant or function that the cell uses",
		"twice := twice(3)\ntwice":                            "twice is not kept: its name is that of a type",
		"type own struct{ a int }\nown := own{1}\nown.a":      "own is not kept: its name is that of a type",
		"import \"net/url\"\nurl, _ := url.Parse(\"x\")\nurl": "url is not kept: its name is that of a package",
	} {
		cell, reply := nb.try(t.Context(), code)
		if reply.Status != wire.StatusOK || !strings.HasPrefix(cell.stderr.String(), why) {
			t.Errorf("cell %q: %v, says %q, want %q", code, reply.Error, cell.stderr.String(), why)
		}
	}
	nb.shows("var s string = fmt.Sprint(pair{1, 2}, twice(2), own{3}, true)\nlen(s)", "16")
}
