// Package kerneltest runs a session without sockets, for tests.
package kerneltest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Sent is one message that the session sent, as frames.
type Sent struct {
	Channel wire.Channel
	Frames  [][]byte
}

// A Transport is a session's transport in memory. It keeps the order of messages across channels, which sockets do not.
type Transport struct {
	received map[wire.Channel]chan [][]byte

	mu      sync.Mutex
	sent    []Sent
	more    chan struct{} // closed and renewed at every Send
	trusted []string
}

// NewTransport returns a transport without a client.
func NewTransport() *Transport {
	t := &Transport{received: map[wire.Channel]chan [][]byte{}, more: make(chan struct{})}
	for _, channel := range []wire.Channel{wire.Shell, wire.Control, wire.Stdin, wire.IOPub} {
		t.received[channel] = make(chan [][]byte, 64)
	}
	return t
}

// Receive implements session.Transport.
func (t *Transport) Receive(ctx context.Context, channel wire.Channel) ([][]byte, error) {
	select {
	case frames := <-t.received[channel]:
		return frames, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Trust implements session.Transport.
func (t *Transport) Trust(_ wire.Channel, address []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trusted = append(t.trusted, string(address))
}

// Trusted are the addresses of the messages that the session took, one for each message.
func (t *Transport) Trusted() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.trusted)
}

// Send implements session.Transport.
func (t *Transport) Send(channel wire.Channel, frames [][]byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sent = append(t.sent, Sent{channel, frames})
	close(t.more)
	t.more = make(chan struct{})
	return nil
}

// Wait implements session.Transport. A client in memory is never late.
func (t *Transport) Wait(context.Context) error { return nil }

// Deliver gives the session frames as if a client had sent them.
func (t *Transport) Deliver(channel wire.Channel, frames [][]byte) { t.received[channel] <- frames }

// Next returns message number at that the session sent, waiting for it; false when it does not come within the time.
func (t *Transport) Next(at int, within time.Duration) (Sent, bool) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		t.mu.Lock()
		sent, more := t.sent, t.more
		t.mu.Unlock()
		if at < len(sent) {
			return sent[at], true
		}
		select {
		case <-more:
		case <-timer.C:
			return Sent{}, false
		}
	}
}

// Count is the number of messages that the session has sent.
func (t *Transport) Count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.sent)
}
