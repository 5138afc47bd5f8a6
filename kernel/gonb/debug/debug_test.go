package debug

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience bounds what must happen.
const patience = 20 * time.Second

// debugger returns one whose events are kept, and that may trace.
func debugger(t *testing.T) (*Debugger, chan Event) {
	t.Helper()
	d := New(Options{
		Delve: "/dlv", Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Variables: func() ([]Variable, error) { return []Variable{{"x", "int", "1"}}, nil },
		Evaluate: func(_ context.Context, name string) (map[string]any, error) {
			return map[string]any{"text/plain": "value of " + name}, nil
		},
	})
	d.check = func() error { return nil }
	return d, make(chan Event, 100)
}

// call sends one request and returns the response.
func call(t *testing.T, d *Debugger, events chan Event, command string, arguments any) Response {
	t.Helper()
	encoded, err := json.Marshal(arguments)
	if err != nil {
		t.Fatal(err)
	}
	request, err := json.Marshal(Request{Type: "request", Seq: 7, Command: command, Arguments: encoded})
	if err != nil {
		t.Fatal(err)
	}
	response := d.Handle(t.Context(), request, func(text json.RawMessage) {
		var e Event
		if err := json.Unmarshal(text, &e); err != nil {
			t.Error(err)
		}
		events <- e
	})
	if response.Type != "response" || response.RequestSeq != 7 || response.Command != command || !json.Valid(response.Body) {
		t.Errorf("%s is answered by %+v", command, response)
	}
	return response
}

func next(t *testing.T, events chan Event) Event {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(patience):
		t.Fatal("no event")
		return Event{}
	}
}

