package zmq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/uuid"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// maxTopics bounds the subscriptions of one peer.
const maxTopics = 256

// A socket is one listening socket and the peers that are connected to it.
type socket struct {
	channel  wire.Channel
	kind     zmq4.SocketType
	listener net.Listener
	options  Options
	received chan [][]byte
	closed   chan struct{}

	mu    sync.Mutex
	peers map[*peer]map[string]bool // to the topics that it subscribes, on iopub
}

func newSocket(channel wire.Channel, kind zmq4.SocketType, listener net.Listener, options Options) *socket {
	return &socket{
		channel: channel, kind: kind, listener: listener, options: options,
		received: make(chan [][]byte, 16), closed: make(chan struct{}), peers: map[*peer]map[string]bool{},
	}
}

// listenAlone listens so that no other user of the machine can connect to a Unix socket.
func listenAlone(network, address string) (net.Listener, error) {
	if network != "unix" {
		return net.Listen(network, address)
	}
	if info, err := os.Lstat(address); err == nil && info.Mode().Type() == os.ModeSocket {
		if err := os.Remove(address); err != nil { // left behind by a kernel that was killed
			return nil, err
		}
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(address, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

func boundPort(listener net.Listener) (int, bool) {
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, false
	}
	return address.Port, true
}

func (s *socket) accept() {
	for {
		conn, err := s.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.options.Dropped(s.channel, err)
			time.Sleep(acceptPause)
		default:
			go s.serve(conn)
		}
	}
}

// serve runs one connection from its handshake to its end.
func (s *socket) serve(conn net.Conn) {
	identity, err := handshake(conn, s.kind, "", true, s.options.HandshakeTimeout)
	if err != nil {
		s.options.Dropped(s.channel, fmt.Errorf("a connection was refused: %w", err))
		_ = conn.Close() // it is of no use
		return
	}
	if identity == "" {
		identity = uuid.NewString()
	}
	maxMessage := s.options.MaxMessage
	if s.kind != zmq4.Router {
		maxMessage = min(maxMessage, subscriptionMax)
	}
	p := newPeer(conn, identity, maxMessage)
	defer p.close()
	if !s.add(p) {
		return
	}
	defer s.remove(p)
	for {
		frames, command, err := p.reader.next()
		switch {
		case errors.Is(err, ErrTooLarge):
			s.options.Dropped(s.channel, err)
		case err != nil:
			return // the peer has gone, or what it sends is no longer ZMTP
		case command:
			s.command(p, frames)
		default:
			s.take(p, frames)
		}
	}
}

// take handles one message as the kind of the socket demands.
func (s *socket) take(p *peer, frames [][]byte) {
	switch s.kind {
	case zmq4.Rep:
		_ = p.send(encodeMessage(frames)) // a client that takes no echo has its own connection closed
	case zmq4.XPub:
		if len(frames) == 1 && len(frames[0]) > 0 {
			s.subscribe(p, string(frames[0][1:]), frames[0][0] == 1)
		}
	default:
		s.deliver(append([][]byte{[]byte(p.identity)}, frames...))
	}
}

// command handles what ZMTP 3.1 sends as commands: subscriptions, and a ping that asks for its context back.
func (s *socket) command(p *peer, frames [][]byte) {
	if len(frames) != 1 {
		return
	}
	body := string(frames[0])
	if topic, ok := strings.CutPrefix(body, "\x09SUBSCRIBE"); ok && s.kind == zmq4.XPub {
		s.subscribe(p, topic, true)
	} else if topic, ok := strings.CutPrefix(body, "\x06CANCEL"); ok && s.kind == zmq4.XPub {
		s.subscribe(p, topic, false)
	} else if rest, ok := strings.CutPrefix(body, "\x04PING"); ok && len(rest) >= 2 {
		_ = p.send(appendFrame(nil, flagCommand, []byte("\x04PONG"+rest[2:])))
	}
}

func (s *socket) subscribe(p *peer, topic string, on bool) {
	s.mu.Lock()
	topics := s.peers[p]
	if on && len(topics) < maxTopics {
		topics[topic] = true
	} else if !on {
		delete(topics, topic)
	}
	s.mu.Unlock()
	if on {
		s.deliver([][]byte{[]byte("\x01" + topic)})
	}
}

func (s *socket) deliver(frames [][]byte) {
	select {
	case s.received <- frames:
	case <-s.closed:
	}
}

// publish sends to the peers that subscribe a prefix of the first frame.
func (s *socket) publish(frames [][]byte) {
	message := encodeMessage(frames)
	topic := string(frames[0])
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, topics := range s.peers {
		for prefix := range topics {
			if strings.HasPrefix(topic, prefix) {
				s.send(p, message)
				break
			}
		}
	}
}

// route sends to the peers that have the first frame as their identity: one, unless a client connects a second time
// before its first connection has ended.
func (s *socket) route(frames [][]byte) {
	identity := string(frames[0])
	message := encodeMessage(frames[1:])
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.peers {
		if p.identity == identity {
			s.send(p, message)
		}
	}
}

func (s *socket) send(p *peer, message []byte) {
	if err := p.send(message); errors.Is(err, errStalled) {
		s.options.Dropped(s.channel, err)
	}
}

func (s *socket) add(p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
	}
	s.peers[p] = map[string]bool{}
	return true
}

func (s *socket) remove(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.peers, p)
}

func (s *socket) snapshot() []*peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	peers := make([]*peer, 0, len(s.peers))
	for p := range s.peers {
		peers = append(peers, p)
	}
	return peers
}

func (s *socket) stopListening() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil
	default:
	}
	close(s.closed)
	return s.listener.Close()
}
