package kerneltest

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// Patience bounds what must happen but may take its time on a busy machine.
const Patience = 20 * time.Second

// Key signs the messages.
const Key = "a-key"

// A Kernel is a running session, with a client of it.
type Kernel struct {
	Session   *session.Session
	Transport *Transport
	Engine    *Engine
	Registry  *registry.Registry
	Signer    *wire.Signer
	Log       *Log

	t    *testing.T
	seen int
	done chan error
}

// A Log keeps what the session logs.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

// String is all that was logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Start runs a session with the scripted engine and these magics until the test ends, and subscribes to it. Configure may be nil.
func Start(t *testing.T, configure func(*session.Config, *Kernel), list ...magics.Magic) *Kernel {
	t.Helper()
	k := StartUnheard(t, configure, list...)
	k.Transport.Deliver(wire.IOPub, [][]byte{[]byte("\x01")})
	for _, want := range []string{`iopub_welcome {"subscription":""}`, `status {"execution_state":"starting"}`} {
		if m := k.Next(); m.Header.MsgType+" "+string(m.Content) != want {
			t.Fatalf("at the start: %s %s, want %s", m.Header.MsgType, m.Content, want)
		}
	}
	return k
}

// StartUnheard is Start without a subscriber.
func StartUnheard(t *testing.T, configure func(*session.Config, *Kernel), list ...magics.Magic) *Kernel {
	t.Helper()
	signer, err := wire.NewSigner("hmac-sha256", Key)
	if err != nil {
		t.Fatal(err)
	}
	k := &Kernel{
		Transport: NewTransport(), Engine: NewEngine(), Registry: registry.New(), Signer: signer,
		Log: new(Log), t: t, done: make(chan error, 1),
	}
	if err := k.Registry.Add("test", list...); err != nil {
		t.Fatal(err)
	}
	config := session.Config{
		Transport: k.Transport, Signer: signer, Engine: k.Engine, Magics: k.Registry,
		Version: "1.0", Banner: "A kernel for tests", Log: slog.New(slog.NewTextHandler(k.Log, nil)),
	}
	if configure != nil {
		configure(&config, k)
	}
	k.Session = session.New(config)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { k.done <- k.Session.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		k.Ended()
	})
	return k
}

// Ended waits until the session has ended.
func (k *Kernel) Ended() {
	k.t.Helper()
	select {
	case err := <-k.done:
		k.done <- err
		if err != nil {
			k.t.Error(err)
		}
	case <-time.After(Patience):
		k.t.Error("the session does not end")
	}
}

// Message returns a request that was not sent yet.
func (k *Kernel) Message(msgType string, content any) wire.Message {
	k.t.Helper()
	m, err := wire.NewMessage("client", msgType, content)
	if err != nil {
		k.t.Fatal(err)
	}
	m.Identities = [][]byte{[]byte("client")}
	return m
}

// Send sends a request on a channel and returns it.
func (k *Kernel) Send(channel wire.Channel, msgType string, content any) wire.Message {
	k.t.Helper()
	m := k.Message(msgType, content)
	k.Transport.Deliver(channel, k.Encode(m))
	return m
}

// Encode returns the signed frames of a message.
func (k *Kernel) Encode(m wire.Message) [][]byte {
	k.t.Helper()
	frames, err := k.Signer.Encode(m)
	if err != nil {
		k.t.Fatal(err)
	}
	return frames
}

// A Message is one that the kernel sent.
type Message struct {
	wire.Message
	Channel wire.Channel
}

// Next returns the next message that the kernel sends on any channel.
func (k *Kernel) Next() Message {
	k.t.Helper()
	sent, ok := k.Transport.Next(k.seen, Patience)
	if !ok {
		k.t.Fatalf("the kernel sends nothing, after %d messages", k.seen)
	}
	k.seen++
	m, err := k.Signer.Decode(sent.Frames)
	if err != nil {
		k.t.Fatal(err)
	}
	return Message{m, sent.Channel}
}

// Until reads messages up to and with the idle of a request, and returns those that the request caused.
func (k *Kernel) Until(request wire.Message) []Message {
	k.t.Helper()
	var caused []Message
	for {
		m := k.Next()
		parent, err := m.ParentHeader()
		if err != nil {
			k.t.Fatal(err)
		}
		if parent.MsgID != request.Header.MsgID {
			continue
		}
		caused = append(caused, m)
		if m.Header.MsgType == "status" && bytes.Contains(m.Content, []byte(wire.StateIdle)) {
			return caused
		}
	}
}

// Ask sends a request and returns all that it causes.
func (k *Kernel) Ask(channel wire.Channel, msgType string, content any) []Message {
	k.t.Helper()
	return k.Until(k.Send(channel, msgType, content))
}

// Run runs a cell and returns its reply and what it printed.
func (k *Kernel) Run(code string) (wire.ExecuteReply, string) {
	k.t.Helper()
	return k.Outcome(k.Ask(wire.Shell, "execute_request", Cell(code)))
}

// Outcome finds the reply of a cell, and what it printed, among its messages.
func (k *Kernel) Outcome(messages []Message) (reply wire.ExecuteReply, printed string) {
	k.t.Helper()
	for _, m := range messages {
		switch m.Header.MsgType {
		case "execute_reply":
			k.Decode(m, &reply)
		case "stream":
			var stream wire.Stream
			k.Decode(m, &stream)
			printed += stream.Text
		}
	}
	return reply, printed
}

// Decode decodes the content of a message.
func (k *Kernel) Decode(m Message, content any) {
	k.t.Helper()
	if err := m.DecodeContent(content); err != nil {
		k.t.Fatal(err)
	}
}

// Cell is the request that a notebook sends for a cell.
func Cell(code string) wire.ExecuteRequest {
	return wire.ExecuteRequest{Code: code, StoreHistory: true, AllowStdin: true, StopOnError: true}
}
