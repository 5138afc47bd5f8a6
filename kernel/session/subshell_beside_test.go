package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

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
