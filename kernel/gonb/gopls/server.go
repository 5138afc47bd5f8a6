// Package gopls asks gopls, the Go language server, about a place in Go text.
package gopls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"go.lsp.dev/jsonrpc2"

	"github.com/headstart-nb/headstart/kernel/process"
)

// Options say how gopls is run.
type Options struct {
	Binary string   // gopls's path
	Dir    string   // the module that the texts belong to
	Env    []string // its environment; it calls go
}

// A Server is a running gopls that is asked about one file of a module. The file's text is given with every question and
// is never written to disk.
type Server struct {
	process *process.Process
	conn    jsonrpc2.Conn
	file    string
	uri     string

	turn    chan struct{} // holds a token while nobody asks
	version int           // of the text that gopls has; guarded by turn
	seen    map[string]time.Time
}

// A Position is a place in a text as the language server protocol counts it: lines and UTF-16 code units from 0.
type Position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// Start starts gopls for a file, by its name in the module's folder, and waits until it has loaded the module.
func Start(ctx context.Context, options Options, name string) (_ *Server, err error) {
	cmd := exec.Command(options.Binary, "serve")
	cmd.Dir, cmd.Env = options.Dir, options.Env
	theirInput, ourInput, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start gopls, which completes Go code: %w", err)
	}
	ourOutput, theirOutput, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start gopls, which completes Go code: %w", err), theirInput.Close(), ourInput.Close())
	}
	cmd.Stdin, cmd.Stdout = theirInput, theirOutput
	file := filepath.Join(options.Dir, name)
	s := &Server{file: file, uri: uriOf(file), turn: make(chan struct{}, 1), seen: map[string]time.Time{}}
	s.process, err = process.Start(cmd)
	if err = errors.Join(err, theirInput.Close(), theirOutput.Close()); err != nil {
		return nil, errors.Join(err, ourInput.Close(), ourOutput.Close())
	}
	s.conn = jsonrpc2.NewConn(jsonrpc2.NewStream(pipes{ourOutput, ourInput}))
	s.conn.Go(context.WithoutCancel(ctx), answer)
	if err := s.initialize(ctx, options.Dir); err != nil {
		s.Close()
		return nil, fmt.Errorf("start gopls, which completes Go code: %w", err)
	}
	s.turn <- struct{}{}
	return s, nil
}

// pipes are both directions of a connection to a child.
type pipes struct{ in, out *os.File }

func (p pipes) Read(data []byte) (int, error)  { return p.in.Read(data) }
func (p pipes) Write(data []byte) (int, error) { return p.out.Write(data) }
func (p pipes) Close() error                   { return errors.Join(p.in.Close(), p.out.Close()) }

