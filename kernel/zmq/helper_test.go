package zmq

import (
	"context"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func listen(t *testing.T, info wire.ConnectionInfo, options Options) *Server {
	t.Helper()
	server, err := Listen(info, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// dial returns a client whose subscription the server has seen.
func dial(t *testing.T, server *Server) *Client {
	t.Helper()
	client, err := Dial(deadline(t), server.Connection(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	awaitSubscription(t, server)
	return client
}

// connect opens a bare TCP connection.
func connect(t *testing.T, server *Server, channel wire.Channel) net.Conn {
	t.Helper()
	network, address, err := server.Connection().Address(channel)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// subscribe connects a subscriber that never reads.
func subscribe(t *testing.T, server *Server) net.Conn {
	t.Helper()
	conn := connect(t, server, wire.IOPub)
	if _, err := handshake(conn, zmq4.Sub, "", false, patience); err != nil {
		t.Fatal(err)
	}
	write(t, conn, encodeMessage([][]byte{{1}}))
	awaitSubscription(t, server)
	return conn
}

func awaitSubscription(t *testing.T, server *Server) {
	t.Helper()
	frames, err := server.Receive(deadline(t), wire.IOPub)
	if err != nil || len(frames) != 1 || string(frames[0]) != "\x01" {
		t.Fatalf("instead of a subscription came %q, %v", frames, err)
	}
}

func awaitNoPeers(t *testing.T, server *Server) {
	t.Helper()
	for end := time.Now().Add(patience); len(server.sockets[wire.IOPub].snapshot()) > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the subscriber is still connected")
		}
	}
}

// echo sends a message from client to server and its answer back.
func echo(t *testing.T, server *Server, client *Client, channel wire.Channel, words string) {
	t.Helper()
	if err := client.Send(channel, [][]byte{[]byte(words)}); err != nil {
		t.Fatal(err)
	}
	frames, err := server.Receive(deadline(t), channel)
	if err != nil {
		t.Fatal(err)
	}
	if len(frames) != 2 || string(frames[1]) != words {
		t.Fatalf("the server received %q", frames)
	}
	if err := server.Send(channel, [][]byte{frames[0], []byte("re: " + words)}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, client, channel); got != "re: "+words {
		t.Errorf("the answer is %q", got)
	}
}

func publish(t *testing.T, server *Server, frames ...string) {
	t.Helper()
	var message [][]byte
	for _, frame := range frames {
		message = append(message, []byte(frame))
	}
	if err := server.Send(wire.IOPub, message); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, client *Client, channel wire.Channel) string {
	t.Helper()
	frames, err := client.Receive(deadline(t), channel)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(text(frames), "|")
}

func text(frames [][]byte) []string {
	var words []string
	for _, frame := range frames {
		words = append(words, string(frame))
	}
	return words
}

func write(t *testing.T, conn net.Conn, data []byte) {
	t.Helper()
	if _, err := conn.Write(data); err != nil {
		t.Fatal(err)
	}
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func endpoint(server *Server, channel wire.Channel) string {
	_, address, _ := server.Connection().Address(channel) // the server listens there: it is an address
	return "tcp://" + address
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