// TestFilesAreNamedAsFrontEndsNameThem compares with ipykernel's murmur2_x86.
func TestFilesAreNamedAsFrontEndsNameThem(t *testing.T) {
	for text, want := range map[string]uint32{"": 3990065800, "a": 2167009006, "ab": 2805137849, "abc": 3350977461, "x := 1": 2984684956, "f\u00fcr alle": 3907724315} {
		if got := murmur2([]byte(text), hashSeed); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := fileOf("/f", "abc"); got != "/f/"+fmt.Sprint(murmur2([]byte("abc"), hashSeed))+".go" {
		t.Error(got)
	}
}

func TestWhereNothingCanBeDebuggedItIsSaid(t *testing.T) {
	d, events := debugger(t)
	d.check = func() error { return errors.New("set the sysctl") }
	if r := call(t, d, events, "initialize", nil); r.Success || r.Message != "set the sysctl" {
		t.Errorf("%+v", r)
	}
	if d.Possible() {
		t.Error("the kernel says that it can debug")
	}
	if err := Check(""); err == nil || !strings.Contains(err.Error(), "headstart install") {
		t.Errorf("without Delve: %v", err)
	}
}

func TestBetweenCellsTheKernelAnswers(t *testing.T) {
	d, events := debugger(t)
	call(t, d, events, "initialize", nil)
	call(t, d, events, "attach", nil)
	if e := next(t, events); e.Event != "initialized" {
		t.Errorf("%+v", e)
	}
	for command, want := range map[string]string{
		"threads": `{"threads":[]}`, "stackTrace": `{"stackFrames":[],"totalFrames":0}`, "variables": `{"variables":[]}`,
		"inspectVariables": `{"variables":[{"name":"x","value":"1","type":"int","evaluateName":"x","variablesReference":0}]}`,
	} {
		if r := call(t, d, events, command, map[string]int{"threadId": 1, "variablesReference": 3}); !r.Success || string(r.Body) != want {
			t.Errorf("%s: %+v %s", command, r, r.Body)
		}
	}
	r := call(t, d, events, "richInspectVariables", map[string]string{"variableName": "x"})
	if !r.Success || !bytes.Contains(r.Body, []byte("value of x")) {
		t.Errorf("%+v %s", r, r.Body)
	}
	for _, command := range []string{"next", "evaluate", "scopes", "", "no such"} {
		if r := call(t, d, events, command, nil); r.Success || r.Message == "" {
			t.Errorf("%q: %+v", command, r)
		}
	}
	if r := d.Handle(t.Context(), json.RawMessage(`[1]`), func(json.RawMessage) {}); r.Success || r.Message == "" {
		t.Errorf("%+v", r)
	}
}

// delve plays Delve for one program: it starts the program, and answers each later request by script.
func delve(t *testing.T, work string, script func(conn net.Conn, r Request)) {
	t.Helper()
	description, ok := ReadDescription(work)
	if !ok {
		t.Fatal("nothing is debugged")
	}
	text, err := json.Marshal(start{Program: "/p", Dir: "/"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, DescriptionFile+startSuffix), text, 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("unix", description.Socket)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for {
			text, err := readMessage(reader)
			if err != nil {
				return
			}
			var r Request
			if err := json.Unmarshal(text, &r); err != nil {
				t.Error(err)
				return
			}
			script(conn, r)
		}
	}()
}

func send(conn net.Conn, message any) {
	text, _ := json.Marshal(message) // of this file
	fmt.Fprintf(conn, "Content-Length: %d\r\n\r\n%s", len(text), text)
}

func respond(conn net.Conn, r Request, body string) {
	send(conn, Response{Type: "response", RequestSeq: r.Seq, Success: true, Command: r.Command, Body: json.RawMessage(body)})
}

func event(conn net.Conn, name, body string) {
	send(conn, Event{Type: "event", Event: name, Body: json.RawMessage(body)})
}

func TestAProgramIsDebuggedFromItsStartToItsEnd(t *testing.T) {
	d, events := debugger(t)
	call(t, d, events, "initialize", nil)
	file := d.Ran("x := 1", "x := 1")
	breakpoint := map[string]any{"source": map[string]string{"path": file}, "breakpoints": []any{map[string]any{"line": 1, "condition": "x == 1"}}}
	call(t, d, events, "setBreakpoints", breakpoint)
	work := t.TempDir()
	end, err := d.Prepare(work, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 100)
	exit := filepath.Join(work, DescriptionFile+exitSuffix)
	delve(t, work, func(conn net.Conn, r Request) {
		asked <- r.Command + " " + string(r.Arguments)
		switch r.Command {
		case "launch":
			event(conn, "initialized", "{}")
		case "configurationDone":
			respond(conn, r, "{}")
			event(conn, "stopped", `{"reason":"breakpoint","threadId":1}`)
		case "stackTrace":
			respond(conn, r, `{"stackFrames":[{"name":"runtime.gopanic"},{"name":"main.headstart_keep"},{"name":"main.main","line":1},{"name":"runtime.main"},{"name":"runtime.goexit"}]}`)
		case "variables":
			respond(conn, r, `{"variables":[{"name":"~r0"},{"name":"x"},{"name":"headstart_ran"}]}`)
		case "continue":
			respond(conn, r, "{}")
			event(conn, "terminated", "{}")
		case "disconnect": // Delve names the exit status only now
			if _, err := os.Stat(exit); err == nil {
				t.Error("an exit status was passed on before Delve had named one")
			}
			event(conn, "output", `{"category":"console","output":"Process 12 has exited with status 3\n"}`)
			event(conn, "terminated", "{}")
			_ = conn.Close()
		default:
			respond(conn, r, "{}")
		}
	})
	if e := next(t, events); e.Event != "stopped" {
		t.Fatalf("%+v", e)
	}
	if r := call(t, d, events, "stackTrace", map[string]int{"threadId": 1}); string(r.Body) != `{"stackFrames":[{"line":1,"name":"main.main"}],"totalFrames":1}` {
		t.Errorf("%s", r.Body)
	}
	if r := call(t, d, events, "variables", map[string]int{"variablesReference": 1}); string(r.Body) != `{"variables":[{"name":"x"}]}` {
		t.Errorf("%s", r.Body)
	}
	call(t, d, events, "continue", map[string]int{"threadId": 1})
	if status, err := exitStatus(exit, nil, exitPatience, nil); status != 3 || err != nil {
		t.Errorf("the program's exit status is %d, %v", status, err)
	}
	end()
	var commands []string
	for len(asked) > 0 {
		command, arguments, _ := strings.Cut(<-asked, " ")
		commands = append(commands, command)
		if command == "setBreakpoints" && !strings.Contains(arguments, "x == 1") {
			t.Errorf("the condition is lost: %s", arguments)
		}
	}
	want := []string{"initialize", "launch", "setBreakpoints", "configurationDone", "stackTrace", "variables", "continue"}
	if diff := cmp.Diff(want, commands[:min(len(want), len(commands))]); diff != "" {
		t.Error(diff)
	}
	if _, ok := ReadDescription(work); ok {
		t.Error("the next program would be debugged by a debugger that has gone")
	}
}

// TestExitStatusesAreThoseOfShells: what Delve says in its three ways, and what the launcher makes of it.
func TestExitStatusesAreThoseOfShells(t *testing.T) {
	for name, test := range map[string]struct {
		event  string
		body   string
		status int
		fails  bool
	}{
		"a text":              {"output", `{"output":"Process 1 has exited with status 2\n"}`, 2, false},
		"a signal":            {"output", `{"output":"Process 1 has exited with status -9\n"}`, 137, false},
		"an event":            {"exited", `{"exitCode":2}`, 2, false},
		"a signal's event":    {"exited", `{"exitCode":-9}`, 137, false},
		"no status, an error": {"output", `{"output":"Detaching\n"}`, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := debugger(t)
			p := &program{debugger: d, work: t.TempDir()}
			go func() { // the launcher waits
				time.Sleep(10 * time.Millisecond)
				p.event(Event{Event: test.event, Body: json.RawMessage(test.body)})
				p.passOn()
			}()
			status, err := exitStatus(filepath.Join(p.work, DescriptionFile+exitSuffix), nil, exitPatience, nil)
			if status != test.status || (err != nil) != test.fails {
				t.Errorf("%d, %v; want %d", status, err, test.status)
			}
		})
	}
}

