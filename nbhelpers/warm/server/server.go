// Package server answers the requests that Go cells send to the warm models, over a Unix socket.
//
// It stands apart from package warm since it imports net, which would make every Go cell take longer to link.
package server

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/peer"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Handler answers one request. Its result is marshalled to JSON; nil is "nothing". The context ends when the client
// closes the connection or the server stops. A panic becomes the client's error.
type Handler func(ctx context.Context, method string, params json.RawMessage) (any, error)

// Listen opens the socket at path, in a folder of this user that nobody else can write to. A socket that a dead server left there is replaced; one that still answers is an error.
func Listen(path string) (net.Listener, error) {
	if err := paths.CheckOwn(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	if _, err := os.Lstat(path); err == nil {
		if conn, err := net.Dial("unix", path); err == nil {
			_ = conn.Close()
			return nil, fmt.Errorf("listening on %s: another server answers there; stop it first", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("replacing the dead socket %s: %w", path, err)
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("closing %s to other users: %w", path, err)
	}
	return listener, nil
}

// Serve answers requests until the context ends; it then closes the listener and all connections, waits for the handlers
// and returns nil.
func Serve(ctx context.Context, listener net.Listener, handle Handler) error {
	var open sync.WaitGroup
	defer open.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accepting on %s: %w", listener.Addr(), err)
		}
		if unix, ok := conn.(*net.UnixConn); ok && peer.Check(unix, 0) != nil {
			_ = conn.Close() // another user's, who got in before the socket was closed to others
			continue
		}
		open.Go(func() { serveConn(ctx, conn, handle) })
	}
}

// serveConn answers one connection's requests in their order. Reading goes on while a handler works, so that a closed
// connection is noticed.
func serveConn(ctx context.Context, conn net.Conn, handle Handler) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()

	lines := make(chan []byte)
	go func() {
		defer cancel()
		defer close(lines)
		reader := bufio.NewReader(conn)
		for {
			line, err := warm.ReadLine(reader)
			if errors.Is(err, warm.ErrLineTooLong) {
				_ = warm.WriteLine(conn, warm.Response{Error: err.Error()})
			}
			if err != nil {
				return
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	for line := range lines {
		if err := warm.WriteLine(conn, answer(ctx, line, handle)); err != nil {
			return
		}
	}
}

func answer(ctx context.Context, line []byte, handle Handler) (response warm.Response) {
	var request warm.Request
	if err := json.Unmarshal(line, &request); err != nil {
		return warm.Response{Error: fmt.Sprintf("reading a request of %d bytes: %v; one JSON object a line is expected", len(line), err)}
	}
	response.ID = request.ID
	defer func() {
		if r := recover(); r != nil {
			response = warm.Response{ID: request.ID, Error: fmt.Sprintf("%s: the model server failed inside: %v", request.Method, r)}
		}
	}()
	result, err := handle(ctx, request.Method, request.Params)
	if err == nil && result != nil {
		response.Result, err = json.Marshal(result)
	}
	if err != nil {
		return warm.Response{ID: request.ID, Error: err.Error()}
	}
	return response
}
