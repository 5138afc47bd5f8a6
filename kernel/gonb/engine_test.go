package gonb_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestCellsRunAndRemember(t *testing.T) {
	nb := open(t)
	if out := nb.ok("import \"fmt\"\n%%\nfmt.Println(\"hello\")"); out != "hello\n" {
		t.Errorf("output %q", out)
	}
	nb.ok("func double(x int) int { return 2 * x }")
	if out := nb.ok("%%\nfmt.Println(double(21))"); out != "42\n" {
		t.Errorf("output %q", out)
	}
	if out := nb.ok("!echo shell"); out != "shell\n" {
		t.Errorf("output %q", out)
	}
}

// TestFlagIsImported: GoNB's func main of %% calls flag.Parse, and goimports would look for the package in all modules. What no
// cell has imported is not listed.
func TestFlagIsImported(t *testing.T) {
	nb := open(t)
	listed := func() string {
		cell, _ := nb.try(t.Context(), "%ls")
		return fmt.Sprint(cell.shown)
	}
	nb.ok("import stdflag \"flag\"\n%%\nfmt.Println(stdflag.NArg())")
	nb.ok("%%\nfmt.Println(1)")
	if list := listed(); strings.Contains(list, "<pre>flag</pre>") || !strings.Contains(list, "<pre>stdflag</pre>") {
		t.Errorf("GoNB remembers %s", list)
	}
	nb.ok("%reset")
	if out := nb.ok("%%\nfmt.Println(flag.NArg())"); out != "0\n" {
		t.Errorf("after a reset: %q", out)
	}
	if out := nb.ok("import (\n\t\"flag\"\n)\n%%\nfmt.Println(flag.NArg())"); out != "0\n" {
		t.Errorf("imported by the cell: %q", out)
	}
	if list := listed(); !strings.Contains(list, "<pre>flag</pre>") {
		t.Errorf("GoNB remembers %s", list)
	}
}

func TestErrorsPointIntoTheCell(t *testing.T) {
	nb := open(t)
	nb.ok("func divide(x int) int {\n\treturn x / zero\n}\nvar zero = 0")
	for _, test := range []struct{ code, name, value, trace string }{
		{"%%\nx := 3\ny := undefinedThing\n_ = y", "CompileError", "line 2: declared and not used: x (and one more)", "Cell In[2], line 3:6: undefined: undefinedThing\n    3 | y := undefinedThing\n      |      ^"},
		{"var s string = 5", "CompileError", "line 1: cannot use 5", "    1 | var s string = 5\n      |                ^"},
		{"func g( {", "SyntaxError", "line 1: expected ')', found '{'", "Cell In[4], line 1:9"},
		{"%%\nfmt.Println(divide(1))", "panic", "runtime error: integer divide by zero", "main.divide(...)  Cell In[1], line 2\n    2 |     return x / zero\n  main.main()  Cell In[5], line 2"},
		{"%%\nch := make(chan int)\n<-ch", "fatal error", "all goroutines are asleep - deadlock!", "Cell In[6], line 3"},
		{"%%\nos.Exit(3)", "ExitError", "the program ended with exit status 3", ""},
		{"%test\nfunc TestNo(t *testing.T) { t.Fatal(\"no\") }", "TestFailure", "a test failed", ""},
		{"%nonsense", "UnknownMagic", "line 1: there is no magic %nonsense", ""},
		{"%env A", "GoNBError", "`%env <VAR_NAME> <value>`", ""},
		{"import \"github.com/janpfeifer/gonb/nothing\"\n%%\nnothing.X()", "ModuleError", "", "github.com/janpfeifer/gonb/nothing"},
	} {
		cell, failure := nb.fails(test.code)
		trace := uncoloured(strings.Join(failure.Traceback, "\n"))
		if failure.EName != test.name || !strings.Contains(failure.EValue, test.value) || !strings.Contains(trace, test.trace) {
			t.Errorf("cell %q: %s: %s\n%s\nwanted %s: %s\n%s", test.code, failure.EName, failure.EValue, trace, test.name, test.value, test.trace)
		}
		if strings.Contains(cell.stderr.String(), "goroutine 1") {
			t.Errorf("cell %q: the stack stands on standard error as well: %q", test.code, cell.stderr.String())
		}
	}
	cell, _ := nb.fails("%%\nx := 3")
	if len(cell.shown) != 1 || !strings.Contains(cell.shown[0].Data["text/html"].(string), "<strong>Cell In[12], line 2:1</strong>: declared and not used: x") {
		t.Errorf("the HTML version is %v", cell.shown)
	}
}