// TestALauncherWaitsForNobody: Delve failed before it reached the kernel, or the user interrupts the cell.
func TestALauncherWaitsForNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none")
	if status, err := exitStatus(file, errors.New("exit status 1"), time.Millisecond, nil); status != 1 || err == nil {
		t.Errorf("without a word: %d, %v", status, err)
	}
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	if status, err := exitStatus(file, nil, patience, signals); status != interrupted || err != nil {
		t.Errorf("interrupted: %d, %v", status, err)
	}
}

// TestADelveThatMisbehavesEndsNobodyElse: each breaks the protocol in its way while a client waits.
func TestADelveThatMisbehavesEndsNobodyElse(t *testing.T) {
	for name, script := range map[string]func(net.Conn, Request){
		"ends at once":       func(conn net.Conn, _ Request) { _ = conn.Close() },
		"sends no length":    func(conn net.Conn, _ Request) { fmt.Fprint(conn, "x\r\n\r\n") },
		"a length too great": func(conn net.Conn, _ Request) { fmt.Fprint(conn, "Content-Length: 99999999999\r\n\r\n") },
		"sends no JSON":      func(conn net.Conn, _ Request) { fmt.Fprint(conn, "Content-Length: 3\r\n\r\n{{{") },
		"initialized twice": func(conn net.Conn, r Request) {
			event(conn, "initialized", "{}")
			event(conn, "initialized", "{}")
			respond(conn, r, "{}")
		},
		"refuses": func(conn net.Conn, r Request) {
			send(conn, Response{Type: "response", RequestSeq: r.Seq, Command: r.Command})
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, events := debugger(t)
			call(t, d, events, "initialize", nil)
			work := t.TempDir()
			end, err := d.Prepare(work, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				call(t, d, events, "evaluate", map[string]string{"expression": "1"})
			}()
			delve(t, work, script)
			time.Sleep(10 * time.Millisecond)
			end()
			select {
			case <-done:
			case <-time.After(patience):
				t.Error("a request is not answered")
			}
		})
	}
}

