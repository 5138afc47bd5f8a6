package zmq

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// patience bounds what must happen but may take its time on a busy machine.
const patience = 20 * time.Second

func TestServerTalksToClient(t *testing.T) {
	for _, transport := range []string{"tcp", "ipc"} {
		t.Run(transport, func(t *testing.T) {
			info := wire.ConnectionInfo{Transport: transport, IP: "127.0.0.1"}
			if transport == "ipc" {
				info = wire.ConnectionInfo{
					Transport: "ipc", IP: filepath.Join(t.TempDir(), "k"),
					ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
				}
			}
			server := listen(t, info, Options{})
			client := dial(t, server)
			for _, channel := range []wire.Channel{wire.Shell, wire.Control, wire.Stdin} {
				echo(t, server, client, channel, "hello "+string(channel))
			}
			if err := client.Ping(deadline(t)); err != nil {
				t.Error(err)
			}
			publish(t, server, "topic", "news")
			if got := receive(t, client, wire.IOPub); got != "topic|news" {
				t.Errorf("iopub brought %q", got)
			}
		})
	}
}

func TestServerTalksToZmq4(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	dealer := zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("me")))
	defer dealer.Close()
	if err := dealer.Dial(endpoint(server, wire.Shell)); err != nil {
		t.Fatal(err)
	}
	if err := dealer.Send(zmq4.NewMsgFromString([]string{"question", strings.Repeat("long", 100)})); err != nil {
		t.Fatal(err)
	}
	frames, err := server.Receive(deadline(t), wire.Shell)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"question", strings.Repeat("long", 100)}, text(frames[1:])); diff != "" {
		t.Error(diff)
	}
	if err := server.Send(wire.Shell, [][]byte{frames[0], []byte("answer"), {}}); err != nil {
		t.Fatal(err)
	}
	answer, err := dealer.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"answer", ""}, text(answer.Frames)); diff != "" {
		t.Error(diff)
	}
}

func TestRepliesGoToTheirClientOnly(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	one, two := dial(t, server), dial(t, server)
	echo(t, server, one, wire.Shell, "one")
	echo(t, server, two, wire.Shell, "two")
	echo(t, server, one, wire.Shell, "one again")
}

// zmq4's own socket accepts nobody while it waits for the greeting of a connection that says nothing.
func TestSilentConnectionKeepsNobodyOut(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{HandshakeTimeout: time.Hour})
	for _, channel := range []wire.Channel{wire.Shell, wire.Control, wire.Stdin, wire.IOPub, wire.Heartbeat} {
		silent := connect(t, server, channel)
		defer silent.Close()
	}
	client := dial(t, server)
	echo(t, server, client, wire.Shell, "hello")
}

func TestSilentConnectionIsClosed(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{HandshakeTimeout: 20 * time.Millisecond})
	silent := connect(t, server, wire.Shell)
	defer silent.Close()
	if err := silent.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1024)
	for {
		if _, err := silent.Read(buf); err != nil {
			if os.IsTimeout(err) {
				t.Error("the connection is still open")
			}
			return
		}
	}
}

