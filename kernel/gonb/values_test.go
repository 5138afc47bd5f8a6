package gonb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// shows runs a cell that has to end well and checks the text of what it prints and shows.
func (n *notebook) shows(code, want string) {
	n.t.Helper()
	cell, reply := n.try(n.t.Context(), code)
	got := cell.stdout.String()
	for _, shown := range cell.shown {
		got += fmt.Sprint(shown.Data["text/plain"])
	}
	if reply.Status != wire.StatusOK || got != want {
		n.t.Errorf("cell %q: %v, printed and shows %q, want %q\n%s", code, reply.Error, got, want, cell.stderr.String())
	}
}

// says runs a cell and checks what it writes to standard error.
func (n *notebook) says(code, want string) {
	n.t.Helper()
	cell, reply := n.try(n.t.Context(), code)
	if text := cell.stderr.String(); reply.Status != wire.StatusOK || !strings.Contains(text, want) || want == "" && text != "" {
		n.t.Errorf("cell %q: %v, says %q, want %q", code, reply.Error, text, want)
	}
}

func TestValuesLast(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\nlist := []int{1, 2, 3}\npart := list[1:]\np := &x")
	nb.ok("*p = 5\npart[0] = 20")
	nb.shows("fmt.Println(x, list, *p)", "5 [1 20 3] 5\n")
	nb.ok("type photo struct {\n\tpath string\n\tnext *photo\n}\nvar photos []*photo\nfor _, path := range []string{\"a\", \"b\"} {\n\tphotos = append(photos, &photo{path, nil})\n}\nphotos[0].next, photos[1].next = photos[1], photos[0]")
	nb.shows("photos[0].next.next == photos[0] && photos[0].next.path == \"b\"", "true")
	nb.shows("func count() int { return len(photos) }\ncount()", "2")
	nb.ok("func grow() { photos = append(photos, &photo{path: \"c\"}) }\n%%\ngrow()")
	nb.shows("count()", "3")
	nb.ok("var counter = 0\nfunc next() int { counter++; return counter }")
	nb.ok("%%\nnext()")
	nb.shows("next()", "2")
	nb.ok("var shape image.Image = image.NewGray(image.Rect(0, 0, 2, 3))")
	nb.shows("shape.Bounds().Dy()", "3")
	nb.shows("var stamp = time.Unix(5, 0).UTC()\nstamp.Year()", "1970")
	nb.shows("stamp.Second()", "5")
}

// A panel asks for the variables before there are any.
func TestVariablesBeforeTheFirstCell(t *testing.T) {
	nb := open(t)
	if list, err := nb.engine.Variables(); err != nil || len(list) > 0 {
		t.Errorf("%v, %v", list, err)
	}
	nb.shows("early := 3\nearly", "3")
	if list, err := nb.engine.Variables(); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestADefinitionReplacesAnother(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\nfunc twice() int { return 2 * x }\nfunc four() int { return 2 * twice() }")
	nb.ok("p := &x")
	nb.ok("x := 2")
	nb.shows("fmt.Println(*p, x, twice())", "1 2 4\n")
	nb.says("fmt.Println(x)\nx := \"text\"", "twice is dropped: it uses x as int, which is now string\nfour is dropped: it uses twice, which is dropped\n")
	nb.shows("x", "text")
	nb.shows("x := x + \"s\"\nx", "texts")
	nb.ok("type pair struct{ a int }\nv := pair{1}\nw := 3")
	nb.says("type pair struct{ a, b string }", "v is not available: v: type main.pair has changed since the value was kept; the value is dropped\n")
	_, failure := nb.fails("w\nfmt.Println(v, w)")
	if !strings.Contains(failure.EValue, "line 2: v has no value") {
		t.Errorf("%v", failure)
	}
	nb.shows("w", "3")
	nb.says("v := pair{\"1\", \"2\"}", "")
	nb.shows("v.b", "2")
}

// What an earlier cell declares no longer compiles when a later one declares what it uses as something else.
func TestWhatDependsOnADefinitionIsDroppedWithIt(t *testing.T) {
	nb := open(t)
	nb.ok("type photo struct{ path string }\nfunc (p photo) name() string { return filepath.Base(p.path) }\nfunc first() string { return photos[0].path }\n" +
		"func second() string { return first() }\nfunc size(p photo) int { return 1 }\nvar photos []photo\ntype album struct{ list []photo }")
	nb.ok("photos = []photo{{\"a/b\"}}\nalone := 3\npart := &photos[0].path\nboxed := any(map[string]any{\"a\": album{photos}})\nby := map[string]*album{}\nvar set = photo{\"c\"}")
	nb.says("type photo struct{ path string } // again, and the same", "")
	nb.shows("fmt.Println(second(), photos[0].name(), boxed.(map[string]any)[\"a\"].(album).list[0].path, len(by), set.path)", "a/b b a/b 0 c\n")
	cell, reply := nb.try(t.Context(), "type photo struct{ file string }")
	text := cell.stderr.String()
	for _, want := range []string{
		"photo.name is dropped: it uses photo, which this cell declares anew\n", "first is dropped: it uses photos, which depends on photo\n",
		"second is dropped: it uses first, which is dropped\n", "boxed is not available: ", "by is not available: ", "photos is not available: ", "set is not available: ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%v, says\n%s\nwithout %s", reply.Error, text, want)
		}
	}
	if strings.Contains(text, "size") || strings.Contains(text, "alone") {
		t.Errorf("says\n%s", text)
	}
	nb.shows("size(photo{\"x\"}) + alone", "4")
	for name, value := range map[string]string{"second()": "undefined: second", "boxed": "boxed has no value", "by": "by has no value", "set": "set has no value", "part": "part has no value"} {
		if _, failure := nb.fails(name); !strings.Contains(failure.EValue, value) {
			t.Errorf("%s: %v", name, failure)
		}
	}
	nb.ok("func twice(n int) int { return 2 * n }\nfunc four() int { return twice(2) }\nfunc other() int { return 5 }")
	nb.says("func twice(n, m int) int { return n * m }", "four is dropped: it uses twice, which this cell declares anew\n")
	_, failure := nb.fails("func other() string { return 5 }")
	if !strings.Contains(failure.EValue, "line 1: cannot use 5") {
		t.Errorf("%v", failure)
	}
	nb.shows("twice(3, 4) + other()", "17")
}

