package session_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

func TestControlIsAnsweredWhileACellRuns(t *testing.T) {
	k := kerneltest.Start(t, nil)
	cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell("wait forever"))
	k.Next() // busy
	for _, kind := range []string{"kernel_info_request", "comm_info_request", "history_request"} {
		messages := k.Ask(wire.Control, kind, struct{}{})
		if len(messages) != 3 {
			t.Errorf("%s during a cell caused %d messages", kind, len(messages))
		}
	}
	k.Ask(wire.Shell, "kernel_info_request", struct{}{})
	k.Ask(wire.Shell, "complete_request", wire.CompleteRequest{Code: "x", CursorPos: 1})
	k.Send(wire.Control, "interrupt_request", struct{}{})
	reply, _ := k.Outcome(k.Until(cell))
	if reply.Error == nil || reply.EName != session.KeyboardInterrupt {
		t.Errorf("the cell ended with %+v", reply)
	}
	if reply, printed := k.Run("print next"); reply.Status != wire.StatusOK || printed != "next\n" {
		t.Errorf("the next cell: %+v %q", reply, printed)
	}
}

func TestInterruptBetweenCellsHurtsNobody(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Ask(wire.Control, "interrupt_request", struct{}{})
	k.Session.Interrupt()
	if reply, _ := k.Run("print x"); reply.Status != wire.StatusOK {
		t.Errorf("%+v", reply)
	}
}

func TestCellsAfterAnErrorAreAborted(t *testing.T) {
	for _, test := range []struct {
		name   string
		first  wire.ExecuteRequest
		second string
	}{
		{"stop_on_error", wire.ExecuteRequest{Code: "fail E x", StoreHistory: true, StopOnError: true}, wire.StatusAborted},
		{"go on", wire.ExecuteRequest{Code: "fail E x", StoreHistory: true}, wire.StatusOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := kerneltest.Start(t, nil)
			first := k.Send(wire.Shell, "execute_request", test.first)
			second := k.Send(wire.Shell, "execute_request", kerneltest.Cell("print second"))
			third := k.Send(wire.Shell, "execute_request", kerneltest.Cell("print third"))
			if reply, _ := k.Outcome(k.Until(first)); reply.Status != wire.StatusError {
				t.Errorf("first: %+v", reply)
			}
			for _, m := range []wire.Message{second, third} {
				if reply, _ := k.Outcome(k.Until(m)); reply.Status != test.second {
					t.Errorf("a cell after it: %+v", reply)
				}
			}
			if reply, _ := k.Run("print fresh"); reply.Status != wire.StatusOK {
				t.Errorf("a cell sent after the error was heard of: %+v", reply)
			}
		})
	}
}

func TestOutputIsCompleteAndInOrder(t *testing.T) {
	k := kerneltest.Start(t, nil)
	const n = 20_000
	var want strings.Builder
	for i := range n {
		fmt.Fprintln(&want, i)
	}
	reply, printed := k.Run(fmt.Sprintf("lines %d", n))
	if reply.Status != wire.StatusOK || printed != want.String() {
		t.Errorf("%s, %d bytes of output, want %d", reply.Status, len(printed), want.Len())
	}
	if count := k.Transport.Count(); count > n/10 {
		t.Errorf("%d messages for %d lines: text is not collected", count, n)
	}
}

