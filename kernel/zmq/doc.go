// Package zmq carries frames between a kernel and its clients over ZeroMQ sockets.
//
// The handshake is go-zeromq/zmq4's. The sockets above it are our own, since those of zmq4 v0.17.0 shake hands inside the
// accept loop (one silent connection keeps every other client out), publish under one lock (one subscriber that does not
// read stops the output of all), allocate whatever a frame's header claims, and panic on a socket type that they do not
// know. Here every connection has a goroutine for each direction and a bounded queue, and can hurt nobody but itself.
//
// Whoever reaches a port may connect: on TCP these are all users of the machine. A connection is a stranger until the
// server is told to Trust it. Strangers get no replies that are another's, and little memory.
//
// Framing is that of ZMTP 3.0, https://rfc.zeromq.org/spec/23/.
package zmq

import (
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// Options bound what a socket takes and keeps. The zero value is right for a kernel.
type Options struct {
	// MaxMessage is the largest message taken, in bytes; a larger one is read and dropped. Default 64 MiB.
	MaxMessage int64
	// Dropped is called for every message and every connection that was refused; by several goroutines.
	Dropped func(wire.Channel, error)
	// Stall is how long a subscriber may take nothing while others wait for it, until it is disconnected. ZeroMQ clients
	// connect again by themselves. Default 2 s.
	Stall time.Duration
	// HandshakeTimeout is how long a new connection may take to say what it is. Default 10 s.
	HandshakeTimeout time.Duration
	// MaxPeers is how many connections a socket has at most. Default 256.
	MaxPeers int
}

const (
	// waitAbove is the size of a connection's queue, in bytes, above which Server.Wait waits for it.
	waitAbove = 4 << 20
	// queueMax is the size of a queue, in bytes, above which the connection is given up. One message may be of any size.
	queueMax = 32 << 20
	// strangerQueueMax is the same for who has not shown the key. Subscribers need none: their queues share the messages.
	strangerQueueMax = 256 << 10
	// subscriptionMax bounds what a subscriber or a heartbeat may send, in bytes; nobody there has signed anything.
	subscriptionMax = 64 << 10
	// flushTime is how long Close waits for what was sent to leave.
	flushTime = time.Second
)

func (o Options) withDefaults() Options {
	if o.MaxMessage == 0 {
		o.MaxMessage = 64 << 20
	}
	if o.Dropped == nil {
		o.Dropped = func(wire.Channel, error) {}
	}
	if o.Stall == 0 {
		o.Stall = 2 * time.Second
	}
	if o.HandshakeTimeout == 0 {
		o.HandshakeTimeout = 10 * time.Second
	}
	if o.MaxPeers == 0 {
		o.MaxPeers = 256
	}
	return o
}