// A cell that declares a type anew and uses a value of the old one does not run: the zero value would stand for the kept one.
func TestACellDoesNotRunWithoutAValueThatItUses(t *testing.T) {
	nb := open(t)
	nb.ok("type pair struct{ a int }\nv, w, u := pair{1}, pair{2}, pair{3}\nfunc first() int { return v.a }\nalone := 5")
	_, failure := nb.fails("type pair struct{ a, b int }\nalone = 6\nfmt.Println(\"runs\")\nfmt.Println(alone, v.b)")
	const why = "line 4: v has no value: type main.pair has changed since the value was kept; the value is dropped; assign to it first, or run the cell that sets it again"
	if failure.EName != "CompileError" || failure.EValue != why || !strings.Contains(strings.Join(failure.Traceback, "\n"), "alone, v.b") {
		t.Errorf("%v", failure)
	}
	nb.shows("alone", "5")
	for name, want := range map[string]string{"v": "v has no value", "u": "u has no value", "w": "w has no value"} {
		if _, failure := nb.fails(name); !strings.Contains(failure.EValue, want) {
			t.Errorf("%s: %v", name, failure)
		}
	}
	nb.shows("v = pair{3, 4}\nv.b", "4")

	cell, reply := nb.try(t.Context(), "type pair struct{ b int }\nif alone > 0 {\n\tv = pair{7}\n} else {\n\tv = pair{8}\n}\nv.b")
	if text := cell.stderr.String(); reply.Status != wire.StatusOK || text != "first is dropped: it uses v, which depends on pair\n" {
		t.Errorf("%v, says %q", reply.Error, text)
	}
	nb.ok("w = pair{1}")
	_, failure = nb.fails("type pair struct{ c string }\nfunc second() int { return w.c }\nif alone > 9 {\n\tw = pair{\"c\"}\n}\nfmt.Println(len(second()))")
	if !strings.Contains(failure.EValue, "cannot use w.c") {
		t.Errorf("%v", failure)
	}
	_, failure = nb.fails("type pair struct{ c string }\nfunc second() string { return w.c }\nif alone > 9 {\n\tw = pair{\"c\"}\n}\nfmt.Println(len(second()))")
	if !strings.Contains(failure.EValue, "line 2: w has no value: ") {
		t.Errorf("%v", failure)
	}
	nb.ok("type id = int\nvar ids = []id{1}\nkept := ids[0]")
	_, failure = nb.fails("type id = string\nids[0]")
	if !strings.Contains(failure.EValue, "line 2: ids has no value: ") {
		t.Errorf("%v", failure)
	}
	nb.ok("ids = []id{\"a\"}")
	nb.shows("ids[0]", "a")
}

// GoMLX's tensors on the host consist of numbers, as those of other libraries do.
func TestTensorsLast(t *testing.T) {
	nb := open(t)
	nb.ok("import \"github.com/gomlx/gomlx/core/tensors\"\nrows := tensors.FromValue([][]float32{{1, 2}, {3, 4}})\nsame := rows")
	nb.shows("fmt.Println(rows.Shape(), rows.Value(), same == rows)", "(Float32)[2, 2] [[1 2] [3 4]] true\n")
}

