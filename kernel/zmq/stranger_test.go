package zmq

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// claim connects to a channel as somebody who claims an identity.
func claim(t *testing.T, server *Server, channel wire.Channel, kind zmq4.SocketType, identity string) *peer {
	t.Helper()
	conn := connect(t, server, channel)
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := handshake(conn, kind, identity, false, patience); err != nil {
		t.Fatal(err)
	}
	return newPeer(conn, identity, 1<<30, 1<<30)
}

// ask sends a message and returns the address that the server has for who sent it.
func ask(t *testing.T, server *Server, channel wire.Channel, p *peer) []byte {
	t.Helper()
	if err := p.send(encodeMessage([][]byte{[]byte("question")})); err != nil {
		t.Fatal(err)
	}
	frames, err := server.Receive(deadline(t), channel)
	if err != nil || len(frames) != 2 {
		t.Fatalf("received %q, %v", frames, err)
	}
	return frames[0]
}

// heard returns the next message that a peer receives.
func heard(t *testing.T, p *peer) string {
	t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	frames, _, _, err := p.reader.next()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(text(frames), "|")
}

func send(t *testing.T, server *Server, channel wire.Channel, address []byte, text string) {
	t.Helper()
	if err := server.Send(channel, [][]byte{address, []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

func TestClaimedIdentityGetsNoReply(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	client := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	address := ask(t, server, wire.Shell, client)
	server.Trust(wire.Shell, address)
	stranger := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	its := ask(t, server, wire.Shell, stranger)
	send(t, server, wire.Shell, address, "secret")
	send(t, server, wire.Shell, its, "mark")
	if got := heard(t, stranger); got != "mark" {
		t.Errorf("who claims a client's identity received %q", got)
	}
	if got := heard(t, client); got != "secret" {
		t.Errorf("the client received %q", got)
	}
}

// A client may lose its connection while its cell runs, and connects again by itself.
func TestClientThatConnectsAgainGetsItsReply(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	before := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	address := ask(t, server, wire.Shell, before)
	server.Trust(wire.Shell, address)
	before.close()
	for len(server.sockets[wire.Shell].snapshot()) > 0 {
		time.Sleep(time.Millisecond)
	}
	stranger := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	its := ask(t, server, wire.Shell, stranger)
	send(t, server, wire.Shell, address, "lost")
	after := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	server.Trust(wire.Shell, ask(t, server, wire.Shell, after))
	send(t, server, wire.Shell, address, "secret")
	send(t, server, wire.Shell, its, "mark")
	if got := heard(t, after); got != "secret" {
		t.Errorf("the client received %q", got)
	}
	if got := heard(t, stranger); got != "mark" {
		t.Errorf("who claims a client's identity received %q", got)
	}
}

// A client says nothing on stdin before it is asked; the kernel knows it by its identity alone.
func TestQuestionGoesToTheFirstOfAnIdentity(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	address := ask(t, server, wire.Shell, claim(t, server, wire.Shell, zmq4.Dealer, "me"))
	client := claim(t, server, wire.Stdin, zmq4.Dealer, "me")
	awaitPeers(t, server, wire.Stdin, 1)
	stranger := claim(t, server, wire.Stdin, zmq4.Dealer, "me")
	awaitPeers(t, server, wire.Stdin, 2)
	send(t, server, wire.Stdin, address, "password?")
	if got := heard(t, client); got != "password?" {
		t.Errorf("the client received %q", got)
	}
	its := ask(t, server, wire.Stdin, stranger)
	server.Trust(wire.Stdin, ask(t, server, wire.Stdin, client))
	send(t, server, wire.Stdin, address, "again?")
	send(t, server, wire.Stdin, its, "mark")
	if got := heard(t, stranger); got != "mark" {
		t.Errorf("who claims a client's identity received %q", got)
	}
	if got := heard(t, client); got != "again?" {
		t.Errorf("the client received %q", got)
	}
}

// Fifteen connections with an unfinished message of 63 MB each took the kernel to 1.3 GB.
func TestUnfinishedMessagesOfStrangersAreBounded(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	before := heapInUse()
	const strangers, size = 10, 40 << 20
	chunk := make([]byte, 1<<20)
	for range strangers {
		p := claim(t, server, wire.Shell, zmq4.Dealer, "")
		write(t, p.conn, binary.BigEndian.AppendUint64([]byte{flagLong}, size))
		for range size/len(chunk) - 1 {
			write(t, p.conn, chunk)
		}
	}
	client := dial(t, server)
	echo(t, server, client, wire.Shell, "still there")
	// What is charged may stand in a buffer of twice its size.
	if grown := heapInUse() - before; int64(grown) > 3*strangersMax {
		t.Errorf("strangers hold %d MB", grown>>20)
	}
}

func TestClientsFirstMessageMayBeLarge(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	client := dial(t, server)
	for range 4 { // what a message held is free again once it was received
		echo(t, server, client, wire.Shell, strings.Repeat("x", 30<<20))
	}
	if left := server.shared.strangers.left; left != strangersMax {
		t.Errorf("%d bytes are left of the budget, want %d", left, strangersMax)
	}
}

func TestStrangersKeepNobodyOut(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{MaxPeers: 8, HandshakeTimeout: time.Hour})
	trusted := claim(t, server, wire.Shell, zmq4.Dealer, "me")
	address := ask(t, server, wire.Shell, trusted)
	server.Trust(wire.Shell, address)
	for range 20 {
		claim(t, server, wire.Shell, zmq4.Dealer, "")
		silent := connect(t, server, wire.Shell)
		defer silent.Close()
	}
	other := claim(t, server, wire.Shell, zmq4.Dealer, "other")
	ask(t, server, wire.Shell, other)
	send(t, server, wire.Shell, address, "still there")
	if got := heard(t, trusted); got != "still there" {
		t.Errorf("the client received %q", got)
	}
	if n := len(server.sockets[wire.Shell].snapshot()); n > 8 {
		t.Errorf("%d peers, want at most 8", n)
	}
}

// A subscriber never shows the key: those who came first stay.
func TestManySubscribersKeepTheFirst(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{MaxPeers: 4})
	client := dial(t, server)
	for range 20 {
		conn := connect(t, server, wire.IOPub)
		defer conn.Close()
		_, _ = handshake(conn, zmq4.Sub, "", false, patience) // the server hangs up on most
	}
	publish(t, server, "topic", "news")
	if got := receive(t, client, wire.IOPub); got != "topic|news" {
		t.Errorf("iopub brought %q", got)
	}
	if n := len(server.sockets[wire.IOPub].snapshot()); n > 4 {
		t.Errorf("%d peers, want at most 4", n)
	}
}

func TestEchoesForWhoDoesNotReadAreBounded(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	for channel, message := range map[wire.Channel][]byte{
		wire.Heartbeat: encodeMessage([][]byte{{}, make([]byte, 32<<10)}),
		wire.Shell:     appendFrame(nil, flagCommand, append([]byte("\x04PING\x00\x00"), make([]byte, maxPing)...)),
	} {
		kind := zmq4.Req
		if channel == wire.Shell {
			kind = zmq4.Dealer
		}
		conn := connect(t, server, channel)
		defer conn.Close()
		if _, err := handshake(conn, kind, "", false, patience); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		batch := []byte{}
		for len(batch) < 1<<20 {
			batch = append(batch, message...)
		}
		err := error(nil)
		for range 64 { // more than socket buffers hold
			if _, err = conn.Write(batch); err != nil {
				break
			}
		}
		if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
			t.Errorf("%s echoes without bound: %v", channel, err)
		}
	}
}

