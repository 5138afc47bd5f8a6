package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
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

// counting answers how often it was asked.
type counting struct {
	magic
	asked atomic.Int32
}

func (c *counting) Respond(context.Context, json.RawMessage) (json.RawMessage, error) {
	return fmt.Append(nil, c.asked.Add(1)), nil
}

// TestARequestThatIsSentAgainRunsOnce: as after a lost connection, over the same comm or another.
func TestARequestThatIsSentAgainRunsOnce(t *testing.T) {
	k := kerneltest.Start(t, nil, &counting{magic: magic{name: "count"}})
	for _, request := range []struct{ comm, token, want string }{
		{"m", `"token":"x-1",`, `"answer":1`},
		{"m", `"token":"x-1",`, `"answer":1`},
		{"n", `"token":"x-1",`, `"answer":1`},
		{"n", `"token":"x-2",`, `"answer":2`},
		{"n", ``, `"answer":3`},
		{"n", ``, `"answer":4`},
	} {
		k.Ask(wire.Shell, "comm_open", wire.CommOpen{CommID: request.comm, TargetName: session.MagicTarget, Data: json.RawMessage("{}")})
		answer := k.Ask(wire.Shell, "comm_msg", json.RawMessage(fmt.Sprintf(`{"comm_id":%q,"data":{"id":"1",%s"magic":"count","request":0}}`, request.comm, request.token)))
		if len(answer) != 3 || !strings.Contains(string(answer[1].Content), request.want) {
			t.Errorf("%+v is answered by %v", request, answer)
		}
	}
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