func TestWhatCannotBeKept(t *testing.T) {
	nb := open(t)
	nb.says("ch := make(chan int)\ntype client struct{ conn chan int }\nc := client{ch}\nok := 1", "c is not kept: c.conn: ")
	_, failure := nb.fails("ok\nlen(ch)")
	if !strings.Contains(failure.EValue, "line 2: ch has no value") {
		t.Errorf("%v", failure)
	}
	nb.shows("ch := 5\nch + ok", "6")
	nb.shows("var f = func() int { return 7 }\n%%\nfmt.Println(f())", "7\n")
	nb.shows("fmt.Println(f())", "7\n")
	nb.says("var v, w any = make(chan int), make(chan int)", "")
	nb.says("v = make(chan string)", "v is not kept: ")
	nb.shows("v = 5\nvar w = []int{1}\nv", "5")
	nb.shows("fmt.Println(v, w)", "5 [1]\n")
}

func TestTheStateAfterAnEndThatIsNotOne(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\ny := 1")
	_, failure := nb.fails("x = 2\npanic(\"torn\")")
	if failure.EName != "panic" || failure.EValue != "torn" {
		t.Errorf("%v", failure)
	}
	nb.shows("x", "2")
	nb.fails("x = 3\nos.Exit(1)")
	nb.shows("x", "2")
	nb.fails("panic(\"early\")\nx := 9\nvar fresh, y = 1, \"text\"")
	nb.shows("x + y", "3")
	_, failure = nb.fails("fresh")
	if !strings.Contains(failure.EValue, "fresh has no value") {
		t.Errorf("%v", failure)
	}
	nb.ok("func half() int { return x / 2 }\nfunc two() int { return 2 }\nfunc twice() int { return x * two() }")
	nb.fails("x := \"text\"\ntwo := 2\nos.Exit(two)")
	nb.shows("half() + twice()", "5")
	nb.interrupt("x = 4\nz := 1\ntime.Sleep(time.Hour)", 2000e6)
	nb.shows("x", "2")
	nb.fails("x = 5\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)")
	nb.shows("x + y", "3")
	nb.fails("!kill -9 $PPID; sleep 10")
	nb.shows("x + y", "3")
	nb.fails("x = 6\nundefined()")
	nb.shows("x", "2")
	nb.ok("%reset")
	_, failure = nb.fails("x")
	if !strings.Contains(failure.EValue, "undefined: x") {
		t.Errorf("%v", failure)
	}
}

func TestVariablesAreListedAndExplained(t *testing.T) {
	nb := open(t)
	nb.ok("xs := []float64{1, 2}\nys := xs[:1]\nfunc mean() float64 { return xs[0] }")
	nb.ok("var declared = len(xs)\n%%\nfmt.Println(declared)")
	list, err := nb.engine.Variables()
	var text strings.Builder
	for _, v := range list {
		fmt.Fprintln(&text, v.Name, v.Type, v.Value, v.Shared, v.Bytes > 0, !v.When.IsZero())
	}
	if want := "declared int 2 [] true true\nxs []float64 [1 2] [ys] true true\nys []float64 [1] [xs] true true\n"; err != nil || text.String() != want {
		t.Errorf("%v, listed\n%s", err, text.String())
	}
	reply, err := nb.engine.Inspect(t.Context(), "xs", 2, 0)
	if got := fmt.Sprint(reply.Data["text/plain"]); err != nil || !reply.Found || !strings.HasPrefix(got, "var xs []float64\nvalue: [1 2]\n") {
		t.Errorf("inspection: %v %q", err, got)
	}
	if reply, err := nb.engine.Inspect(t.Context(), "xs +", 1, 0); err != nil || strings.Contains(fmt.Sprint(reply.Data), "nothing") {
		t.Errorf("inspection: %v %v", err, reply)
	}
	if err := nb.engine.DropVariables("xs", "nothing"); err == nil || err.Error() != "drop nothing: no variable of that name has a kept value; the names are declared, xs, ys" {
		t.Error(err)
	}
	if err := nb.engine.DropVariables("xs"); err != nil {
		t.Error(err)
	}
	_, failure := nb.fails("mean()")
	if !strings.Contains(failure.EValue, "xs has no value") {
		t.Errorf("%v", failure)
	}
	nb.shows("ys", "[1]")
	nb.ok("xs = []float64{5}")
	nb.shows("mean()", "5")
}