// A cell is interrupted at several moments, so that each phase is met: finding imports, getting modules, compiling,
// linking, running. Whichever it is, the cell ends as an interrupt and the next one works.
func TestInterruptInEveryPhase(t *testing.T) {
	nb := open(t)
	nb.ok("%%\nfmt.Println(\"warm\")")
	for _, after := range []time.Duration{5, 20, 50, 90, 140, 200, 300, 1500} {
		code := fmt.Sprintf("%%%%\nfmt.Println(%d)\ntime.Sleep(time.Hour)", after)
		nb.interrupt(code, after*time.Millisecond)
	}
	for _, code := range []string{
		"!sleep 1000; echo no",
		"!sleep 1000 | sort",
		"%%bash\nsleep 1000\necho no",
		"!trap '' INT; sleep 1000; sleep 1000", // what does not listen is killed
		"%%\nsignal.Ignore(os.Interrupt)\nfor {\n}",
		"!sleep 1000\n%%\nfmt.Println(\"no\")",
	} {
		nb.interrupt(code, 700*time.Millisecond)
	}
	if out := nb.ok("%%\nfmt.Println(\"usable\")"); out != "usable\n" {
		t.Errorf("output %q", out)
	}
}

func TestStandardInput(t *testing.T) {
	nb := open(t)
	const scan = "import \"bufio\"\n%%\ns := bufio.NewScanner(os.Stdin)\nfor s.Scan() && s.Text() != \"end\" {\n\tfmt.Println(\"got\", s.Text())\n}"
	for _, code := range []string{scan, "%with_inputs\n!read x; echo got $x", "!read x; echo got $x"} {
		cell, reply := nb.try(t.Context(), code, "a", "end")
		if reply.Status != wire.StatusOK || cell.stdout.String() != "got a\n" {
			t.Errorf("cell %q: %v, output %q", code, reply.Error, cell.stdout.String())
		}
	}
	for _, code := range []string{scan, "!read x; echo got $x"} {
		_, failure := nb.fails(code)
		if failure.EName != "StdinNotImplementedError" || !strings.Contains(failure.EValue, errNoInput.Error()) {
			t.Errorf("cell %q without input: %v", code, failure)
		}
	}
	// These read from other programs, not from the user.
	if out := nb.ok("!(sleep 1; echo b; echo a) | sort\n!sleep 1 | cat"); out != "a\nb\n" {
		t.Errorf("output %q", out)
	}
}

// silent asks nobody: its user does not answer.
type silent struct {
	*recorder
	asked chan struct{}
}

