package warm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
)

// Handler answers one request. Its result is marshalled to JSON; nil is "nothing". The context ends when the client
// closes the connection or the server stops. A panic becomes the client's error.
type Handler func(ctx context.Context, method string, params json.RawMessage) (any, error)

// Listen opens the socket at path. A socket that a dead server left there is replaced; one that still answers is an error.
func Listen(path string) (net.Listener, error) {
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
			line, err := readLine(reader)
			if errors.Is(err, errLineTooLong) {
				_ = writeLine(conn, Response{Error: err.Error()})
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
		if err := writeLine(conn, answer(ctx, line, handle)); err != nil {
			return
		}
	}
}

func answer(ctx context.Context, line []byte, handle Handler) (response Response) {
	var request Request
	if err := json.Unmarshal(line, &request); err != nil {
		return Response{Error: fmt.Sprintf("reading a request of %d bytes: %v; one JSON object a line is expected", len(line), err)}
	}
	response.ID = request.ID
	defer func() {
		if r := recover(); r != nil {
			response = Response{ID: request.ID, Error: fmt.Sprintf("%s: the model server failed inside: %v", request.Method, r)}
		}
	}()
	result, err := handle(ctx, request.Method, request.Params)
	if err == nil && result != nil {
		response.Result, err = json.Marshal(result)
	}
	if err != nil {
		return Response{ID: request.ID, Error: err.Error()}
	}
	return response
}

var errLineTooLong = fmt.Errorf("a line of more than %d MiB: send pictures as file names, or in smaller batches", MaxLine>>20)

// readLine reads up to a line feed, and at most MaxLine bytes. At the end of input it returns io.EOF, also behind an
// unfinished line.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			return nil, errLineTooLong
		}
		line = append(line, part...)
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}

func writeLine(w io.Writer, message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if len(line) >= MaxLine {
		return errLineTooLong
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
