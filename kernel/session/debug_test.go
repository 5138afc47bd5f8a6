package session_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// debugged is an engine with a debugger: it repeats each request, first as an event, and waits at "wait".
type debugged struct {
	*kerneltest.Engine
	release chan struct{}
}

func (debugged) CanDebug() bool { return true }

func (d debugged) Debug(_ context.Context, request json.RawMessage, emit func(json.RawMessage)) any {
	if strings.Contains(string(request), "wait") {
		<-d.release
	}
	if strings.Contains(string(request), "panic") {
		panic("a bug")
	}
	emit(json.RawMessage(`{"event":"seen"}`))
	return map[string]json.RawMessage{"repeated": request}
}

func TestDebugRequestsAreAnsweredInTheirOrderBesideAllElse(t *testing.T) {
	release := make(chan struct{})
	k := kerneltest.Start(t, func(c *session.Config, k *kerneltest.Kernel) { c.Engine = debugged{k.Engine, release} })
	var info wire.KernelInfoReply
	for _, m := range k.Ask(wire.Shell, "kernel_info_request", struct{}{}) {
		if m.Header.MsgType == "kernel_info_reply" {
			k.Decode(m, &info)
		}
	}
	if !info.Debugger {
		t.Error("kernel_info says that there is no debugger")
	}
	k.Send(wire.Control, "debug_request", map[string]any{"seq": 1, "command": "wait"})
	second := k.Send(wire.Control, "debug_request", map[string]any{"seq": 2, "command": "next"})
	k.Ask(wire.Control, "kernel_info_request", struct{}{}) // while the first is worked on
	if reply, printed := k.Run("print x"); reply.Status != wire.StatusOK || printed != "x\n" {
		t.Errorf("a cell: %+v %q", reply, printed)
	}
	close(release)
	var kinds []string
	for _, m := range k.Until(second) {
		kinds = append(kinds, m.Header.MsgType)
	}
	if got := strings.Join(kinds, " "); got != "status debug_event debug_reply status" {
		t.Errorf("the second request causes %s", got)
	}
	broken := k.Ask(wire.Control, "debug_request", map[string]any{"seq": 3, "command": "panic"})
	if len(broken) != 3 || !strings.Contains(string(broken[1].Content), "InternalError") {
		t.Errorf("a panic is answered by %d messages", len(broken))
	}
}

func TestTooManyDebugRequestsAreDeclined(t *testing.T) {
	release := make(chan struct{})
	k := kerneltest.Start(t, func(c *session.Config, k *kerneltest.Kernel) { c.Engine = debugged{k.Engine, release} })
	defer close(release)
	k.Send(wire.Control, "debug_request", map[string]any{"seq": 0, "command": "wait"})
	for range 1000 {
		k.Send(wire.Control, "debug_request", map[string]any{"seq": 7, "command": "next"})
	}
	for {
		if m := k.Next(); m.Header.MsgType == "debug_reply" {
			if !strings.Contains(string(m.Content), "try again later") || !strings.Contains(string(m.Content), `"request_seq":7`) {
				t.Errorf("%s", m.Content)
			}
			return
		}
	}
}