// TestAStoppedProgramThatIsKilledIsForgotten: the user interrupts the cell.
func TestAStoppedProgramThatIsKilledIsForgotten(t *testing.T) {
	d, events := debugger(t)
	call(t, d, events, "initialize", nil)
	work := t.TempDir()
	end, err := d.Prepare(work, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	delve(t, work, func(conn net.Conn, r Request) {
		if r.Command == "launch" {
			event(conn, "initialized", "{}")
		}
		respond(conn, r, "{}")
		if r.Command == "configurationDone" {
			event(conn, "stopped", `{"reason":"pause"}`)
		}
	})
	if e := next(t, events); !bytes.Contains(e.Body, []byte(`"threadId":1`)) {
		t.Errorf("the front end needs a thread: %s", e.Body)
	}
	end()
	if e := next(t, events); e.Event != "continued" {
		t.Errorf("%+v", e)
	}
	if r := call(t, d, events, "debugInfo", nil); !bytes.Contains(r.Body, []byte(`"stoppedThreads":[]`)) {
		t.Errorf("%s", r.Body)
	}
}

func TestLaunchersGiveWayToPrograms(t *testing.T) {
	output := filepath.Join(t.TempDir(), "it's a program")
	if err := WriteLauncher(output, "/go", "/work"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(output); err != nil || !strings.Contains(string(text), `it'\''s a program`) {
		t.Errorf("%s, %v", text, err)
	}
	if err := RemoveLauncher(output); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(output); err == nil {
		t.Error("the launcher is still there")
	}
	if err := os.WriteFile(output, []byte("\x7fELF"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := RemoveLauncher(output); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(output); err != nil {
		t.Error("a program was removed")
	}
	var said bytes.Buffer
	if status := Launch([]string{t.TempDir(), "/p"}, &said); status == 0 || !strings.Contains(said.String(), "run the cell again") {
		t.Errorf("without a kernel: %d %q", status, said.String())
	}
}

func FuzzMessage(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("Content-Length: -1\r\n\r\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = readMessage(bufio.NewReader(bytes.NewReader(text))) })
}

func TestACallStackBeginsAndEndsInTheUsersFunctions(t *testing.T) {
	for name, test := range map[string]struct {
		frames []string
		want   []string
	}{
		"a breakpoint": {[]string{"main.f", "main.main", "runtime.main", "runtime.goexit"}, []string{"main.f", "main.main"}},
		"a panic":      {[]string{"runtime.fatalpanic", "runtime.gopanic", "main.main", "runtime.main"}, []string{"main.main"}},
		"a test":       {[]string{"main.TestF", "testing.tRunner", "runtime.goexit"}, []string{"main.TestF"}},
		"a panic in a test": {
			[]string{"runtime.fatalpanic", "runtime.gopanic", "testing.tRunner.func1.2", "testing.tRunner.func1", "runtime.gopanic", "runtime.goPanicIndex", "main.TestF", "testing.tRunner", "runtime.goexit"},
			[]string{"main.TestF"},
		},
		"a step into testing":   {[]string{"testing.(*common).Log", "main.TestF", "testing.tRunner", "runtime.goexit"}, []string{"testing.(*common).Log", "main.TestF"}},
		"all goroutines wait":   {[]string{"runtime.gopark", "runtime.goexit"}, []string{"runtime.gopark"}},
		"nothing":               {nil, nil},
		"a function of testing": {[]string{"runtime.gopanic", "testing.tRunner"}, []string{"runtime.gopanic"}},
	} {
		from, to := shown(test.frames)
		if diff := cmp.Diff(test.want, test.frames[from:to]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestBreakpointsThatAreNotSetAreNamed(t *testing.T) {
	const one, two, three = `{"verified":true,"line":1}`, `{"verified":false,"message":"could not find statement at x.go:2, please use a line with a statement"}`,
		`{"verified":false,"message":"could not find file x.go"}`
	const four = `{"verified":false,"message":"1:5: expected operand, found 'EOF'"}`
	wanted := []json.RawMessage{[]byte(`{"line":1}`), []byte(`{"line":2}`), []byte(`{"line":3}`), []byte(`{"line":4,"condition":"x =="}`)}
	const nowhere = "The breakpoint on line %d stops nowhere: the program of the cell has no code there."
	const broken = "The breakpoint on line 4 is not set: 1:5: expected operand, found 'EOF'."
	answer := json.RawMessage(`{"breakpoints":[` + strings.Join([]string{one, two, three, four}, ",") + `]}`)
	for _, test := range []struct {
		answer json.RawMessage
		own    bool
		want   []string
	}{
		{answer, true, []string{fmt.Sprintf(nowhere, 2), fmt.Sprintf(nowhere, 3), broken}},
		{answer, false, []string{broken}},
		{json.RawMessage(`{"breakpoints":[{},{},{},{},{},{}]}`), false, []string{ // more than were asked for
			"The breakpoint on line 1 is not set: .", "The breakpoint on line 2 is not set: .", "The breakpoint on line 3 is not set: .", "The breakpoint on line 4 is not set: .",
		}},
		{json.RawMessage(`nonsense`), true, nil},
	} {
		if diff := cmp.Diff(test.want, unset(wanted, test.answer, test.own)); diff != "" {
			t.Errorf("%s, own %t: %s", test.answer, test.own, diff)
		}
	}
}
