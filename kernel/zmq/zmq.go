// Package zmq carries frames between a kernel and its clients over ZeroMQ sockets.
package zmq

import (
	"context"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Server is a kernel's five sockets. Its heartbeat answers by itself.
type Server struct{}

// Listen opens the sockets that info names; a port of 0 picks a free one.
func Listen(info wire.ConnectionInfo, options Options) (*Server, error) { panic("being written") }

// Connection is info with the ports that were bound.
func (s *Server) Connection() wire.ConnectionInfo { panic("being written") }

// Receive returns the frames of the next message on shell, control or stdin; the first one is the sender's identity.
func (s *Server) Receive(ctx context.Context, channel wire.Channel) ([][]byte, error) {
	panic("being written")
}

// Send sends frames: on iopub to every subscriber, else to the client whose identity is the first frame.
func (s *Server) Send(ctx context.Context, channel wire.Channel, frames [][]byte) error {
	panic("being written")
}

// Close closes the sockets after what was sent has left, or a second.
func (s *Server) Close() error { panic("being written") }

// A Client is a client's five sockets to one kernel, subscribed to all of iopub.
type Client struct{}

// Dial connects to the kernel that info describes, waiting for it to listen until ctx is done.
func Dial(ctx context.Context, info wire.ConnectionInfo, options Options) (*Client, error) {
	panic("being written")
}

// Receive returns the frames of the next message on shell, control, stdin or iopub. It fails when the kernel has gone.
func (c *Client) Receive(ctx context.Context, channel wire.Channel) ([][]byte, error) {
	panic("being written")
}

// Send sends frames on shell, control or stdin.
func (c *Client) Send(ctx context.Context, channel wire.Channel, frames [][]byte) error {
	panic("being written")
}

// Ping sends a heartbeat and waits for its echo.
func (c *Client) Ping(ctx context.Context) error { panic("being written") }

// Done is closed when a connection to the kernel was lost or the client was closed.
func (c *Client) Done() <-chan struct{} { panic("being written") }

// Close closes the sockets.
func (c *Client) Close() error { panic("being written") }

// Options bound what a socket takes and keeps. The zero value is right for a kernel.
type Options struct {
	// MaxMessage is the largest message taken, in bytes; a larger one is read and dropped. Default 64 MiB.
	MaxMessage int64
	// Dropped is called for every message, or connection, that was refused.
	Dropped func(wire.Channel, error)
}