// uriOf names a file in the protocol. A path may have characters that mean something else there, such as a percent sign.
func uriOf(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

var errEnded = errors.New("ask gopls about Go code: it has ended")

// settings of gopls: https://go.dev/gopls/settings.
const settings = `{"hoverKind": "FullDocumentation", "linksInHover": false, "completionBudget": "1s",
	"diagnosticsTrigger": "Save", "staticcheck": false, "semanticTokens": false}`

func (s *Server) initialize(ctx context.Context, dir string) error {
	params := map[string]any{
		"processId": os.Getpid(),
		"rootUri":   uriOf(dir),
		"capabilities": map[string]any{
			"workspace": map[string]any{"configuration": true},
			"textDocument": map[string]any{
				"hover":      map[string]any{"contentFormat": []string{"markdown"}},
				"completion": map[string]any{"completionItem": map[string]any{"snippetSupport": false}},
			},
		},
		"initializationOptions": json.RawMessage(settings),
	}
	if err := s.call(ctx, "initialize", params, nil); err != nil {
		return err
	}
	return s.conn.Notify(ctx, "initialized", struct{}{})
}

// answer replies to what gopls asks its client.
func answer(ctx context.Context, reply jsonrpc2.Replier, request jsonrpc2.Request) error {
	if request.Method() != "workspace/configuration" {
		return reply(ctx, nil, nil)
	}
	var params struct{ Items []json.RawMessage }
	if err := json.Unmarshal(request.Params(), &params); err != nil {
		return reply(ctx, nil, fmt.Errorf("read workspace/configuration: %w", err))
	}
	answers := make([]json.RawMessage, len(params.Items))
	for i := range answers {
		answers[i] = json.RawMessage(settings)
	}
	return reply(ctx, answers, nil)
}

// call asks gopls, and takes the question back when ctx ends.
func (s *Server) call(ctx context.Context, method string, params, result any) error {
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() { // the connection does not tell its callers that it has ended
		select {
		case <-s.process.Done():
			cancel()
		case <-stop:
		}
	}()
	id, err := s.conn.Call(alive, method, params, result)
	switch {
	case err != nil && ctx.Err() != nil:
		question := map[string]any{"id": id}
		_ = s.conn.Notify(context.WithoutCancel(ctx), "$/cancelRequest", question) // gopls answers it unread otherwise
		return ctx.Err()
	case err != nil && alive.Err() != nil:
		return errEnded
	}
	return err
}

// ask gives gopls the file's text and asks about a place in it.
func (s *Server) ask(ctx context.Context, method, text string, at Position, result any) error {
	select {
	case <-s.turn:
	case <-s.process.Done():
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { s.turn <- struct{}{} }()
	if err := s.noteChanges(ctx); err != nil {
		return err
	}
	s.version++
	document := map[string]any{"uri": s.uri, "version": s.version}
	var err error
	if s.version == 1 {
		document["languageId"], document["text"] = "go", text
		err = s.conn.Notify(ctx, "textDocument/didOpen", map[string]any{"textDocument": document})
	} else {
		change := []map[string]any{{"text": text}}
		err = s.conn.Notify(ctx, "textDocument/didChange", map[string]any{"textDocument": document, "contentChanges": change})
	}
	if err != nil {
		return err
	}
	return s.call(ctx, method, map[string]any{"textDocument": map[string]any{"uri": s.uri}, "position": at}, result)
}

// noteChanges tells gopls which files of the module have changed on disk.
func (s *Server) noteChanges(ctx context.Context) error {
	const created, changed, deleted = 1, 2, 3 // FileChangeType of the protocol
	entries, err := os.ReadDir(filepath.Dir(s.file))
	if err != nil {
		return fmt.Errorf("list the module that gopls is asked about: %w", err)
	}
	var events []map[string]any
	note := func(file string, kind int) {
		events = append(events, map[string]any{"uri": uriOf(file), "type": kind})
	}
	present := map[string]bool{}
	for _, entry := range entries {
		file := filepath.Join(filepath.Dir(s.file), entry.Name())
		ext := filepath.Ext(file)
		if entry.IsDir() || file == s.file || ext != ".go" && ext != ".mod" && ext != ".sum" && ext != ".work" {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // it is gone again
		}
		present[file] = true
		before, known := s.seen[file]
		switch {
		case !known && s.version > 0:
			note(file, created)
		case known && !before.Equal(info.ModTime()):
			note(file, changed)
		}
		s.seen[file] = info.ModTime()
	}
	for file := range s.seen {
		if !present[file] {
			note(file, deleted)
			delete(s.seen, file)
		}
	}
	if len(events) == 0 {
		return nil
	}
	return s.conn.Notify(ctx, "workspace/didChangeWatchedFiles", map[string]any{"changes": events})
}

// Done is closed when gopls has ended.
func (s *Server) Done() <-chan struct{} { return s.process.Done() }

// Close ends gopls.
func (s *Server) Close() {
	now, cancel := context.WithCancel(context.Background())
	cancel() // it has nothing to save
	s.process.Stop(now, 0)
	_ = s.conn.Close() // the other end is gone
}
