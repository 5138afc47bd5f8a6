package server

import (
	"net"
	"sync"
)

// A cappedListener closes connections beyond a number at once: their clients hear of it, and wait for nothing.
type cappedListener struct {
	net.Listener
	free    chan struct{} // holds one for each connection
	refused func()        // hears of each connection beyond the number
}

// Accept waits for a connection within the number.
func (l *cappedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return &cappedConn{Conn: conn, release: sync.OnceFunc(func() { <-l.free })}, nil
		default:
			_ = conn.Close() // nothing was said on it
			l.refused()
		}
	}
}

// cappedConn gives its place back when it is closed.
type cappedConn struct {
	net.Conn
	release func()
}

// Close closes the connection.
func (c *cappedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
