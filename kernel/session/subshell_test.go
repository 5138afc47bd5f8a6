package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// look is a magic that may run beside a cell.
type look struct{ magic }

func (look) ConcurrentCalls() magics.Calls { return magics.Calls{All: true} }

// lookMagics are %look, %linger, which waits for an interrupt, and %lookrun, which runs code.
func lookMagics() []magics.Magic {
	return append(testMagics(),
		look{magic{"look", func(_ context.Context, call magics.Call, host magics.Host) error {
			_, err := fmt.Fprintf(host.Stdout(), "looked %s\n", call.Line)
			return err
		}}},
		look{magic{"linger", func(ctx context.Context, _ magics.Call, _ magics.Host) error {
			<-ctx.Done()
			return ctx.Err()
		}}},
		look{magic{"lookrun", func(ctx context.Context, call magics.Call, host magics.Host) error {
			return host.Execute(ctx, call.Line)
		}}},
	)
}

// A client of a kernel with subshells: it sorts what comes by the request that caused it.
type client struct {
	*kerneltest.Kernel
	t      *testing.T
	caused map[string][]kerneltest.Message
}

func startClient(t *testing.T) *client {
	k := kerneltest.Start(t, nil, lookMagics()...)
	return &client{k, t, map[string][]kerneltest.Message{}}
}

func (c *client) create() string {
	c.t.Helper()
	var created wire.Subshell
	c.reply(c.Send(wire.Control, "create_subshell_request", struct{}{}), &created)
	if created.Status != wire.StatusOK || created.SubshellID == "" {
		c.t.Fatalf("no subshell: %+v", created)
	}
	return created.SubshellID
}

func (c *client) delete(id string) string {
	c.t.Helper()
	var deleted wire.Simple
	c.reply(c.Send(wire.Control, "delete_subshell_request", wire.Subshell{SubshellID: id}), &deleted)
	return deleted.Status
}

func (c *client) list() []string {
	c.t.Helper()
	var list wire.SubshellList
	c.reply(c.Send(wire.Control, "list_subshell_request", struct{}{}), &list)
	return list.SubshellIDs
}

// to sends a request to a subshell; "" is the main shell.
func (c *client) to(subshell, msgType string, content any) wire.Message {
	c.t.Helper()
	m := c.Message(msgType, content)
	if subshell != "" {
		m.Header.SubshellID = &subshell
	}
	c.Transport.Deliver(wire.Shell, c.Encode(m))
	return m
}

func (c *client) cell(subshell, code string) wire.Message {
	c.t.Helper()
	return c.to(subshell, "execute_request", kerneltest.Cell(code))
}

// messages are those that a request has caused, up to its idle; others that come meanwhile are kept.
func (c *client) messages(request wire.Message) []kerneltest.Message {
	c.t.Helper()
	for !isIdle(c.caused[request.Header.MsgID]) {
		c.next()
	}
	return c.caused[request.Header.MsgID]
}

// next reads one message.
func (c *client) next() {
	c.t.Helper()
	m := c.Next()
	parent, err := m.ParentHeader()
	if err != nil {
		c.t.Fatal(err)
	}
	c.caused[parent.MsgID] = append(c.caused[parent.MsgID], m)
}

func isIdle(messages []kerneltest.Message) bool {
	return len(messages) > 0 && strings.Contains(string(messages[len(messages)-1].Content), `"execution_state":"idle"`)
}

// await reads until a request has caused text on a stream.
func (c *client) await(request wire.Message, text string) {
	c.t.Helper()
	for {
		if _, printed := c.Outcome(c.caused[request.Header.MsgID]); strings.Contains(printed, text) {
			return
		}
		c.next()
	}
}

func (c *client) outcome(request wire.Message) (wire.ExecuteReply, string) {
	c.t.Helper()
	return c.Outcome(c.messages(request))
}

func (c *client) reply(request wire.Message, content any) {
	c.t.Helper()
	for _, m := range c.messages(request) {
		if strings.HasSuffix(m.Header.MsgType, "_reply") {
			c.Decode(m, content)
		}
	}
}

func TestSubshellsAreAnnouncedAndListed(t *testing.T) {
	c := startClient(t)
	var info wire.KernelInfoReply
	c.reply(c.Send(wire.Shell, "kernel_info_request", struct{}{}), &info)
	if info.ProtocolVersion != "5.5" || !cmp.Equal(info.SupportedFeatures, []string{"kernel subshells"}) {
		t.Errorf("%s, %q", info.ProtocolVersion, info.SupportedFeatures)
	}
	first, second := c.create(), c.create()
	if got := c.list(); !cmp.Equal(got, []string{first, second}) {
		t.Errorf("the list has %q, want %q and %q", got, first, second)
	}
	if status := c.delete(first); status != wire.StatusOK {
		t.Errorf("delete: %s", status)
	}
	if got := c.list(); !cmp.Equal(got, []string{second}) {
		t.Errorf("the list has %q, want %q", got, second)
	}
	if status := c.delete(first); status != wire.StatusError {
		t.Errorf("delete once more: %s", status)
	}
}

