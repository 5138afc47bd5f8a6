package zmq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/uuid"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// dialPause is the time between two attempts to reach a kernel that does not listen yet.
const dialPause = 20 * time.Millisecond

// A Client is a client's five sockets to one kernel, subscribed to all of iopub.
type Client struct {
	options  Options
	peers    map[wire.Channel]*peer
	received map[wire.Channel]chan [][]byte // closed when its connection has ended

	lose, shut   sync.Once
	lost, closed chan struct{}
}

// Dial connects to the kernel that info describes, waiting for it to listen until ctx is done.
func Dial(ctx context.Context, info wire.ConnectionInfo, options Options) (*Client, error) {
	c := &Client{
		options:  options.withDefaults(),
		peers:    map[wire.Channel]*peer{},
		received: map[wire.Channel]chan [][]byte{},
		lost:     make(chan struct{}),
		closed:   make(chan struct{}),
	}
	// One identity for all sockets: a kernel addresses input requests to the identity that its shell socket saw.
	identity := uuid.NewString()
	for channel, kind := range map[wire.Channel]zmq4.SocketType{
		wire.Shell: zmq4.Dealer, wire.Control: zmq4.Dealer, wire.Stdin: zmq4.Dealer,
		wire.IOPub: zmq4.Sub, wire.Heartbeat: zmq4.Req,
	} {
		p, err := c.dial(ctx, info, channel, kind, identity)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		c.peers[channel] = p
		c.received[channel] = make(chan [][]byte, 16)
	}
	if err := c.peers[wire.IOPub].send(encodeMessage([][]byte{{1}})); err != nil {
		return nil, errors.Join(fmt.Errorf("subscribe to the kernel's output: %w", err), c.Close())
	}
	for channel, p := range c.peers {
		go c.read(channel, p)
	}
	return c, nil
}

func (c *Client) dial(ctx context.Context, info wire.ConnectionInfo, channel wire.Channel, kind zmq4.SocketType, identity string) (*peer, error) {
	network, address, err := info.Address(channel)
	if err != nil {
		return nil, err
	}
	for {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, address)
		if err == nil {
			if _, err = handshake(conn, kind, identity, false, c.options.HandshakeTimeout); err == nil {
				return newPeer(conn, identity, c.options.MaxMessage, queueMax), nil
			}
			_ = conn.Close() // the handshake's error says more
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to a kernel's %s socket at %s: %w", channel, address, errors.Join(ctx.Err(), err))
		case <-time.After(dialPause):
		}
	}
}

func (c *Client) read(channel wire.Channel, p *peer) {
	defer close(c.received[channel])
	defer c.lose.Do(func() { close(c.lost) })
	for {
		frames, command, _, err := p.reader.next()
		switch {
		case errors.Is(err, ErrTooLarge):
			c.options.Dropped(channel, err)
		case err != nil:
			return
		case !command:
			select {
			case c.received[channel] <- frames:
			case <-c.closed:
				return
			}
		}
	}
}

// Receive returns the frames of the next message on shell, control, stdin or iopub. It fails when the kernel has gone.
func (c *Client) Receive(ctx context.Context, channel wire.Channel) ([][]byte, error) {
	select {
	case frames, ok := <-c.received[channel]:
		if !ok {
			return nil, fmt.Errorf("receive on %s: the connection to the kernel is closed", channel)
		}
		return frames, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Send sends frames on shell, control or stdin.
func (c *Client) Send(channel wire.Channel, frames [][]byte) error {
	if err := c.peers[channel].send(encodeMessage(frames)); err != nil {
		return fmt.Errorf("send to the kernel on %s: %w", channel, err)
	}
	return nil
}

// Ping sends a heartbeat and waits for its echo.
func (c *Client) Ping(ctx context.Context) error {
	beat := []byte(uuid.NewString()) // told from the late echo of an earlier Ping
	if err := c.Send(wire.Heartbeat, [][]byte{{}, beat}); err != nil {
		return err
	}
	for {
		frames, err := c.Receive(ctx, wire.Heartbeat)
		if err != nil {
			return fmt.Errorf("wait for the kernel's heartbeat: %w", err)
		}
		if len(frames) > 0 && bytes.Equal(frames[len(frames)-1], beat) {
			return nil
		}
	}
}

// Done is closed when a connection to the kernel was lost or the client was closed.
func (c *Client) Done() <-chan struct{} { return c.lost }

// Close closes the sockets.
func (c *Client) Close() error {
	c.shut.Do(func() {
		close(c.closed)
		for _, p := range c.peers {
			p.close()
		}
	})
	return nil
}
