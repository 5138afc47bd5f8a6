package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// newcomers are the connections that were accepted and whose first request was not read yet.
type newcomers struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// note is http.Server's ConnState.
func (n *newcomers) note(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state == http.StateNew {
		n.conns[conn] = true
	} else {
		delete(n.conns, conn)
	}
}

func (n *newcomers) any() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns) > 0
}

// wait waits for the first request of each, as http.Server.Shutdown waits for the rest: one that says nothing is closed after the time
// for a header.
func (n *newcomers) wait(ctx context.Context) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n.any() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
