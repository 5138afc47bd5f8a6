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

const (
	// maxTopics and maxTopicBytes bound the subscriptions of one peer.
	maxTopics     = 256
	maxTopicBytes = 64 << 10
	// maxWelcomes bounds how often a subscription of one peer is reported: whoever hears of it answers all subscribers.
	maxWelcomes = 1024
	// maxPing is the longest context of a ping, in bytes, https://rfc.zeromq.org/spec/37/.
	maxPing = 16
)

// A socket is one listening socket and the peers that are connected to it.
type socket struct {
	channel  wire.Channel
	kind     zmq4.SocketType
	listener net.Listener
	options  Options
	shared   *shared
	received chan delivery
	closed   chan struct{}

	mu       sync.Mutex
	arriving map[uint64]net.Conn // by number: those whose handshake is not over
	peers    map[uint64]*subscriber
}

// A delivery is a message on its way to the session.
type delivery struct {
	frames [][]byte
	held   charge
}

// A subscriber is a peer with what it subscribes, on iopub.
type subscriber struct {
	*peer
	topics     map[string]bool
	topicBytes int
	welcomes   int
}

func newSocket(channel wire.Channel, kind zmq4.SocketType, listener net.Listener, options Options, shared *shared) *socket {
	return &socket{
		channel: channel, kind: kind, listener: listener, options: options, shared: shared,
		received: make(chan delivery, 16), closed: make(chan struct{}),
		arriving: map[uint64]net.Conn{}, peers: map[uint64]*subscriber{},
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
			number, ok := s.admit(conn)
			if !ok {
				s.options.Dropped(s.channel, fmt.Errorf("a connection was refused: there are %d already", s.options.MaxPeers))
				_ = conn.Close() // it is of no use
				continue
			}
			go s.serve(conn, number)
		}
	}
}

// serve runs one connection from its handshake to its end.
func (s *socket) serve(conn net.Conn, number uint64) {
	defer s.remove(number)
	identity, err := handshake(conn, s.kind, "", true, s.options.HandshakeTimeout)
	if err != nil {
		s.options.Dropped(s.channel, fmt.Errorf("a connection was refused: %w", err))
		_ = conn.Close() // it is of no use
		return
	}
	if identity == "" {
		identity = uuid.NewString()
	}
	maxMessage, maxQueue := s.options.MaxMessage, int64(strangerQueueMax)
	if s.kind != zmq4.Router {
		maxMessage = min(maxMessage, subscriptionMax)
	}
	if s.kind == zmq4.XPub {
		maxQueue = queueMax
	}
	p := newPeer(conn, identity, maxMessage, maxQueue)
	p.reader.budget = func() *budget {
		if p.trusted.Load() {
			return &s.shared.clients
		}
		return &s.shared.strangers
	}
	defer p.close()
	if !s.add(number, p) {
		return
	}
	for {
		frames, command, held, err := p.reader.next()
		switch {
		case errors.Is(err, ErrTooLarge):
			s.options.Dropped(s.channel, err)
		case err != nil:
			return // the peer has gone, or what it sends is no longer ZMTP
		case command:
			s.command(p, number, frames)
			held.release()
		case s.kind == zmq4.Router:
			s.deliver(delivery{append([][]byte{address(number, identity)}, frames...), held})
		default:
			s.take(p, number, frames)
			held.release()
		}
	}
}

// take handles one message on a socket that has no requests.
func (s *socket) take(p *peer, number uint64, frames [][]byte) {
	if s.kind == zmq4.Rep {
		s.send(p, encodeMessage(frames)) // a client that takes no echo has its own connection closed
	} else if len(frames) == 1 && len(frames[0]) > 0 {
		s.subscribe(number, string(frames[0][1:]), frames[0][0] == 1)
	}
}

// command handles what ZMTP 3.1 sends as commands: subscriptions, and a ping that asks for its context back.
func (s *socket) command(p *peer, number uint64, frames [][]byte) {
	if len(frames) != 1 {
		return
	}
	body := string(frames[0])
	if topic, ok := strings.CutPrefix(body, "\x09SUBSCRIBE"); ok && s.kind == zmq4.XPub {
		s.subscribe(number, topic, true)
	} else if topic, ok := strings.CutPrefix(body, "\x06CANCEL"); ok && s.kind == zmq4.XPub {
		s.subscribe(number, topic, false)
	} else if rest, ok := strings.CutPrefix(body, "\x04PING"); ok && len(rest) >= 2 && len(rest) <= 2+maxPing {
		s.send(p, appendFrame(nil, flagCommand, []byte("\x04PONG"+rest[2:])))
	}
}

func (s *socket) subscribe(number uint64, topic string, on bool) {
	s.mu.Lock()
	p := s.peers[number]
	report := false
	switch {
	case p == nil:
	case on && !p.topics[topic] && len(p.topics) < maxTopics && p.topicBytes+len(topic) <= maxTopicBytes:
		p.topics[topic] = true
		p.topicBytes += len(topic)
		p.welcomes++
		report = p.welcomes <= maxWelcomes
	case !on && p.topics[topic]:
		delete(p.topics, topic)
		p.topicBytes -= len(topic)
	}
	s.mu.Unlock()
	if report {
		s.deliver(delivery{frames: [][]byte{[]byte("\x01" + topic)}})
	}
}

func (s *socket) deliver(received delivery) {
	select {
	case s.received <- received:
	case <-s.closed:
		received.held.release()
	}
}

// publish sends to the peers that subscribe a prefix of the first frame.
func (s *socket) publish(frames [][]byte) {
	message := encodeMessage(frames)
	topic := string(frames[0])
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.peers {
		for prefix := range p.topics {
			if strings.HasPrefix(topic, prefix) {
				s.send(p.peer, message)
				break
			}
		}
	}
}

func (s *socket) send(p *peer, message []byte) {
	if err := p.send(message); errors.Is(err, errStalled) {
		s.options.Dropped(s.channel, err)
	}
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