// TestTextBeyondTheLimitGoesToAFile: a browser that is sent an endless loop's output stops responding.
func TestTextBeyondTheLimitGoesToAFile(t *testing.T) {
	folder := t.TempDir()
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.RuntimeDir = folder })
	const n = 500_000
	var all strings.Builder
	for i := range n {
		fmt.Fprintln(&all, i)
	}
	reply, printed := k.Run(fmt.Sprintf("lines %d", n))
	if reply.Status != wire.StatusOK || len(printed) > 3<<20 {
		t.Fatalf("%s, %d bytes shown", reply.Status, len(printed))
	}
	file := filepath.Join(folder, "output", "cell-1.txt")
	shown, notice, found := strings.Cut(printed, "\n[a cell shows up to 2 MiB of text; ")
	if !found || !strings.Contains(notice, file) || !strings.HasSuffix(notice, fmt.Sprintf("\n%d\n", n-1)) {
		t.Errorf("the end of the output is %q", printed[max(0, len(printed)-300):])
	}
	rest, err := os.ReadFile(file)
	if err != nil || shown+string(rest) != all.String() {
		t.Errorf("%d bytes shown and %d in the file are not the %d that were printed, %v", len(shown), len(rest), all.Len(), err)
	}
	if _, printed := k.Run("print next"); printed != "next\n" {
		t.Errorf("the next cell shows %q", printed)
	}
}