func (s silent) Ask(ctx context.Context, _ string, _ bool) (string, error) {
	s.asked <- struct{}{}
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// A program that asks for a line and ends: front ends show the question, so the cell goes on until it is answered.
func TestQuestionOfAProgramThatDoesNotWait(t *testing.T) {
	nb := open(t)
	const code = "import \"github.com/janpfeifer/gonb/gonbui\"\n%%\ngonbui.RequestInput(\"Name: \", false)\n"
	for range 3 {
		cell, reply := nb.try(t.Context(), code, "a")
		if reply.Status != wire.StatusOK || len(cell.prompts) != 1 || cell.prompts[0] != "Name: " {
			t.Fatalf("%v, asked %q", reply.Error, cell.prompts)
		}
	}
	if _, failure := nb.fails(code); failure.EName != "StdinNotImplementedError" {
		t.Errorf("without input: %v", failure)
	}
	run := func(ctx context.Context, code string) <-chan wire.ExecuteReply {
		user := silent{&recorder{count: nb.count + 1}, make(chan struct{}, 10)}
		ended := make(chan wire.ExecuteReply, 1)
		go func() {
			reply, err := nb.engine.Execute(ctx, wire.ExecuteRequest{Code: code, AllowStdin: true}, user)
			if err != nil {
				t.Error(err)
			}
			ended <- reply
		}()
		<-user.asked
		return ended
	}
	interrupted, interrupt := context.WithCancel(t.Context())
	ended := run(interrupted, code)
	select {
	case reply := <-ended:
		t.Errorf("the cell has ended before its question: %+v", reply)
	case <-time.After(500 * time.Millisecond):
	}
	interrupt()
	<-ended
	// This one has waited, and gives up.
	if reply := <-run(t.Context(), code+"time.Sleep(3 * time.Second)"); reply.Status != wire.StatusOK {
		t.Errorf("a program that has given up: %+v", reply)
	}
	// GoNB asks by itself while such a command runs.
	if reply := <-run(t.Context(), "%with_inputs\n!sleep 1"); reply.Status != wire.StatusOK {
		t.Errorf("a command that may read: %+v", reply)
	}
}

func TestDeathOfGoNB(t *testing.T) {
	nb := open(t)
	nb.ok("type pair struct{ A, B int }\n\nfunc (p pair) sum() int { return p.A + p.B }\n\nfunc same[T any](x T) T { return x }\ntype triple [3]int\nconst size = len(triple{})")
	nb.ok("const (\n\tzero = iota\n\tone\n)\n\nvar base, other = 40, 1\n%env NAME=value")
	nb.ok("func same[T any](x T) T { return x } // a later one replaces it")
	nb.ok("!*go mod edit -replace example.com/x=/tmp/x")
	_, failure := nb.fails("!kill -9 $PPID; sleep 10")
	if failure.EName != "GoNBDied" || !strings.Contains(failure.EValue, "signal: killed") {
		t.Errorf("the cell ended with %v", failure)
	}
	if out := nb.ok("%%\nfmt.Println(same(pair{base, other}.sum()+one), os.Getenv(\"NAME\"))"); out != "42 value\n" {
		t.Errorf("output %q", out)
	}
	if out := nb.ok("!*cat go.mod"); !strings.Contains(out, "example.com/x => /tmp/x") {
		t.Errorf("go.mod has lost what was added:\n%s", out)
	}
	_, failure = nb.fails("type triple []int")
	if !strings.Contains(uncoloured(failure.Traceback[0]), "Cell In[1], line 7") {
		t.Errorf("an error in a replayed declaration points to %q", failure.Traceback)
	}
}

// A cell that comes right after the death of an idle GoNB finds it alive, for about 0.1 s.
func TestCellRunsAfterTheDeathOfAnIdleGoNB(t *testing.T) {
	nb := open(t)
	for round := range 3 {
		gonb, err := strconv.Atoi(strings.TrimSpace(nb.ok("!echo $PPID")))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(gonb, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(round) * 10 * time.Millisecond)
		if out := nb.ok("!echo once"); out != "once\n" {
			t.Errorf("output %q", out)
		}
	}
	// One that was taken up may have done something, and is not repeated.
	file := filepath.Join(t.TempDir(), "marks")
	_, failure := nb.fails("!echo x >> " + file + "; kill -9 $PPID; sleep 10")
	if failure.EName != "GoNBDied" {
		t.Errorf("the cell ended with %v", failure)
	}
	nb.ok("!true")
	if marks, err := os.ReadFile(file); err != nil || string(marks) != "x\n" {
		t.Errorf("the cell ran %q times, %v", marks, err)
	}
}

func TestWorkingDirectoryIsGone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	nb := openWith(t, func(options *gonb.Options) { options.Dir = folder })
	nb.ok("%%\nfmt.Println(1)")
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if out := nb.ok("%%\nfmt.Println(2)"); out != "2\n" { // in the GoNB that was started there
		t.Errorf("output %q", out)
	}
	nb.fails("!kill -9 $PPID; sleep 10")
	cell, reply := nb.try(t.Context(), "%%\nfmt.Println(3)")
	if reply.Status != wire.StatusOK || cell.stdout.String() != "3\n" || !strings.Contains(cell.stderr.String(), folder+" is gone") {
		t.Errorf("%v, output %q, %q", reply.Error, cell.stdout.String(), cell.stderr.String())
	}
}

