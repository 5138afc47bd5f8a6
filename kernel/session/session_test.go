package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

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
