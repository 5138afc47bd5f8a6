package session_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// notebookOf applies the messages of a cell as jupyter-server-nbmodel does: it ignores updates, and clears at once.
func notebookOf(messages []kerneltest.Message) []string {
	var outputs []string
	for _, m := range messages {
		switch m.Header.MsgType {
		case "clear_output":
			outputs = nil
		case "stream", "display_data", "execute_result":
			outputs = append(outputs, m.Header.MsgType+" "+string(m.Content))
		}
	}
	return outputs
}

func TestWhereAServerExecutesTheFinalFigureIsKept(t *testing.T) {
	const fromPython, fromBrowser = "5a6a6a6a-0123456789abcdef01234567_4242_7", "0d9e5c1e-7a06-4f0e-a5b7-0a5d5f5b4c11"
	for name, test := range map[string]struct {
		serverside bool
		id         string
		code       string
		want       []string
		messages   int // of the types that are kept
	}{
		"a server":  {true, fromPython, "print a\n%show\nprint b", []string{`"a\n"`, "another image", `"b\n"`}, 6},
		"a browser": {true, fromBrowser, "%show", []string{`"an image"`}, 1},
		"nbclient":  {false, fromPython, "%show", []string{`"an image"`}, 1},
		"unchanged": {true, fromPython, "print a\ndisplay x", []string{`"a\n"`, `"x"`}, 2},
		"cleared":   {true, fromPython, "%show\nclear\nprint b", []string{`"b\n"`}, 2},
		"an error":  {true, fromPython, "%show\nfail E x", []string{"another image"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Serverside = test.serverside }, testMagics()...)
			k.Session.CollectText()
			request := k.Message("execute_request", kerneltest.Cell(test.code))
			request.Header.MsgID = test.id
			k.Transport.Deliver(wire.Shell, k.Encode(request))
			messages := k.Until(request)
			got := notebookOf(messages)
			if len(got) != len(test.want) {
				t.Fatalf("the notebook has %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("output %d is %s, want %s", i, got[i], want)
				}
			}
			count := 0
			for _, m := range messages {
				if m.Header.MsgType == "stream" || m.Header.MsgType == "display_data" {
					count++
				}
			}
			if count != test.messages {
				t.Errorf("%d messages, want %d", count, test.messages)
			}
			if reply, _ := k.Outcome(messages); cmp.Equal(reply, wire.ExecuteReply{}) {
				t.Error("no reply")
			}
		})
	}
}