// zmq4's own PUB socket writes to all subscribers under one lock: one that does not read stops the output of all.
func TestSubscriberThatDoesNotReadStopsNobody(t *testing.T) {
	var refused atomic.Int32
	server := listen(t, wire.ConnectionInfo{}, Options{
		Stall:   100 * time.Millisecond,
		Dropped: func(wire.Channel, error) { refused.Add(1) },
	})
	stuck := subscribe(t, server)
	defer stuck.Close()
	client := dial(t, server)

	const messages, size = 3000, 16 << 10 // 48 MB: more than any socket buffer
	body := strings.Repeat("x", size)
	sent := make(chan error, 1)
	var most uint64
	go func() {
		for i := range messages {
			if err := server.Wait(deadline(t)); err != nil {
				sent <- err
				return
			}
			if err := server.Send(wire.IOPub, [][]byte{fmt.Append(nil, i), []byte(body)}); err != nil {
				sent <- err
				return
			}
			if i%100 == 0 {
				most = max(most, heapInUse())
			}
		}
		sent <- nil
	}()
	for i := range messages {
		frames, err := client.Receive(deadline(t), wire.IOPub)
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if string(frames[0]) != fmt.Sprint(i) || len(frames[1]) != size {
			t.Fatalf("message %d came as %q with %d bytes", i, frames[0], len(frames[1]))
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if refused.Load() == 0 {
		t.Error("the stuck subscriber was not disconnected")
	}
	if most > 32<<20 {
		t.Errorf("the heap grew to %d MB: output is kept without bound", most>>20)
	}
}

// Without throttling by Wait a queue would grow forever; the connection is given up instead.
func TestQueueIsBoundedWithoutWait(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	stuck := subscribe(t, server)
	defer stuck.Close()
	body := make([]byte, 1<<20)
	for range 100 {
		if err := server.Send(wire.IOPub, [][]byte{[]byte("t"), body}); err != nil {
			t.Fatal(err)
		}
	}
	awaitNoPeers(t, server)
}

func TestHugeMessageIsDropped(t *testing.T) {
	var refused atomic.Int32
	server := listen(t, wire.ConnectionInfo{}, Options{MaxMessage: 1 << 20, Dropped: func(_ wire.Channel, err error) { refused.Add(1) }})
	conn := connect(t, server, wire.Shell)
	defer conn.Close()
	if _, err := handshake(conn, zmq4.Dealer, "huge", false, patience); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	header := binary.BigEndian.AppendUint64([]byte{flagLong | flagMore}, 100<<20)
	write(t, conn, header)
	chunk := make([]byte, 1<<20)
	for range 100 {
		write(t, conn, chunk)
	}
	write(t, conn, appendFrame(nil, 0, []byte("its last frame")))
	write(t, conn, encodeMessage([][]byte{[]byte("the next message")}))
	frames, err := server.Receive(deadline(t), wire.Shell)
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if diff := cmp.Diff([]string{"the next message"}, text(frames[1:])); diff != "" {
		t.Error(diff)
	}
	if refused.Load() != 1 {
		t.Errorf("%d messages were reported as dropped, want 1", refused.Load())
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("%d MB were allocated for a message that is dropped", grown>>20)
	}
}

func TestHostileHandshakes(t *testing.T) {
	server := listen(t, wire.ConnectionInfo{}, Options{})
	greeting := make([]byte, 64)
	copy(greeting, "\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL")
	ready := func(body string) []byte {
		return append(append([]byte{}, greeting...), appendFrame(nil, flagCommand, []byte("\x05READY"+body))...)
	}
	huge := binary.BigEndian.AppendUint64(append(append([]byte{}, greeting...), flagCommand|flagLong), 1<<40)
	for name, bytes := range map[string][]byte{
		"nothing":               {},
		"HTTP":                  []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 100)),
		"half a greeting":       greeting[:30],
		"unknown socket type":   ready("\x0bSocket-Type\x00\x00\x00\x03FOO"),
		"wrong socket type":     ready("\x0bSocket-Type\x00\x00\x00\x04PUSH"),
		"no socket type":        ready(""),
		"cut property name":     ready("\x0bSock"),
		"cut property value":    ready("\x0bSocket-Type\x00\x00\x00\xffDEALER"),
		"huge ready":            huge,
		"message instead":       append(append([]byte{}, greeting...), appendFrame(nil, 0, []byte("hello"))...),
		"reserved bits":         append(append([]byte{}, greeting...), 0xf0, 1, 1),
		"empty command":         append(append([]byte{}, greeting...), flagCommand, 0),
		"error command":         append(append([]byte{}, greeting...), appendFrame(nil, flagCommand, []byte("\x05ERROR\x03bad"))...),
		"endless reserved zero": make([]byte, 4096),
	} {
		t.Run(name, func(t *testing.T) {
			for _, channel := range []wire.Channel{wire.Shell, wire.IOPub, wire.Heartbeat} {
				conn := connect(t, server, channel)
				_, _ = conn.Write(bytes) // the server may hang up before all is written
				_ = conn.Close()
			}
			client := dial(t, server)
			echo(t, server, client, wire.Shell, "still there")
		})
	}
}

func TestUnixSocketsAreForTheUserAlone(t *testing.T) {
	dir := t.TempDir()
	info := wire.ConnectionInfo{Transport: "ipc", IP: filepath.Join(dir, "k"), ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5}
	listen(t, info, Options{})
	files, err := filepath.Glob(filepath.Join(dir, "k-*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("sockets: %v, %v", files, err)
	}
	for _, file := range files {
		stat, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if stat.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", file, stat.Mode().Perm())
		}
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	first := listen(t, wire.ConnectionInfo{}, Options{})
	_, err := Listen(first.Connection(), Options{})
	if err == nil || !strings.Contains(err.Error(), "is another kernel using this connection file?") {
		t.Errorf("err = %v", err)
	}
}

func TestCloseDeliversWhatWasSent(t *testing.T) {
	server, err := Listen(wire.ConnectionInfo{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, server)
	publish(t, server, "last", "words")
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, client, wire.IOPub); got != "last|words" {
		t.Errorf("got %q", got)
	}
	select {
	case <-client.Done():
	case <-time.After(patience):
		t.Error("the client does not notice that the kernel has gone")
	}
}

func TestDialSaysWhereItFailed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := Dial(ctx, wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", ShellPort: 1, IOPubPort: 1, StdinPort: 1, ControlPort: 1, HBPort: 1}, Options{})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("err = %v", err)
	}
}
