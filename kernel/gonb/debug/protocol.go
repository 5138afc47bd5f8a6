package debug

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"sync"
)

// A Request is a request of the Debug Adapter Protocol.
type Request struct {
	Type      string          `json:"type"`
	Seq       int             `json:"seq"`
	Command   string          `json:"command"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
}

// A Response answers a request.
type Response struct {
	Type       string          `json:"type"`
	Seq        int             `json:"seq"`
	RequestSeq int             `json:"request_seq"`
	Success    bool            `json:"success"`
	Command    string          `json:"command"`
	Message    string          `json:"message,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
}

// An Event tells what happened.
type Event struct {
	Type  string          `json:"type"`
	Seq   int             `json:"seq"`
	Event string          `json:"event"`
	Body  json.RawMessage `json:"body,omitempty"`
}

// maxMessage bounds one message of the debugger in bytes.
const maxMessage = 64 << 20

// errEnded says that the program, and so its debugger, has ended.
var errEnded = errors.New("the program has ended")

// A connection is one to a debugger: requests go out, responses and events come in.
type connection struct {
	conn   net.Conn
	events func(Event) // called in order, by one goroutine
	done   chan struct{}

	mu      sync.Mutex
	seq     int
	waiting map[int]chan Response
}

// connect begins to read from a debugger.
func connect(conn net.Conn, events func(Event)) *connection {
	c := &connection{conn: conn, events: events, done: make(chan struct{}), waiting: map[int]chan Response{}}
	go c.receive()
	return c
}

// receive reads until the connection ends.
func (c *connection) receive() {
	defer close(c.done)
	reader := bufio.NewReader(c.conn)
	for {
		text, err := readMessage(reader)
		if err != nil {
			return
		}
		var kind struct {
			Type string `json:"type"`
		}
		if json.Unmarshal(text, &kind) != nil {
			return
		}
		switch kind.Type {
		case "response":
			var response Response
			if json.Unmarshal(text, &response) == nil {
				c.deliver(response)
			}
		case "event":
			var event Event
			if json.Unmarshal(text, &event) == nil {
				c.events(event)
			}
		}
	}
}

func (c *connection) deliver(response Response) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer, ok := c.waiting[response.RequestSeq]; ok {
		delete(c.waiting, response.RequestSeq)
		answer <- response
	}
}

// readMessage reads one message behind its header.
func readMessage(reader *bufio.Reader) ([]byte, error) {
	header, err := textproto.NewReader(reader).ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil || length < 0 || length > maxMessage {
		return nil, fmt.Errorf("read a message of the debugger: its length is %q", header.Get("Content-Length"))
	}
	text := make([]byte, length)
	_, err = io.ReadFull(reader, text)
	return text, err
}

// start sends a request; the response comes on the channel.
func (c *connection) start(command string, arguments any) (<-chan Response, error) {
	encoded, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	answer := make(chan Response, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	text, err := json.Marshal(Request{Type: "request", Seq: c.seq, Command: command, Arguments: encoded})
	if err != nil {
		return nil, err
	}
	c.waiting[c.seq] = answer
	if _, err := fmt.Fprintf(c.conn, "Content-Length: %d\r\n\r\n%s", len(text), text); err != nil {
		delete(c.waiting, c.seq)
		return nil, errEnded
	}
	return answer, nil
}

// request sends a request and waits for its response.
func (c *connection) request(ctx context.Context, command string, arguments any) (Response, error) {
	answer, err := c.start(command, arguments)
	if err != nil {
		return Response{}, err
	}
	select {
	case response := <-answer:
		return response, nil
	case <-c.done:
		return Response{}, errEnded
	case <-ctx.Done():
		return Response{}, fmt.Errorf("wait for the debugger's answer to %s: %w", command, ctx.Err())
	}
}