func TestCellsImportThisProjectOffline(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	nb := open(t)
	out := nb.ok("import (\n\t\"fmt\"\n\t\"github.com/headstart-nb/headstart/nbhelpers/display\"\n)\n%%\nfmt.Println(display.Text(\"a\").Data)")
	if out != "map[text/plain:a]\n" {
		t.Errorf("output %q", out)
	}
	show := "import \"github.com/janpfeifer/gonb/gonbui\"\n%%\nfor i := range 20 {\n\tgonbui.DisplayHTML(fmt.Sprint(i))\n}"
	for range 5 { // GoNB may send the last ones after its idle
		cell, reply := nb.try(t.Context(), show)
		if reply.Status != wire.StatusOK || len(cell.shown) != 20 {
			t.Fatalf("%d of 20 displays came, %v", len(cell.shown), reply.Error)
		}
	}
	nb.ok("%reset")
	nb.ok(show)
}

func TestGoNBsOwnFeatures(t *testing.T) {
	nb := open(t)
	for _, test := range []struct{ code, out string }{
		{"%test\nfunc TestYes(t *testing.T) {}\nfunc BenchmarkLoop(b *testing.B) {\n\tfor b.Loop() {\n\t}\n}", "--- PASS: TestYes"},
		{"%%writefile note.txt\nwritten", ""},
		{"!cat note.txt", "written\n"},
		{"%%bash\necho from bash", "from bash\n"},
		{"%%script sort\nb\na", "a\nb\n"},
		{"%args --name x\nvar name = flag.String(\"name\", \"\", \"\")\nfunc main() {\n\tflag.Parse()\n\tfmt.Println(*name)\n}", "x\n"},
		{"func hello() { fmt.Println(\"hello\") }\n%exec hello", "hello\n"},
		{"%capture captured.txt\n%%\nfmt.Println(\"kept\")", "kept\n"},
		{"!cat captured.txt", "kept\n"},
		{"%cd", "Current directory"},
		{"%goflags -race=false", "-race=false"},
		{"%%\nfmt.Println(\"own flags\")", "own flags\n"},
		{"%track .", ""},
		{"%rm hello", "removed func hello"},
		{"%version", ""},
	} {
		if out := nb.ok(test.code); !strings.Contains(out, test.out) {
			t.Errorf("cell %q: output %q, wanted %q", test.code, out, test.out)
		}
	}
}