func TestStreamsKeepTheirOrder(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Session.CollectText()
	messages := k.Ask(wire.Shell, "execute_request", kerneltest.Cell("print 1\neprint 2\nprint 3\ndisplay 4\nprint 5"))
	var got []string
	for _, m := range messages[2 : len(messages)-2] {
		got = append(got, m.Header.MsgType+" "+string(m.Content))
	}
	want := []string{
		`stream {"name":"stdout","text":"1\n"}`,
		`stream {"name":"stderr","text":"2\n"}`,
		`stream {"name":"stdout","text":"3\n"}`,
		`display_data {"data":{"text/plain":"4"},"metadata":{},"transient":{}}`,
		`stream {"name":"stdout","text":"5\n"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFirstCellShowsTheNotices(t *testing.T) {
	k := kerneltest.Start(t, func(config *session.Config, _ *kerneltest.Kernel) { config.Notices = []string{"HOME is missing"} })
	if _, printed := k.Run("%nothing"); !strings.Contains(printed, "headstart: HOME is missing\n") {
		t.Errorf("the first cell shows %q", printed)
	}
	if _, printed := k.Run("%nothing"); strings.Contains(printed, "HOME") {
		t.Errorf("the second cell shows %q", printed)
	}
}

func TestCharactersAreNotCut(t *testing.T) {
	const text = "aü€😀"
	bytewise := magic{"bytewise", func(_ context.Context, _ magics.Call, host magics.Host) error {
		for i := range len(text) {
			if _, err := host.Stdout().Write([]byte{text[i]}); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond) // longer than text is collected
		}
		return nil
	}}
	k := kerneltest.Start(t, nil, bytewise)
	if _, printed := k.Run("%bytewise"); printed != text {
		t.Errorf("printed %q, want %q", printed, text)
	}
}

func TestNothingComesAfterIdle(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Run("late too late")
	before := k.Transport.Count()
	close(k.Engine.Release)
	<-k.Engine.Late
	if !errors.Is(k.Engine.LateErr, session.ErrCellEnded) {
		t.Errorf("late output: err = %v, want %v", k.Engine.LateErr, session.ErrCellEnded)
	}
	if after := k.Transport.Count(); after != before {
		t.Errorf("%d messages came after the cell's idle", after-before)
	}
}

func TestWorkThatIgnoresTheInterruptIsAbandoned(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	stubborn := magic{"stubborn", func(_ context.Context, _ magics.Call, host magics.Host) error {
		fmt.Fprintln(host.Stdout(), "started")
		<-release
		fmt.Fprintln(host.Stdout(), "late")
		return nil
	}}
	for _, code := range []string{"%stubborn", "deaf to all"} {
		t.Run(code, func(t *testing.T) {
			k := kerneltest.Start(t, nil, stubborn)
			defer close(k.Engine.Release)
			k.Session.Hurry(50*time.Millisecond, time.Second)
			cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell(code))
			k.Next() // busy
			k.Next() // execute_input
			k.Send(wire.Control, "interrupt_request", struct{}{})
			reply, _ := k.Outcome(k.Until(cell))
			if reply.Error == nil || reply.EName != session.KeyboardInterrupt || !strings.Contains(reply.EValue, "did not stop") {
				t.Errorf("the cell ended with %+v", reply)
			}
			if reply, _ := k.Run("print next"); reply.Status != wire.StatusOK {
				t.Errorf("the next cell: %+v", reply)
			}
		})
	}
}

func TestAskReachesTheUser(t *testing.T) {
	asks := magic{"asks", func(ctx context.Context, _ magics.Call, host magics.Host) error {
		answer, err := host.Ask(ctx, "password?", true)
		fmt.Fprintf(host.Stdout(), "%s %v", answer, err)
		return nil
	}}
	k := kerneltest.Start(t, nil, asks)
	cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell("%asks"))
	for {
		m := k.Next()
		if m.Header.MsgType != "input_request" {
			continue
		}
		if m.Channel != wire.Stdin || string(m.Content) != `{"prompt":"password?","password":true}` || string(m.Identities[0]) != "client" {
			t.Errorf("%s %s to %q", m.Channel, m.Content, m.Identities)
		}
		break
	}
	k.Send(wire.Stdin, "input_reply", wire.InputReply{Value: "secret"})
	if _, printed := k.Outcome(k.Until(cell)); printed != "secret <nil>" {
		t.Errorf("printed %q", printed)
	}

	request := kerneltest.Cell("%asks")
	request.AllowStdin = false
	if _, printed := k.Outcome(k.Ask(wire.Shell, "execute_request", request)); !strings.Contains(printed, "allows no input") {
		t.Errorf("without allow_stdin: %q", printed)
	}

	cell = k.Send(wire.Shell, "execute_request", kerneltest.Cell("ask name?"))
	for k.Next().Header.MsgType != "input_request" {
	}
	k.Send(wire.Control, "interrupt_request", struct{}{})
	if reply, _ := k.Outcome(k.Until(cell)); reply.Error == nil || reply.EName != session.KeyboardInterrupt {
		t.Errorf("interrupted while asking: %+v", reply)
	}
}

func TestSlowLookupsAreGivenUp(t *testing.T) {
	k := kerneltest.Start(t, func(_ *session.Config, k *kerneltest.Kernel) { k.Engine.LookupDelay = time.Second })
	k.Session.Hurry(time.Second, 20*time.Millisecond)
	for range 20 { // more than may be under way at one time
		var complete wire.CompleteReply
		k.Decode(k.Ask(wire.Shell, "complete_request", wire.CompleteRequest{Code: "fm", CursorPos: 2})[1], &complete)
		if diff := cmp.Diff(wire.CompleteReply{Status: "ok", Matches: []string{}, CursorStart: 2, CursorEnd: 2, Metadata: map[string]any{}}, complete); diff != "" {
			t.Fatal(diff)
		}
	}
	var inspect wire.InspectReply
	k.Decode(k.Ask(wire.Shell, "inspect_request", wire.InspectRequest{Code: "fmt", CursorPos: 2})[1], &inspect)
	if inspect.Found {
		t.Error("inspection waited")
	}
}

func TestMagicsAnswerWhileACellRuns(t *testing.T) {
	k := kerneltest.Start(t, nil, testMagics()...)
	k.Ask(wire.Shell, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")})
	cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell("wait forever"))
	k.Next() // busy
	answer := k.Ask(wire.Shell, "comm_msg", json.RawMessage(`{"comm_id":"m","data":{"magic":"echo","request":[1]}}`))
	if len(answer) != 3 || !strings.Contains(string(answer[1].Content), `"answer":[1]`) {
		t.Errorf("answer: %v", answer)
	}
	k.Session.Interrupt()
	k.Until(cell)
}

// TestTheKernelStaysBusyBesideACell: a front end shows the last status that it hears, so none but the cell's may end with idle.
func TestTheKernelStaysBusyBesideACell(t *testing.T) {
	k := kerneltest.Start(t, nil, testMagics()...)
	k.Ask(wire.Shell, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")})
	cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell("wait forever"))
	k.Next() // busy
	for _, ask := range []func(){
		func() {
			k.Ask(wire.Shell, "comm_msg", json.RawMessage(`{"comm_id":"m","data":{"magic":"echo","request":[1]}}`))
		},
		func() { k.Ask(wire.Control, "kernel_info_request", struct{}{}) },
	} {
		ask()
		var status wire.Status
		m := k.Next()
		k.Decode(m, &status)
		parent, err := m.ParentHeader()
		if err != nil || status.ExecutionState != wire.StateBusy || parent.MsgID != cell.Header.MsgID {
			t.Errorf("after the answer came %s %s of %s, %v", m.Header.MsgType, m.Content, parent.MsgType, err)
		}
	}
	k.Session.Interrupt()
	messages := k.Until(cell)
	var last wire.Status
	if k.Decode(messages[len(messages)-1], &last); last.ExecutionState != wire.StateIdle {
		t.Errorf("the cell ended with %s", messages[len(messages)-1].Content)
	}
}

func TestStuckMagicsDoNotBlockOthers(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	k := kerneltest.Start(t, nil, stuck{magic{name: "stuck"}, release})
	k.Ask(wire.Shell, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")})
	for range 100 { // more than may wait at one time
		k.Send(wire.Shell, "comm_msg", json.RawMessage(`{"comm_id":"m","data":{"magic":"stuck","request":{}}}`))
	}
	if reply, _ := k.Run("print x"); reply.Status != wire.StatusOK {
		t.Errorf("%+v", reply)
	}
}

// A panel asks and cells are sent while the plugins are still being loaded: all of it is answered once they are there.
func TestPanelsAndCellsRaceForTheMagics(t *testing.T) {
	ready := make(chan struct{})
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Ready = ready })
	k.Send(wire.Shell, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")})
	ask := json.RawMessage(`{"comm_id":"m","data":{"magic":"echo","request":"hello"}}`)
	waiting := map[string]string{} // what is asked, by its message
	for range 4 {
		waiting[k.Send(wire.Shell, "comm_msg", ask).Header.MsgID] = "question"
		waiting[k.Send(wire.Shell, "execute_request", kerneltest.Cell("%echo loaded")).Header.MsgID] = "cell"
	}
	k.Ask(wire.Shell, "kernel_info_request", struct{}{}) // all of them have arrived
	if err := k.Registry.Add("late", testMagics()...); err != nil {
		t.Fatal(err)
	}
	close(ready)
	for len(waiting) > 0 {
		m := k.Next()
		parent, err := m.ParentHeader()
		if err != nil {
			t.Fatal(err)
		}
		switch kind := waiting[parent.MsgID]; {
		case kind == "question" && m.Header.MsgType == "comm_msg":
			if !strings.Contains(string(m.Content), `"answer":"hello"`) {
				t.Errorf("answer: %s", m.Content)
			}
			delete(waiting, parent.MsgID)
		case kind == "cell" && m.Header.MsgType == "execute_reply":
			if !strings.Contains(string(m.Content), `"status":"ok"`) {
				t.Errorf("reply: %s", m.Content)
			}
			delete(waiting, parent.MsgID)
		}
	}
}

func TestCommMessagesKeepTheirOrder(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Send(wire.Shell, "comm_open", wire.CommOpen{CommID: "c", TargetName: "engine", Data: json.RawMessage("0")})
	for i := range 20 {
		k.Send(wire.Shell, "comm_msg", wire.CommMsg{CommID: "c", Data: json.RawMessage(fmt.Sprint(i + 1))})
	}
	k.Until(k.Send(wire.Shell, "comm_close", wire.CommMsg{CommID: "c", Data: json.RawMessage("21")}))
	var got []string
	for _, comm := range k.Engine.Comms() {
		got = append(got, string(comm.Data))
	}
	if want := strings.Fields("0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21"); !slices.Equal(got, want) {
		t.Errorf("the engine heard %v, want %v", got, want)
	}
}

func TestCellsWaitForTheMagics(t *testing.T) {
	ready := make(chan struct{})
	k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Ready = ready })
	cell := k.Send(wire.Shell, "execute_request", kerneltest.Cell("%echo loaded"))
	k.Ask(wire.Shell, "kernel_info_request", struct{}{}) // answered all the same
	if err := k.Registry.Add("late", testMagics()...); err != nil {
		t.Fatal(err)
	}
	close(ready)
	if reply, printed := k.Outcome(k.Until(cell)); reply.Status != wire.StatusOK || !strings.Contains(printed, "loaded") {
		t.Errorf("%+v %q", reply, printed)
	}
}

func TestShutdownEndsTheSession(t *testing.T) {
	for _, during := range []string{"print nothing", "wait forever"} {
		t.Run(during, func(t *testing.T) {
			k := kerneltest.Start(t, nil)
			k.Send(wire.Shell, "execute_request", kerneltest.Cell(during))
			k.Next() // busy
			messages := k.Ask(wire.Control, "shutdown_request", wire.Shutdown{Restart: true})
			if len(messages) != 4 {
				t.Errorf("shutdown caused %d messages", len(messages))
			}
			k.Ended()
			if !k.Session.Restarting() {
				t.Error("the restart is forgotten")
			}
		})
	}
}

func TestSubscribersAreWelcomed(t *testing.T) {
	k := kerneltest.Start(t, nil)
	k.Transport.Deliver(wire.IOPub, [][]byte{[]byte("\x01")})
	if m := k.Next(); m.Header.MsgType != "iopub_welcome" || string(m.Content) != `{"subscription":""}` {
		t.Errorf("%s %s", m.Header.MsgType, m.Content)
	}
	if messages := k.Ask(wire.Shell, "kernel_info_request", struct{}{}); messages[0].Header.MsgType != "status" || string(messages[0].Content) != `{"execution_state":"busy"}` {
		t.Errorf("a second subscriber hears that the kernel starts: %s", messages[0].Content)
	}
}

// A subscriber that comes when requests have been handled, as a second front end may, must not take the kernel for a new one.
func TestAKernelThatHasAnsweredDoesNotStart(t *testing.T) {
	k := kerneltest.StartUnheard(t, nil)
	k.Ask(wire.Shell, "kernel_info_request", struct{}{})
	k.Transport.Deliver(wire.IOPub, [][]byte{[]byte("\x01")})
	if m := k.Next(); m.Header.MsgType != "iopub_welcome" {
		t.Errorf("%s %s", m.Header.MsgType, m.Content)
	}
	if m := k.Ask(wire.Shell, "kernel_info_request", struct{}{})[0]; string(m.Content) != `{"execution_state":"busy"}` {
		t.Errorf("%s %s", m.Header.MsgType, m.Content)
	}
}

func TestHistoryOutlivesTheSession(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history.jsonl")
	configure := func(c *session.Config, _ *kerneltest.Kernel) { c.HistoryFile = file }
	first := kerneltest.Start(t, configure)
	first.Run("print one")
	first.Run("print two")
	second := kerneltest.Start(t, configure)
	second.Run("print three")
	ask := func(request string) string {
		return string(second.Ask(wire.Shell, "history_request", json.RawMessage(request))[1].Content)
	}
	for request, want := range map[string]string{
		`{"hist_access_type": "tail", "n": 2}`:                `[[1,2,"print two"],[2,1,"print three"]]`,
		`{"hist_access_type": "range", "session": -1}`:        `[[1,1,"print one"],[1,2,"print two"]]`,
		`{"hist_access_type": "search", "pattern": "*tw?"}`:   `[[1,2,"print two"]]`,
		`{"hist_access_type": "search", "pattern": "[a.*+("}`: `[]`,
	} {
		if got := ask(request); got != `{"status":"ok","history":`+want+`}` {
			t.Errorf("%s: %s, want %s", request, got, want)
		}
	}
}
