package zmq

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Server is a kernel's five sockets. Its heartbeat answers by itself.
type Server struct {
	info    wire.ConnectionInfo
	sockets map[wire.Channel]*socket
	options Options
	shared  *shared
}

// shared is what the sockets of a server have together.
type shared struct {
	numbers            atomic.Uint64 // of the latest connection
	strangers, clients budget
}

// Listen opens the sockets that info names. A port of 0 picks a free one, an empty IP is loopback.
func Listen(info wire.ConnectionInfo, options Options) (*Server, error) {
	if info.IP == "" && info.Transport != "ipc" {
		info.IP = "127.0.0.1"
	}
	s := &Server{info: info, sockets: map[wire.Channel]*socket{}, options: options.withDefaults(), shared: &shared{}}
	s.shared.strangers.left, s.shared.clients.left = strangersMax, clientsMax
	for channel, kind := range map[wire.Channel]zmq4.SocketType{
		wire.Shell: zmq4.Router, wire.Control: zmq4.Router, wire.Stdin: zmq4.Router,
		wire.IOPub: zmq4.XPub, wire.Heartbeat: zmq4.Rep,
	} {
		socket, err := s.listen(channel, kind)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		s.sockets[channel] = socket
	}
	return s, nil
}

func (s *Server) listen(channel wire.Channel, kind zmq4.SocketType) (*socket, error) {
	network, address, err := s.info.Address(channel)
	if err != nil {
		return nil, err
	}
	listener, err := listenAlone(network, address)
	if err != nil {
		return nil, fmt.Errorf("open the kernel's %s socket: %w; is another kernel using this connection file?", channel, err)
	}
	if port, ok := boundPort(listener); ok {
		s.info.SetPort(channel, port)
	}
	socket := newSocket(channel, kind, listener, s.options, s.shared)
	go socket.accept()
	return socket, nil
}

// Connection is the connection info with the ports that were bound.
func (s *Server) Connection() wire.ConnectionInfo { return s.info }

// Receive returns the frames of the next message on shell, control or stdin; the first one is the address of the
// connection that it came by. On iopub it returns a subscription: one frame, the topic after a byte of 1.
func (s *Server) Receive(ctx context.Context, channel wire.Channel) ([][]byte, error) {
	socket := s.sockets[channel]
	select {
	case received := <-socket.received:
		received.held.release()
		return received.frames, nil
	case <-socket.closed:
		return nil, fmt.Errorf("receive on %s: the socket is closed", channel)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Send sends frames: on iopub to every subscriber of the first frame, else to the client that has the first frame as its
// address. It does not wait, and a client that has gone is not an error.
//
// That is the connection itself. On another channel than the address came from, or where the connection has ended, it is
// the one of the same identity: one that is trusted, or else the first on stdin, where a client says nothing before it is
// asked. Anyone can claim an identity.
func (s *Server) Send(channel wire.Channel, frames [][]byte) error {
	if len(frames) == 0 {
		return fmt.Errorf("send on %s: a message needs a frame", channel)
	}
	if channel == wire.IOPub {
		s.sockets[channel].publish(frames)
	} else {
		s.sockets[channel].route(frames)
	}
	return nil
}

// Trust says that a message from this address had the signature of the connection's key.
func (s *Server) Trust(channel wire.Channel, address []byte) {
	s.sockets[channel].trust(string(address))
}

// Wait returns when all subscribers have taken most of what was published; whoever produces much output calls it first.
func (s *Server) Wait(ctx context.Context) error {
	socket := s.sockets[wire.IOPub]
	for _, p := range socket.snapshot() {
		if err := p.wait(ctx, s.options.Stall); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.options.Dropped(wire.IOPub, err)
		}
	}
	return nil
}

// Close closes the sockets after what was sent has left, or after a second.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	var err error
	for _, socket := range s.sockets {
		err = errors.Join(err, socket.stopListening())
		for _, p := range socket.snapshot() {
			p.end()
		}
	}
	for _, socket := range s.sockets {
		for _, p := range socket.snapshot() {
			select {
			case <-p.gone:
			case <-ctx.Done():
				p.close()
			}
		}
	}
	return err
}

// acceptPause keeps the accept loop from spinning where the process is out of file descriptors.
const acceptPause = 50 * time.Millisecond
