package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Message ids of a program that uses jupyter_client, and of a front end in a browser.
const fromPython, fromBrowser = "5a6a6a6a-0123456789abcdef01234567_4242_7", "0d9e5c1e-7a06-4f0e-a5b7-0a5d5f5b4c11"

// A notebook applies the messages of a cell as a client does. Its outputs have no text forms in common.
type notebook func(outputs []string, msgType, text string) []string

func kept(outputs []string, msgType, text string) []string {
	switch msgType {
	case "stream", "display_data", "execute_result":
		return append(outputs, text)
	}
	return outputs
}

// nbmodel is jupyter-server-nbmodel: it ignores updates, and clears at once.
func nbmodel(outputs []string, msgType, text string) []string {
	if msgType == "clear_output" {
		return nil
	}
	return kept(outputs, msgType, text)
}

// documents is jupyter-server-documents: it appends updates. It clears as it is told, which needs no more of it here.
func documents(outputs []string, msgType, text string) []string {
	if msgType == "update_display_data" {
		return append(outputs, text)
	}
	return nbmodel(outputs, msgType, text)
}

// An agent is the tool execute_code of jupyter-mcp-server: it ignores updates and clears.
var agent notebook = kept

// textOf is what a message shows.
func textOf(t *testing.T, m kerneltest.Message) string {
	t.Helper()
	var content struct {
		Text string                     `json:"text"`
		Data map[string]json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(m.Content, &content); err != nil {
		t.Fatal(err)
	}
	var plain string
	if text, ok := content.Data[display.MIMEText]; ok {
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
	}
	return content.Text + plain
}

// runFor runs a cell for a client, and returns what its notebook has at the end, and the most it had on the way.
func runFor(t *testing.T, k *kerneltest.Kernel, id string, content wire.ExecuteRequest, apply notebook) (outputs []string, most int, messages []kerneltest.Message) {
	t.Helper()
	request := k.Message("execute_request", content)
	request.Header.MsgID = id
	k.Transport.Deliver(wire.Shell, k.Encode(request))
	messages = k.Until(request)
	for _, m := range messages {
		if m.Channel == wire.IOPub {
			outputs = apply(outputs, m.Header.MsgType, textOf(t, m))
			most = max(most, len(outputs))
		}
	}
	return outputs, most, messages
}

// requests are those of the clients, as they are told apart.
func nbmodelRequest(code string) wire.ExecuteRequest { return kerneltest.Cell(code) }

func documentsRequest(code string) wire.ExecuteRequest {
	content := kerneltest.Cell(code)
	content.AllowStdin = false
	return content
}

func agentRequest(code string) wire.ExecuteRequest {
	content := documentsRequest(code)
	content.StopOnError = false
	return content
}

func TestWhereAServerExecutesTheFinalFigureIsKept(t *testing.T) {
	clients := map[string]struct {
		request func(string) wire.ExecuteRequest
		apply   notebook
	}{"nbmodel": {nbmodelRequest, nbmodel}, "documents": {documentsRequest, documents}, "an agent": {agentRequest, agent}}
	for name, test := range map[string]struct {
		code string
		want []string
	}{
		"a figure":          {"print a\n%show\nprint b", []string{"a\n", "another image", "b\n"}},
		"two figures":       {"%bars\nprint c", []string{"first 1000", "second 1000", "c\n"}},
		"nothing changes":   {"print a\ndisplay x\nprint b", []string{"a\n", "x", "b\n"}},
		"cleared":           {"%show\nclear\nprint b", []string{"b\n"}},
		"an error":          {"%show\nfail E x", []string{"another image"}},
		"a result at last":  {"%show\nresult 3", []string{"another image", "3"}},
		"shown after clear": {"print a\nclear\n%show\nprint b", []string{"another image", "b\n"}},
	} {
		for clientName, client := range clients {
			if clientName == "an agent" && strings.Contains(test.code, "clear") {
				continue // it has its own way with clears, whatever sends them
			}
			t.Run(name+"/"+clientName, func(t *testing.T) {
				release, done := make(chan struct{}), make(chan struct{})
				k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Serverside = true },
					append(testMagics(), bars(1000, release, done))...)
				k.Session.CollectText()
				got, most, messages := runFor(t, k, fromPython, client.request(test.code), client.apply)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				if most > len(test.want)+1 {
					t.Errorf("the notebook had %d outputs on the way", most)
				}
				if reply, _ := k.Outcome(messages); cmp.Equal(reply, wire.ExecuteReply{}) {
					t.Error("no reply")
				}
			})
		}
	}
}

func TestFrontEndsThatDrawUpdatesGetNothingTwice(t *testing.T) {
	for name, test := range map[string]struct {
		serverside bool
		id         string
		request    func(string) wire.ExecuteRequest
	}{
		"a browser":                {true, fromBrowser, nbmodelRequest},
		"a browser without stdin":  {true, fromBrowser, documentsRequest},
		"nbclient":                 {false, fromPython, documentsRequest},
		"nbclient, errors allowed": {false, fromPython, agentRequest},
		"jupyter console":          {false, fromPython, nbmodelRequest},
	} {
		t.Run(name, func(t *testing.T) {
			k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Serverside = test.serverside }, testMagics()...)
			var sent []string
			_, _, messages := runFor(t, k, test.id, test.request("%show"), kept)
			for _, m := range messages {
				if strings.HasSuffix(m.Header.MsgType, "display_data") || m.Header.MsgType == "clear_output" {
					sent = append(sent, m.Header.MsgType+" "+textOf(t, m))
				}
			}
			if diff := cmp.Diff([]string{"display_data an image", "update_display_data another image"}, sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTooMuchToKeepIsSentOnce: the notebook of an agent gets all of it, though not as it is at the end.
func TestTooMuchToKeepIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // waits for the rate
		const lines = 4
		k := kerneltest.Start(t, func(c *session.Config, _ *kerneltest.Kernel) { c.Serverside = true }, testMagics()...)
		var code strings.Builder
		code.WriteString("%show\n")
		want := []string{"another image"}
		for i := range lines {
			text := fmt.Sprint(i, strings.Repeat("x", 10<<20)) // more than maxReplay in all
			fmt.Fprintln(&code, "display", text)
			want = append(want, text)
		}
		code.WriteString("%show\n")
		want = append(want, "an image") // its update is ignored
		got, _, _ := runFor(t, k, fromPython, agentRequest(code.String()), agent)
		if len(got) != len(want) {
			t.Fatalf("%d outputs, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("output %d is %.20q, want %.20q", i, got[i], want[i])
			}
		}
	})
}