func TestTopicsAreBounded(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	conn := connect(t, server, wire.IOPub)
	defer conn.Close()
	if _, err := handshake(conn, zmq4.Sub, "", false, patience); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		write(t, conn, encodeMessage([][]byte{append([]byte{1, byte(i)}, make([]byte, 16<<10)...)}))
	}
	for range 2 * maxWelcomes {
		write(t, conn, encodeMessage([][]byte{[]byte("\x01x")}))
		write(t, conn, encodeMessage([][]byte{[]byte("\x00x")}))
	}
	for range maxWelcomes {
		if _, err := server.Receive(deadline(t), wire.IOPub); err != nil {
			t.Fatal(err)
		}
	}
	// What comes in order behind all of that: a ping's answer.
	write(t, conn, appendFrame(nil, flagCommand, []byte("\x04PING\x00\x00")))
	if got := heard(t, newPeer(conn, "", 1<<20, 1<<20)); got != "\x04PONG" {
		t.Fatalf("received %q", got)
	}
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := server.Receive(short, wire.IOPub); err == nil {
		t.Errorf("more than %d subscriptions are reported", maxWelcomes)
	}
	socket := server.sockets[wire.IOPub]
	socket.mu.Lock()
	defer socket.mu.Unlock()
	for _, p := range socket.peers {
		if p.topicBytes > maxTopicBytes || len(p.topics) > maxTopics {
			t.Errorf("%d topics of %d bytes", len(p.topics), p.topicBytes)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		address, identity string
		number            uint64
	}{
		{"7:me", "me", 7}, {"7:a:b", "a:b", 7}, {"7:", "", 7}, {"me", "", 0}, {"", "", 0}, {"-1:x", "", 0},
	} {
		number, identity := parseAddress(test.address)
		if number != test.number || identity != test.identity {
			t.Errorf("%q: %d %q", test.address, number, identity)
		}
	}
	if diff := cmp.Diff("12:a:b", string(address(12, "a:b"))); diff != "" {
		t.Error(diff)
	}
}

func awaitPeers(t *testing.T, server *Server, channel wire.Channel, n int) {
	t.Helper()
	for end := time.Now().Add(patience); len(server.sockets[channel].snapshot()) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("there are not %d peers on %s", n, channel)
		}
	}
}