func TestLooksRunBesideACell(t *testing.T) {
	c := startClient(t)
	running := c.cell("", "print begun\ndeaf")
	c.await(running, "begun")
	sub := c.create() // while the cell runs
	looked := c.cell(sub, "%look here\n%look there")
	if reply, printed := c.outcome(looked); reply.Status != wire.StatusOK || printed != "looked here\nlooked there\n" {
		t.Errorf("%+v %q", reply, printed)
	}
	if isIdle(c.caused[running.Header.MsgID]) {
		t.Error("the cell has ended")
	}
	close(c.Engine.Release)
	if reply, _ := c.outcome(running); reply.Status != wire.StatusOK {
		t.Errorf("the cell ended with %+v", reply)
	}
}

// TestLooksOfTwoShellsRunAtOneTime: each waits until the other runs, in whichever shells they are.
func TestLooksOfTwoShellsRunAtOneTime(t *testing.T) {
	for _, inSubshell := range [][2]bool{{false, true}, {true, false}, {true, true}} {
		ready := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
		k := kerneltest.Start(t, nil, look{magic{"meet", func(ctx context.Context, call magics.Call, _ magics.Host) error {
			own, other := ready[0], ready[1]
			if call.Line == "1" {
				own, other = other, own
			}
			close(own)
			select {
			case <-other:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}})
		c := &client{k, t, map[string][]kerneltest.Message{}}
		var cells [2]wire.Message
		for i, inOne := range inSubshell {
			shell := ""
			if inOne {
				shell = c.create()
			}
			cells[i] = c.cell(shell, fmt.Sprint("%meet ", i))
		}
		for _, cell := range cells {
			if reply, _ := c.outcome(cell); reply.Status != wire.StatusOK {
				t.Errorf("%v: %+v", inSubshell, reply)
			}
		}
	}
}

// TestADeletedSubshellLeavesNothing: JupyterLab opens one for each comm target of each page.
func TestADeletedSubshellLeavesNothing(t *testing.T) {
	c := startClient(t)
	c.outcome(c.cell("", "print x"))
	before := runtime.NumGoroutine()
	for range 50 {
		sub := c.create()
		c.outcome(c.cell(sub, "%look"))
		c.delete(sub)
	}
	for end := time.Now().Add(kerneltest.Patience); runtime.NumGoroutine() > before+5; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func TestWhatChangesSomethingWaitsForTheOtherShellAndSaysSo(t *testing.T) {
	for name, code := range map[string]string{
		"engine": "print changed", "magic": "%echo changed", "both": "%look\nprint changed", "nested": "%lookrun print changed",
	} {
		t.Run(name, func(t *testing.T) {
			c := startClient(t)
			running := c.cell("", "print begun\ndeaf")
			c.await(running, "begun")
			waiting := c.cell(c.create(), code)
			next := c.cell("", "print after")
			c.await(waiting, "waits for the one that runs")
			if _, printed := c.Outcome(c.caused[waiting.Header.MsgID]); strings.Contains(printed, "changed") {
				t.Errorf("it runs beside the cell: %q", printed)
			}
			close(c.Engine.Release)
			if reply, printed := c.outcome(waiting); reply.Status != wire.StatusOK || !strings.Contains(printed, "changed") {
				t.Errorf("%+v %q", reply, printed)
			}
			if reply, _ := c.outcome(next); reply.Status != wire.StatusOK {
				t.Errorf("the next cell: %+v", reply)
			}
		})
	}
}

func TestAnErrorAbortsTheCellsOfItsShellAlone(t *testing.T) {
	for _, inSubshell := range [][2]bool{{false, true}, {true, false}, {true, true}} {
		c := startClient(t)
		var shells [2]string
		for i, sub := range inSubshell {
			if sub {
				shells[i] = c.create()
			}
		}
		running := c.cell(shells[1], "%linger")
		rest := c.cell(shells[1], "print other")
		failing := []wire.Message{c.cell(shells[0], "fail E x"), c.cell(shells[0], "print 1"), c.cell(shells[0], "print 2")}
		for i, want := range []string{wire.StatusError, wire.StatusAborted, wire.StatusAborted} {
			if reply, _ := c.outcome(failing[i]); reply.Status != want {
				t.Errorf("%v: cell %d of the failing shell: %s, want %s", inSubshell, i, reply.Status, want)
			}
		}
		if reply, _ := c.outcome(c.cell(shells[0], "print check")); reply.Status != wire.StatusOK {
			t.Errorf("%v: a later cell: %+v", inSubshell, reply)
		}
		if isIdle(c.caused[running.Header.MsgID]) || len(c.caused[rest.Header.MsgID]) > 0 {
			t.Errorf("%v: the other shell was disturbed", inSubshell)
		}
		c.messages(c.Send(wire.Control, "interrupt_request", struct{}{}))
		if reply, _ := c.outcome(running); reply.Error == nil || reply.EName != session.KeyboardInterrupt {
			t.Errorf("%v: the interrupted cell: %+v", inSubshell, reply)
		}
	}
}

func TestOutputOfSubshellsKeepsItsParent(t *testing.T) {
	c := startClient(t)
	first, second := c.create(), c.create()
	cells := map[string]wire.Message{first: c.cell(first, "%look first"), second: c.cell(second, "%look second"), "": c.cell("", "%look main")}
	for shell, request := range cells {
		idle := 0
		for _, m := range c.messages(request) {
			parent, err := m.ParentHeader()
			if err != nil {
				t.Fatal(err)
			}
			if got := value(parent.SubshellID); got != shell {
				t.Errorf("a %s of %q has the parent's subshell %q", m.Header.MsgType, shell, got)
			}
			if strings.Contains(string(m.Content), `"idle"`) {
				idle++
			}
		}
		if idle != 1 {
			t.Errorf("%d idles for %q", idle, shell)
		}
	}
}

func value(id *string) string {
	if id == nil {
		return ""
	}
	return *id
}

func TestSilentCellsOfSubshellsShowNothing(t *testing.T) {
	c := startClient(t)
	silent := c.to(c.create(), "execute_request", wire.ExecuteRequest{Code: "%look\nprint x", Silent: true})
	for _, m := range c.messages(silent) {
		if m.Header.MsgType != "status" && m.Header.MsgType != "execute_reply" {
			t.Errorf("a silent cell caused a %s", m.Header.MsgType)
		}
	}
	lingering := c.to(c.create(), "execute_request", wire.ExecuteRequest{Code: "%look quiet\n%linger", Silent: true})
	if _, printed := c.outcome(c.cell("", "print noisy")); printed != "noisy\n" {
		t.Errorf("beside a silent cell another shows %q", printed)
	}
	for !isIdle(c.caused[lingering.Header.MsgID]) { // it may not have begun
		c.messages(c.Send(wire.Control, "interrupt_request", struct{}{}))
	}
	if _, printed := c.outcome(lingering); printed != "" {
		t.Errorf("beside another cell a silent one shows %q", printed)
	}
}

// TestUnknownSubshellsAreAnswered: a client waits for the idle of each of its requests.
func TestUnknownSubshellsAreAnswered(t *testing.T) {
	c := startClient(t)
	deleted := c.create()
	c.delete(deleted)
	for _, id := range []string{deleted, "never", "\x00"} {
		for msgType, wantReply := range map[string]string{
			"execute_request": "execute_reply", "kernel_info_request": "kernel_info_reply", "complete_request": "complete_reply",
			"comm_open": "", "comm_msg": "", "comm_close": "", "open_sesame_request": "open_sesame_reply", "shutdown_request": "shutdown_reply",
		} {
			request := c.to(id, msgType, json.RawMessage(`{"code": "", "comm_id": "m", "target_name": "headstart.magic"}`))
			messages := c.messages(request)
			var types []string
			for _, m := range messages {
				types = append(types, m.Header.MsgType)
			}
			want := []string{"status", wantReply, "status"}
			if wantReply == "" {
				want = []string{"status", "status"}
			} else {
				var reply wire.ErrorReply
				c.reply(request, &reply)
				if reply.Status != wire.StatusError || reply.EName != "UnknownSubshellError" {
					t.Errorf("%s to %q: %+v", msgType, id, reply)
				}
			}
			if diff := cmp.Diff(want, types); diff != "" {
				t.Errorf("%s to %q: %s", msgType, id, diff)
			}
		}
	}
}

func TestDeletingASubshellEndsItsCells(t *testing.T) {
	c := startClient(t)
	sub := c.create()
	running := c.cell(sub, "%look begun\n%linger")
	c.await(running, "begun")
	waiting := c.cell(sub, "print never")
	c.messages(c.to(sub, "kernel_info_request", struct{}{})) // the cells have been read
	if status := c.delete(sub); status != wire.StatusOK {
		t.Error(status)
	}
	if reply, _ := c.outcome(running); reply.Error == nil || reply.EName != session.KeyboardInterrupt {
		t.Errorf("the running cell: %+v", reply)
	}
	if reply, printed := c.outcome(waiting); reply.Status != wire.StatusAborted || printed != "" {
		t.Errorf("the waiting cell: %+v %q", reply, printed)
	}
}

// TestACommIsClosedAfterItsSubshell: JupyterLab asks for both at once, by two channels.
func TestACommIsClosedAfterItsSubshell(t *testing.T) {
	c := startClient(t)
	sub := c.create()
	c.messages(c.to(sub, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")}))
	c.delete(sub)
	c.messages(c.to(sub, "comm_close", wire.CommMsg{CommID: "m", Data: json.RawMessage("{}")}))
	var open wire.CommInfoReply
	c.reply(c.Send(wire.Shell, "comm_info_request", struct{}{}), &open)
	if len(open.Comms) != 0 {
		t.Errorf("open comms: %v", open.Comms)
	}
}

// TestPanelsInSubshellsKeepTheStatus: front ends show the last status that they hear.
func TestPanelsInSubshellsKeepTheStatus(t *testing.T) {
	c := startClient(t)
	running := c.cell("", "print begun\ndeaf")
	c.await(running, "begun")
	sub := c.create()
	c.messages(c.to(sub, "comm_open", wire.CommOpen{CommID: "m", TargetName: session.MagicTarget, Data: json.RawMessage("{}")}))
	ask := c.to(sub, "comm_msg", wire.CommMsg{CommID: "m", Data: json.RawMessage(`{"magic": "echo", "request": 1}`)})
	answered := false
	for _, m := range c.messages(ask) {
		answered = answered || m.Header.MsgType == "comm_msg" && strings.Contains(string(m.Content), `"answer":1`)
	}
	if !answered {
		t.Error("the magic does not answer")
	}
	c.next()
	said := c.caused[running.Header.MsgID]
	if last := said[len(said)-1]; !strings.Contains(string(last.Content), wire.StateBusy) {
		t.Errorf("behind the idle comes a %s %s", last.Header.MsgType, last.Content)
	}
	close(c.Engine.Release)
	c.messages(running)
}

func TestASubshellAsksTheUserForItself(t *testing.T) {
	c := startClient(t)
	sub := c.create()
	asking := c.cell(sub, "ask name?")
	for {
		c.next()
		said := c.caused[asking.Header.MsgID]
		if len(said) > 0 && said[len(said)-1].Header.MsgType == "input_request" {
			break
		}
	}
	reply := c.Message("input_reply", wire.InputReply{Value: "Ada"})
	reply.Header.SubshellID = &sub
	c.Transport.Deliver(wire.Stdin, c.Encode(reply))
	if reply, printed := c.outcome(asking); reply.Status != wire.StatusOK || printed != "Ada\n" {
		t.Errorf("%+v %q", reply, printed)
	}
}

func TestAnAbandonedMagicDoesNotKeepOthersFromRunning(t *testing.T) {
	release, ran := make(chan struct{}), make(chan error, 1)
	k := kerneltest.Start(t, nil, look{magic{"deaf", func(_ context.Context, _ magics.Call, host magics.Host) error {
		<-release
		ran <- host.Execute(context.Background(), "print late")
		return nil
	}}})
	k.Session.Hurry(10*time.Millisecond, time.Second)
	c := &client{k, t, map[string][]kerneltest.Message{}}
	sub := c.create()
	stuck := c.cell(sub, "%deaf")
	c.messages(c.to(sub, "kernel_info_request", struct{}{}))
	for !isIdle(c.caused[stuck.Header.MsgID]) {
		c.messages(c.Send(wire.Control, "interrupt_request", struct{}{}))
	}
	close(release)
	if err := <-ran; err == nil {
		t.Error("a magic runs code after its cell has ended")
	}
	if reply, printed := c.outcome(c.cell("", "print x")); reply.Status != wire.StatusOK || printed != "x\n" {
		t.Errorf("%+v %q", reply, printed)
	}
}

func TestShutdownWithASubshell(t *testing.T) {
	c := startClient(t)
	c.Session.Hurry(time.Second, time.Second)
	c.cell(c.create(), "%linger")
	c.messages(c.Send(wire.Control, "shutdown_request", wire.Shutdown{}))
	c.Ended()
}

func TestSubshellsAreBounded(t *testing.T) {
	c := startClient(t)
	for range 2000 {
		var created wire.Subshell
		if c.reply(c.Send(wire.Control, "create_subshell_request", struct{}{}), &created); created.Status == wire.StatusError {
			return
		}
	}
	t.Error("2000 subshells were opened")
}
