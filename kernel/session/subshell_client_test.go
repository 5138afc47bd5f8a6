package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/kerneltest"
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
