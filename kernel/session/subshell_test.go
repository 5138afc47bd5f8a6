package session_test

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

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