func TestTabKnowsVariables(t *testing.T) {
	nb := open(t)
	nb.ok("type photo struct{ path string }\nphotos := []*photo{{\"a\"}}")
	for _, code := range []string{"phot", "x := 1\nphot", "func f() {\n\tphot"} {
		var matches []string
		for deadline := time.Now().Add(30 * time.Second); len(matches) == 0 && time.Now().Before(deadline); { // the first ones find gopls starting
			reply, err := nb.engine.Complete(t.Context(), code, len(code))
			if err != nil {
				t.Fatal(err)
			}
			matches = reply.Matches
		}
		if !slices.Contains(matches, "photos") {
			t.Errorf("completing %q: %v", code, matches)
		}
	}
	const code = "fmt.Println(photos[0].pa"
	reply, err := nb.engine.Complete(t.Context(), code, len(code))
	if err != nil || !slices.Contains(reply.Matches, "path") {
		t.Errorf("%v %v", reply.Matches, err)
	}
	inspected, err := nb.engine.Inspect(t.Context(), "y := len(photos)", 11, 0)
	if text := fmt.Sprint(inspected.Data["text/plain"]); err != nil || !strings.Contains(text, "var photos []*photo") || !strings.Contains(text, "value: ") {
		t.Errorf("%v %q", err, text)
	}
}

func TestInitializersSeeKeptValues(t *testing.T) {
	nb := open(t)
	nb.ok("xs := []int{1, 2}")
	nb.ok("var first = xs[0]\nvar twice = 2 * first\nvar a, err = strconv.Atoi(fmt.Sprint(twice))")
	nb.ok("xs = nil\nfmt.Println(1)")
	nb.shows("fmt.Println(first, twice, a, err)", "1 2 2 <nil>\n")
	nb.ok("var runs = count()\nfunc count() int { fmt.Println(\"counts\"); return 1 }")
	nb.shows("fmt.Println(2)", "2\n")
	nb.shows("runs", "1")
	nb.ok("import \"flag\"\nvar name = flag.String(\"name\", \"none\", \"\")")
	nb.shows("%args --name x\nflag.Parse()\n*name", "x")
	nb.shows("*name", "none")
	nb.ok("%goflags -race=false")
	nb.shows("runs := runs + 1\nruns", "2")
}

// What Go runs before func main sees kept values as well.
func TestInitFunctionsSeeKeptValues(t *testing.T) {
	nb := open(t)
	nb.ok("var cache, table = map[string]int{}, []int{1, 2}\nfunc init_cache() { cache[\"a\"]++ }\n" +
		"func makeHandler(n int) func() int { return func() int { return n } }\nvar handler = makeHandler(table[1])")
	nb.shows("fmt.Println(\"hi\")", "hi\n")
	nb.shows("fmt.Println(cache, handler())", "map[a:3] 2\n")
}

func TestWhatACellCallsSeesKeptValues(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\nfunc next() int { return x + 1 }")
	nb.ok("f := next\ntype color int\nfunc (c color) String() string { return names[c] }\nnames := []string{\"red\", \"green\"}")
	nb.shows("x := next()\nx", "2")
	nb.shows("f()", "3")
	nb.shows("fmt.Println(color(1))", "green\n")
}

func TestNamesMayStandForSomethingElse(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\ny := 2")
	nb.shows("func x() int { return 5 }\nx() + y", "7")
	nb.shows("x := \"text\"\nx", "text")
	nb.shows("type y struct{ a int }\ny{3}", "{a:3}")
	nb.ok("z := 1\nos.Exit(0)")
	_, failure := nb.fails("z")
	if !strings.Contains(failure.EValue, "z has no value") {
		t.Errorf("%v", failure)
	}
}

func TestCommandsBetweenStatements(t *testing.T) {
	nb := open(t)
	nb.ok("x := 1\nvar y = 2\ny++")
	nb.ok("!true")
	nb.ok("%env A b")
	nb.shows("x + y", "4")
	nb.ok("%reset\nz := 3")
	nb.shows("z", "3")
	_, failure := nb.fails("x")
	if !strings.Contains(failure.EValue, "undefined: x") {
		t.Errorf("%v", failure)
	}
	nb.ok("%rm z")
	_, failure = nb.fails("z")
	if !strings.Contains(failure.EValue, "undefined: z") {
		t.Errorf("%v", failure)
	}
	if list, err := nb.engine.Variables(); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestValuesThatCannotBeReadStopACell(t *testing.T) {
	var folder string
	nb := openWith(t, func(o *gonb.Options) {
		folder = filepath.Join(o.RuntimeDir, "cells")
		o.TempDir = folder
	})
	nb.ok("x := 1")
	nb.ok("%reset")
	nb.ok("x := 2")
	nb.shows("x", "2")
	if err := os.RemoveAll(filepath.Join(folder, "values")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "values"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, failure := nb.fails("x")
	if failure.EName != "ValuesError" || !strings.Contains(failure.EValue, "prepare the variables of the cell: make a folder") {
		t.Errorf("%v", failure)
	}
}