func TestComplete(t *testing.T) {
	nb := open(t)
	nb.ok("// doubleIt gives twice what it gets.\nfunc doubleIt(x int) int { return 2 * x }\nkept := 3")
	const running = "%%\ntime.Sleep(5 * time.Second)"
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		nb.try(ctx, running)
	}()
	for _, test := range []struct {
		code, match string
		start       int
	}{
		{"%%\nfmt.Println(\"ü𝄞\", doubl", "doubleIt", 21},
		{"%no", "%noautoget", 0},
		{"%%ba", "%%bash", 0},
		{"%%\nfor {\n\tif true {\n\t\tfmt.Printl", "Println", 26},
	} {
		cursor := len([]rune(test.code))
		var reply wire.CompleteReply
		for deadline := time.Now().Add(30 * time.Second); len(reply.Matches) == 0 && time.Now().Before(deadline); { // the first ones find gopls starting
			var err error
			if reply, err = nb.engine.Complete(t.Context(), test.code, cursor); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Contains(reply.Matches, test.match) || reply.CursorStart != test.start || reply.CursorEnd != cursor {
			t.Errorf("completing %q: %v from %d to %d, wanted %s from %d", test.code, reply.Matches, reply.CursorStart, reply.CursorEnd, test.match, test.start)
		}
	}
	reply, err := nb.engine.Inspect(t.Context(), "%%\nfmt.Println(doubleIt(", 24, 0)
	if err != nil || !strings.Contains(fmt.Sprint(reply.Data["text/markdown"]), "func doubleIt(x int) int") ||
		!strings.Contains(fmt.Sprint(reply.Data["text/plain"]), "doubleIt gives twice what it gets.") {
		t.Errorf("inspection: %v %v", reply.Data, err)
	}
	reply, err = nb.engine.Inspect(t.Context(), "func f(kept string) string { return kept }", 38, 0)
	if got := fmt.Sprint(reply.Data["text/plain"]); err != nil || got != "var kept string" {
		t.Errorf("inspection of a parameter with the name of a variable: %q %v", got, err)
	}
	reply, err = nb.engine.Inspect(t.Context(), "%goflags", 3, 0)
	if err != nil || !strings.Contains(fmt.Sprint(reply.Data["text/plain"]), "go build") {
		t.Errorf("inspection of a magic: %v %v", reply.Data, err)
	}
	cancel()
	<-ended
}

// The browser's side of GoNB's widgets is a script that opens a comm; here the test does.
func TestWidgetsConnect(t *testing.T) {
	nb := open(t)
	nb.ok("!true")
	cell := &recorder{}
	browser := &recorder{}
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		for range 100 { // %widgets waits for the browser, three seconds at most
			time.Sleep(20 * time.Millisecond)
			if cell.scripts() > 0 {
				break
			}
		}
		comm := session.Comm{Type: "comm_open", ID: "c1", Target: "gonb_comm", Data: []byte("{}")}
		if known, err := nb.engine.Comm(t.Context(), comm, browser); !known || err != nil {
			t.Errorf("opening: %v, %v", known, err)
		}
	}()
	if reply := nb.run(t.Context(), "%widgets", cell); reply.Status != wire.StatusOK {
		t.Errorf("%%widgets: %v", reply.Error)
	}
	<-opened
	browser.mu.Lock()
	defer browser.mu.Unlock()
	if len(browser.comms) == 0 || browser.comms[0].ID != "c1" || !strings.Contains(string(browser.comms[0].Data), "#comm_open_ack") {
		t.Errorf("the browser got %v", browser.comms)
	}
	for _, stranger := range []session.Comm{
		{Type: "comm_open", ID: "c2", Target: "another"}, {Type: "comm_msg", ID: "c2"}, {Type: "comm_close", ID: "c2"},
	} {
		if known, err := nb.engine.Comm(t.Context(), stranger, browser); known || err != nil {
			t.Errorf("%v: %v, %v", stranger, known, err)
		}
	}
}

func TestNothingStaysBehind(t *testing.T) {
	nb := open(t)
	folder := strings.TrimSpace(nb.ok("!echo $GONB_TMP_DIR"))
	nb.fails("!(sleep 1000 &) ; kill -9 $PPID; sleep 1000")
	second := strings.TrimSpace(nb.ok("!echo $GONB_TMP_DIR"))
	if err := nb.engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{folder, second} {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) || folder == "" {
			t.Errorf("%s is still there: %v", folder, err)
		}
	}
	if _, err := nb.engine.Execute(t.Context(), wire.ExecuteRequest{Code: "!true"}, &recorder{}); err == nil {
		t.Error("a closed engine runs cells")
	}
}
