package session_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session/drops"
	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestHostileMessagesAreDropped(t *testing.T) {
	k := kerneltest.Start(t, nil)
	good := k.Encode(k.Message("kernel_info_request", struct{}{}))
	change := func(at int, text string) [][]byte {
		changed := append([][]byte(nil), good...)
		changed[at] = []byte(text)
		return changed
	}
	content := func(kind, content string) [][]byte { return k.Encode(k.Message(kind, json.RawMessage(content))) }
	hostile := map[string][][]byte{
		"nothing":        {},
		"empty":          {[]byte("client"), {}},
		"no delimiter":   {[]byte("client"), []byte("hello")},
		"truncated":      good[:4],
		"unsigned":       change(2, ""),
		"wrongly signed": change(2, strings.Repeat("0", 64)),
		"not JSON":       content("execute_request", "nonsense"),
		"a list":         content("execute_request", "[]"),
		"no type":        content("", "{}"),
		"replayed":       good,
		"comm of lists":  content("comm_open", `{"comm_id": []}`),
	}
	k.Transport.Deliver(wire.Shell, good)
	k.Next()
	k.Next()
	k.Next()
	want := 0
	for _, channel := range []wire.Channel{wire.Shell, wire.Control, wire.Stdin} {
		for name, frames := range hostile {
			t.Run(string(channel)+" "+name, func(t *testing.T) {
				k.Transport.Deliver(channel, frames)
				want++
				k.Ask(wire.Control, "kernel_info_request", struct{}{})
				for end := time.Now().Add(kerneltest.Patience); k.Session.Drops.Count() < want; time.Sleep(time.Millisecond) {
					if time.Now().After(end) {
						t.Fatalf("%d messages were dropped, want %d", k.Session.Drops.Count(), want)
					}
				}
			})
		}
	}
}

// Every user of a machine may subscribe a TCP port, and so has messages with a valid signature: the kernel's own.
func TestReflectedMessageIsNoRequest(t *testing.T) {
	k := kerneltest.Start(t, nil)
	own := k.Ask(wire.Shell, "kernel_info_request", struct{}{})[0]
	own.Identities = [][]byte{[]byte("stranger")}
	k.Transport.Deliver(wire.Shell, k.Encode(own.Message))
	k.Ask(wire.Shell, "kernel_info_request", struct{}{})
	if k.Session.Drops.Count() != 1 {
		t.Errorf("%d messages were dropped, want 1", k.Session.Drops.Count())
	}
	if got := k.Transport.Trusted(); slices.Contains(got, "stranger") || !slices.Contains(got, "client") {
		t.Errorf("trusted are %q", got)
	}
}

func TestDropsAreLoggedOnceASecond(t *testing.T) {
	var log bytes.Buffer
	counter := drops.New(slog.New(slog.NewTextHandler(&log, nil)))
	begin := time.Now()
	for range 10_000 {
		counter.Add(wire.Shell, wire.ErrSignature)
	}
	seconds := int(time.Since(begin).Seconds())
	if lines := strings.Count(log.String(), "\n"); lines < 1 || lines > seconds+1 {
		t.Errorf("%d log lines within %d s", lines, seconds)
	}
	if counter.Count() != 10_000 {
		t.Errorf("counted %d", counter.Count())
	}
}

func TestWrongTypesAreAnsweredWithAnError(t *testing.T) {
	k := kerneltest.Start(t, nil)
	for kind, content := range map[string]string{
		"execute_request":     `{"code": {}}`,
		"complete_request":    `{"code": "x", "cursor_pos": "1"}`,
		"inspect_request":     `{"code": ["x"]}`,
		"is_complete_request": `{"code": null, "x": 1, "code": 2}`,
		"history_request":     `{"n": "many"}`,
		"comm_info_request":   `{"target_name": 1}`,
		"shutdown_request":    `[]`,
	} {
		if kind == "shutdown_request" {
			continue // a list is malformed: dropped, not answered
		}
		t.Run(kind, func(t *testing.T) {
			messages := k.Ask(wire.Shell, kind, json.RawMessage(content))
			var reply wire.ErrorReply
			k.Decode(messages[1], &reply)
			if reply.Status != wire.StatusError || reply.EName != "ProtocolError" {
				t.Errorf("%s", messages[1].Content)
			}
		})
	}
	for _, cursor := range []int{-5, 1, 99, 1 << 30} {
		for _, code := range []string{"", "ü", "%", "%%", "%%%", "%e", "\n%echo x"} {
			k.Ask(wire.Shell, "complete_request", wire.CompleteRequest{Code: code, CursorPos: cursor})
			k.Ask(wire.Shell, "inspect_request", wire.InspectRequest{Code: code, CursorPos: cursor})
		}
	}
}

// FuzzRequests sends arbitrary content in requests of every type but those that run code or end the session.
func FuzzRequests(f *testing.F) {
	kinds := []string{
		"kernel_info_request", "connect_request", "is_complete_request", "history_request", "comm_info_request", "debug_request",
		"complete_request", "inspect_request", "comm_open", "comm_msg", "comm_close", "input_reply",
	}
	f.Add(uint8(6), []byte(`{"code": "%echo ü --", "cursor_pos": 9}`))
	f.Add(uint8(3), []byte(`{"hist_access_type": "search", "pattern": "*[?", "n": -1}`))
	f.Add(uint8(8), []byte(`{"comm_id": "x", "target_name": "headstart.magic", "data": {"magic": "echo"}}`))
	f.Add(uint8(2), []byte(`{"code": "%%\nfunc ("}`))
	f.Fuzz(func(t *testing.T, kind uint8, content []byte) {
		k := kerneltest.Start(t, nil, testMagics()...)
		m := k.Message(kinds[int(kind)%len(kinds)], struct{}{})
		m.Content = content
		for _, channel := range []wire.Channel{wire.Shell, wire.Stdin} {
			k.Transport.Deliver(channel, k.Encode(m))
		}
		k.Ask(wire.Shell, "kernel_info_request", struct{}{})
		k.Send(wire.Control, "shutdown_request", struct{}{})
		k.Ended()
		if strings.Contains(k.Log.String(), "panicked") {
			t.Error(k.Log)
		}
	})
}
