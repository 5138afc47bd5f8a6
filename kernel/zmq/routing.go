package zmq

import (
	"net"
	"strconv"
	"strings"

	"github.com/go-zeromq/zmq4"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// An address names a connection of this server: a number that no other has, with the identity that it claims.
func address(number uint64, identity string) []byte {
	return append(strconv.AppendUint(nil, number, 10), ":"+identity...)
}

func parseAddress(address string) (number uint64, identity string) {
	digits, identity, _ := strings.Cut(address, ":")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, "" // no connection has the number 0
	}
	return number, identity
}

// route sends to the peer whose address is the first frame.
func (s *socket) route(frames [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.find(string(frames[0])); p != nil {
		s.send(p.peer, encodeMessage(frames[1:]))
	}
}

// find returns the connection of an address, or the one that its client has now; nil where there is none. See
// Server.Send.
func (s *socket) find(address string) *subscriber {
	number, identity := parseAddress(address)
	if p := s.peers[number]; p != nil {
		return p
	}
	var first, latest uint64 // the first of all that claim the identity, the latest that is trusted
	for n, p := range s.peers {
		if identity == "" || p.identity != identity {
			continue
		}
		if p.trusted.Load() {
			latest = max(latest, n)
		}
		if first == 0 || n < first {
			first = n
		}
	}
	if latest == 0 && s.channel == wire.Stdin {
		return s.peers[first]
	}
	return s.peers[latest]
}

func (s *socket) trust(address string) {
	number, _ := parseAddress(address)
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.peers[number]; p != nil {
		p.trusted.Store(true)
		p.limit.Store(queueMax)
	}
}

// admit gives a connection its number. Where there are too many, one that has not shaken hands yet makes room, or, where
// clients show the key at once, a stranger; the oldest in each case. Nobody who is connected is put out otherwise.
func (s *socket) admit(conn net.Conn) (number uint64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.arriving)+len(s.peers) >= s.options.MaxPeers && !s.makeRoom() {
		return 0, false
	}
	number = s.shared.numbers.Add(1)
	s.arriving[number] = conn
	return number, true
}

func (s *socket) makeRoom() bool {
	var oldest uint64
	for n := range s.arriving {
		if oldest == 0 || n < oldest {
			oldest = n
		}
	}
	if s.kind == zmq4.Router && s.channel != wire.Stdin {
		for n, p := range s.peers {
			if !p.trusted.Load() && (oldest == 0 || n < oldest) {
				oldest = n
			}
		}
	}
	if conn := s.arriving[oldest]; conn != nil {
		_ = conn.Close() // it is of no use
		delete(s.arriving, oldest)
	} else if p := s.peers[oldest]; p != nil {
		p.close()
		delete(s.peers, oldest)
	}
	return oldest != 0
}

// add makes a peer of a connection that has shaken hands; false where it was put out in the meantime.
func (s *socket) add(number uint64, p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return false
	default:
	}
	if s.arriving[number] == nil {
		return false
	}
	delete(s.arriving, number)
	s.peers[number] = &subscriber{peer: p, topics: map[string]bool{}}
	return true
}

func (s *socket) remove(number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.arriving, number)
	delete(s.peers, number)
}

func (s *socket) snapshot() []*peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	peers := make([]*peer, 0, len(s.peers))
	for _, p := range s.peers {
		peers = append(peers, p.peer)
	}
	return peers
}
