package report

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

var update = flag.Bool("update", false, "write the golden files anew")

// traffic is what GoNB v0.11.4 with -raw_error sent for a cell that failed.
type traffic struct {
	Cells     map[int]string // by GoNB's execution count, which is the user's less one here
	Stderr    []string       // in the pieces in which it came
	Reply     wire.Error
	Generated string
}

func TestReports(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden traffic: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var recorded traffic
		if err := json.Unmarshal(text, &recorded); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		got := replayed(recorded)
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

// replayed is all that the user sees of recorded traffic.
func replayed(recorded traffic) string {
	var cells Sources
	for id, code := range recorded.Cells {
		cells.Add(id, id+1, code, nil)
	}
	var shown strings.Builder
	filter := StderrFilter{Emit: func(text string) { shown.WriteString(text) }}
	for _, piece := range recorded.Stderr {
		filter.Write(piece)
	}
	f := Failure{Reply: recorded.Reply, Generated: strings.Split(recorded.Generated, "\n")}
	f.Trace = filter.End(IsExit(recorded.Reply.EValue))
	filter.Pass(Unexplained(f.Trace))
	r := Explain(f, &cells)
	return "stderr: " + shown.String() + "\nename: " + r.EName + "\nevalue: " + r.EValue + "\n" +
		strings.ReplaceAll(strings.Join(r.Traceback, "\n"), "\x1b", "ESC") + "\n" + r.HTML + "\n"
}

func TestStderrIsHeldBackOnlyForAnError(t *testing.T) {
	const stack = "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n"
	for _, test := range []struct {
		pieces     []string
		failed     bool
		shown, end string
	}{
		{[]string{"progress 1%\r", "progress 2%\r"}, true, "progress 1%\rprogress 2%\r", ""},
		{[]string{"before\n" + stack, "exit status 2\n"}, true, "before\n", stack + "exit status 2\n"},
		{[]string{"before\n" + stack, "exit status 2\n"}, false, "before\n" + stack + "exit status 2\n", ""},
		{[]string{"do not ", "panic: it is text\n"}, true, "do not panic: it is text\n", ""},
		{[]string{stack, strings.Repeat("x", maxHeld)}, true, stack + strings.Repeat("x", maxHeld), ""},
	} {
		var shown strings.Builder
		filter := StderrFilter{Emit: func(text string) { shown.WriteString(text) }}
		for _, piece := range test.pieces {
			filter.Write(piece)
		}
		if end := filter.End(test.failed); shown.String() != test.shown || end != test.end {
			t.Errorf("%q, failed %v: shown %q, held %q", test.pieces, test.failed, shown.String(), end)
		}
	}
}

// What a program writes before it exits is shown, whatever it begins with.
func TestOnlyAPanicIsLeftOut(t *testing.T) {
	const stack = "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n"
	for _, test := range []struct {
		pieces []string
		want   string
	}{
		{[]string{"fatal error: cannot read photos\nfor want of a disk\n", "exit status 1\n"}, "fatal error: cannot read photos\nfor want of a disk\n"},
		{[]string{"exit status 3\n", "convert failed\n", "exit status 1\n"}, "exit status 3\nconvert failed\n"},
		{[]string{"exit status 3\nconvert failed\n" + stack, "exit status 2\n"}, "exit status 3\nconvert failed\n"},
		{[]string{"panic: told\nno line end", "signal: killed\n"}, "panic: told\nno line end"},
		{[]string{"no line end", "exit status 1\n"}, "no line end"},
		{[]string{"before\n" + stack, "exit status 2\n"}, "before\n"},
		{[]string{"fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n", "exit status 2\n"}, "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"},
		{[]string{"^C\nsignal: interrupt\n"}, ""},
	} {
		var shown strings.Builder
		filter := StderrFilter{Emit: func(text string) { shown.WriteString(text) }}
		for _, piece := range test.pieces {
			filter.Write(piece)
		}
		filter.Pass(Unexplained(filter.End(true)))
		if shown.String() != test.want {
			t.Errorf("%q: shown %q, want %q", test.pieces, shown.String(), test.want)
		}
	}
}

func TestAlign(t *testing.T) {
	for _, test := range []struct {
		cell, generated string
		column, want    int
	}{
		{"var x int = y", "\tx int = y", 10, 13},
		{"  y := 1", "  y := 1", 3, 3},
		{"one", "another", 2, 0},
		{"x", "", 1, 0},
		{"x := 1", "x := 1", 0, 0},
	} {
		if got := align(test.cell, test.generated, test.column); got != test.want {
			t.Errorf("align(%q, %q, %d) = %d, wanted %d", test.cell, test.generated, test.column, got, test.want)
		}
	}
}

// Whatever a program writes to standard error, and whatever GoNB replies, becomes a report.
func FuzzExplain(f *testing.F) {
	f.Add("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n\t \x1b[7m[[ Cell [1] Line 2 ]]\x1b[0m /tmp/gonb_1/main.go:11 +0x65\n", "exit status 2", "exit status 2")
	f.Add("", "# gonb_1\n./main.go:20:1: declared and not used: x\n", "# gonb_1\x00Cell[1]: Line 1\nx := 3\n^\n\ndeclared and not used: x")
	f.Add("", "/tmp/gonb_1/main.go:3:9: expected ')'", "Cell[1]: Line 99999999999999999999\n")
	f.Fuzz(func(t *testing.T, stderr, value, traceback string) {
		r := replayed(traffic{
			Cells:  map[int]string{1: "%%\nx := 3"},
			Stderr: []string{stderr},
			Reply:  wire.Error{EName: "ERROR", EValue: value, Traceback: strings.Split(traceback, "\x00")},
		})
		if !strings.Contains(r, "\nename: ") {
			t.Errorf("no name: %q", r)
		}
	})
}

// A goroutine may go on when a program ends, but where it writes to a map that is being kept, Go ends the program: the stack is
// that of what keeps variables, in the sources that cells import.
func TestAMapThatIsWrittenWhileItIsKept(t *testing.T) {
	const trace = "fatal error: concurrent map iteration and map write\n\ngoroutine 1 [running]:\ninternal/runtime/maps.fatal({0x6b2dc2?, 0x6f5ba0?})\n" +
		"\t/usr/local/go/src/runtime/panic.go:1053 +0x18\ngithub.com/headstart-nb/headstart/nbhelpers/keep/graph.entries({0x1, 0x2})\n" +
		"\t/home/ann/headstart/nbhelpers/keep/graph/scanmap.go:36 +0xa5\nmain.main()\n\t \x1b[7m[[ Cell [1] Line 2 ]]\x1b[0m /tmp/gonb_1/main.go:11 +0x65\n"
	var cells Sources
	cells.Add(1, 1, "m := map[int]int{}\ntime.Sleep(1)", nil)
	r := Explain(Failure{Reply: wire.Error{EValue: "exit status 2"}, Trace: trace + "exit status 2\n"}, &cells)
	shown := strings.Join(r.Traceback, "\n")
	if !strings.Contains(r.EValue, "wait for it") || strings.Contains(shown, "scanmap.go") || !strings.Contains(shown, "Cell In[1], line 2") {
		t.Errorf("%s\n%s", r.EValue, shown)
	}
	own := strings.ReplaceAll(trace, "github.com/headstart-nb/headstart/nbhelpers/keep", "example.com/own")
	r = Explain(Failure{Reply: wire.Error{EValue: "exit status 2"}, Trace: own}, &cells)
	if strings.Contains(r.EValue, "wait for it") || !strings.Contains(strings.Join(r.Traceback, "\n"), "scanmap.go") {
		t.Errorf("of the cell's own: %s %q", r.EValue, r.Traceback)
	}
}
