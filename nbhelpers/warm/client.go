package warm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
)

// Client is a connection to the model server. Its methods may be called from several goroutines; the calls are made
// sequentially. A client that is no longer referenced closes its connection.
type Client struct {
	path string

	mu     sync.Mutex
	conn   *os.File // nil before the first call and after a failed one
	reader *bufio.Reader
	lastID uint64
}

// NewClient returns a client of the server at a socket's path. It connects at the first call.
func NewClient(path string) *Client { return &Client{path: path} }

// ServerError is an error that the server reports for a request.
type ServerError struct{ Message string }

func (e *ServerError) Error() string { return e.Message }

// Call sends one request and decodes its result into result, which may be nil. An error that the server reports is
// a *ServerError. Ending the context closes the connection, which cancels the request at the server; the next call opens a
// new one.
func (c *Client) Call(ctx context.Context, method string, params, result any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	response, err := c.exchange(ctx, method, params)
	if err != nil {
		c.drop()
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w", method, context.Cause(ctx))
		}
		return fmt.Errorf("%s: ask the model server at %s: %w", method, c.path, err)
	}
	if response.Error != "" {
		return &ServerError{Message: response.Error}
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(response.Result, result); err != nil {
		return fmt.Errorf("%s: the model server's answer is not what this version expects (restart the kernel after an update): %w", method, err)
	}
	return nil
}

func (c *Client) exchange(ctx context.Context, method string, params any) (Response, error) {
	var response Response
	request := Request{Method: method}
	if params != nil {
		raw, err := json.Marshal(params)
		if err != nil {
			return response, err
		}
		request.Params = raw
	}
	if c.conn == nil {
		conn, err := dial(c.path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
			return response, errors.New("it is not running yet; a magic such as %model or %dataset starts it")
		}
		if err != nil {
			return response, err
		}
		c.conn, c.reader = conn, bufio.NewReader(conn)
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if !stop() {
			c.drop()
		}
	}()
	c.lastID++
	request.ID = c.lastID
	if err := WriteLine(conn, request); err != nil {
		return response, err
	}
	line, err := ReadLine(c.reader)
	if errors.Is(err, io.EOF) {
		return response, errors.New("it closed the connection before it answered (it may have crashed; the next magic starts it again)")
	}
	if err != nil {
		return response, err
	}
	if err := json.Unmarshal(line, &response); err != nil {
		return response, err
	}
	if response.ID != request.ID && response.Error == "" {
		return response, fmt.Errorf("the answer to request %d has the number %d", request.ID, response.ID)
	}
	return response, nil
}

func (c *Client) drop() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn, c.reader = nil, nil
	}
}

// Close ends the connection. A later call opens a new one.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
	return nil
}
