package zmq

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const (
	greetingSize = 64
	// readyMax bounds the peer's READY command: a socket type, an identity of at most 255 bytes, and some properties.
	readyMax = 4 << 10
)

// handshake makes a ZMTP connection of conn and returns the peer's identity. It gives up after timeout.
func handshake(conn net.Conn, kind zmq4.SocketType, identity string, server bool, timeout time.Duration) (peer string, err error) {
	defer func() {
		if cause := recover(); cause != nil { // zmq4 panics on metadata and socket types that it does not expect
			err = fmt.Errorf("the peer's handshake is malformed: %v", cause)
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(timeout)); err != nil {
		return "", err
	}
	opened, err := zmq4.Open(&cautiousConn{Conn: conn}, null.Security(), kind, zmq4.SocketIdentity(identity), server, nil)
	if err != nil {
		return "", err
	}
	return opened.Peer.Meta["Identity"], conn.SetDeadline(time.Time{})
}

// A cautiousConn hands a greeting and one short frame to zmq4, which would allocate whatever the frame's header claims.
type cautiousConn struct {
	net.Conn
	greeted int
	ready   bytes.Buffer
	whole   bool
}

func (c *cautiousConn) Read(p []byte) (int, error) {
	if c.greeted < greetingSize {
		n, err := c.Conn.Read(p[:min(len(p), greetingSize-c.greeted)])
		c.greeted += n
		return n, err
	}
	if !c.whole {
		flags, size, err := readFrameHeader(c.Conn)
		if err != nil {
			return 0, err
		}
		if flags&flagCommand == 0 || flags&flagMore != 0 || size > readyMax {
			return 0, errFraming
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(c.Conn, body); err != nil {
			return 0, err
		}
		c.ready.Write(appendFrame(nil, flagCommand, body))
		c.whole = true
	}
	return c.ready.Read(p)
}
