package gonb

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/descendant"
	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
	"github.com/headstart-nb/headstart/kernel/gonb/gotool"
	"github.com/headstart-nb/headstart/kernel/gonb/help"
	"github.com/headstart-nb/headstart/kernel/gonb/position"
	"github.com/headstart-nb/headstart/kernel/wire"
)

const (
	// answerTime is how long a completion or an inspection may take; an empty answer follows.
	answerTime = 1800 * time.Millisecond
	// languageDelay is when gopls is started after GoNB: loading a module takes both cores of a small machine for a
	// second or two, which the first cell needs more.
	languageDelay = 3 * time.Second
	languageStart = 60 * time.Second
)

// language is the gopls of one GoNB, started in the background.
type language struct {
	ready     chan struct{} // closed when server is set, or when it could not be started
	server    *gopls.Server
	workspace string // its GOWORK, which gopls reads once; set with server
}

// languageServer returns the running gopls for the current GoNB, or starts one and waits for it until ctx ends. It is
// nil where there is none.
func (e *Engine) languageServer(ctx context.Context) *gopls.Server {
	e.mu.Lock()
	in := e.current
	e.mu.Unlock()
	if in == nil || in.hasEnded() {
		return nil
	}
	l := in.languageServer(e.options)
	select {
	case <-l.ready:
		return l.server
	case <-ctx.Done():
		return nil
	}
}

// languageServer is the instance's gopls, which is started where there is none.
func (in *instance) languageServer(options Options) *language {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.language != nil && in.language.isOutdated(in.workspace()) {
		in.language.server.Close()
	}
	if in.language == nil || in.language.hasEnded() {
		l := &language{ready: make(chan struct{})}
		in.language = l
		in.running.Go(func() { l.start(in, options) })
	}
	return in.language
}

// workspace is GOWORK for gopls, which does not see what the stand-in for go tells the go command.
func (in *instance) workspace() string {
	if chosen := goenv.Lookup(in.env, "GOWORK"); chosen != "" {
		return chosen
	}
	work := in.output.work()
	return gotool.Workspace(work, work)
}

// isOutdated tells a running gopls that knows of another workspace.
func (l *language) isOutdated(workspace string) bool {
	select {
	case <-l.ready:
		return l.server != nil && l.workspace != workspace
	default:
		return false
	}
}

func (l *language) hasEnded() bool {
	select {
	case <-l.ready:
	default:
		return false
	}
	if l.server == nil {
		return false // it could not be started; trying at each key would not help
	}
	select {
	case <-l.server.Done():
		return true
	default:
		return false
	}
}

// start starts gopls and asks it something, so that it has the standard library at hand.
func (l *language) start(in *instance, options Options) {
	defer close(l.ready)
	ctx, cancel := context.WithTimeout(context.Background(), languageStart)
	defer cancel()
	go func() {
		select {
		case <-in.process.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	work := in.waitForWork(ctx)
	binary := filepath.Join(options.BinDir, descendant.LanguageServer)
	workspace := in.workspace()
	env := append(slices.Clone(in.env), gotool.WorkVar+"="+work, "GOWORK="+workspace)
	server, err := gopls.Start(ctx, gopls.Options{Binary: binary, Dir: work, Env: env}, "main.go")
	if err != nil {
		in.log.Warn("Go code is not completed", "error", err)
		return
	}
	const text = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Print }\n"
	if _, err := server.Complete(ctx, text, gopls.Position{Line: 4, Character: 23}); err != nil {
		in.log.Warn("gopls did not warm up", "error", err)
	}
	l.server, l.workspace = server, workspace
}

// Complete lists what may stand at the cursor: GoNB's commands on their lines, else Go, by gopls. It never waits for a
// cell, and never longer than answerTime.
func (e *Engine) Complete(ctx context.Context, code string, cursor int) (wire.CompleteReply, error) {
	cursor = min(max(cursor, 0), utf8.RuneCountInString(code))
	reply := wire.CompleteReply{Status: wire.StatusOK, Matches: []string{}, CursorStart: cursor, CursorEnd: cursor, Metadata: map[string]any{}}
	if word, ok := help.CommandAt(code, cursor); ok {
		reply.CursorStart -= len(word)
		reply.Matches = append(reply.Matches, help.Complete(word)...)
		return reply, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	server, text := e.question(ctx, code, cursor)
	if server == nil {
		return e.completeVariable(reply, code, cursor), nil
	}
	at := position.Of(code, cursor)
	items, err := server.Complete(ctx, text, at)
	if err != nil {
		return e.completeVariable(reply, code, cursor), nil
	}
	if len(items) == 0 {
		return reply, nil
	}
	reply.CursorStart = position.Back(code, cursor, items[0].Start, at)
	var types []map[string]any
	for _, item := range items {
		if item.Start != items[0].Start {
			continue
		}
		reply.Matches = append(reply.Matches, item.Text)
		types = append(types, map[string]any{
			"start": reply.CursorStart, "end": cursor, "text": item.Text, "type": item.Kind, "signature": item.Detail,
		})
	}
	reply.Metadata[typesOfMatches] = types
	return reply, nil
}

// completeVariable completes the names of kept variables alone: while gopls loads, or has more to do than it can in time.
func (e *Engine) completeVariable(reply wire.CompleteReply, code string, cursor int) wire.CompleteReply {
	word := position.Name(string([]rune(code)[:cursor]), cursor)
	begin := cursor - utf8.RuneCountInString(word)
	if word == "" || (begin > 0 && []rune(code)[begin-1] == '.') {
		return reply
	}
	kept, err := e.Variables()
	if err != nil {
		return reply // the front end shows nothing
	}
	var types []map[string]any
	for _, variable := range kept {
		if !strings.HasPrefix(variable.Name, word) {
			continue
		}
		reply.Matches = append(reply.Matches, variable.Name)
		types = append(types, map[string]any{
			"start": begin, "end": cursor, "text": variable.Name, "type": "variable", "signature": variable.Type,
		})
	}
	if len(types) > 0 {
		reply.CursorStart = begin
		reply.Metadata[typesOfMatches] = types
	}
	return reply
}

// typesOfMatches is what JupyterLab shows beside a match.
const typesOfMatches = "_jupyter_types_experimental"

// Inspect explains what is at the cursor.
func (e *Engine) Inspect(ctx context.Context, code string, cursor, _ int) (wire.InspectReply, error) {
	reply := wire.InspectReply{Status: wire.StatusOK, Data: map[string]any{}, Metadata: map[string]any{}}
	if help, ok := help.Inspect(code, cursor); ok {
		reply.Found, reply.Data["text/plain"] = true, help
		return reply, nil
	}
	name := position.Name(code, position.IdentifierBefore(code, cursor))
	kept, isKept := e.variable(name)
	value, valueMarkdown := describeVariable(kept)
	if isKept && strings.TrimSpace(code) == name { // asked about by name alone, it need not be looked for
		reply.Found = true
		reply.Data["text/plain"] = "var " + name + " " + kept.Type + "\n" + value
		reply.Data["text/markdown"] = "```go\nvar " + name + " " + kept.Type + "\n```\n" + valueMarkdown
		return reply, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	server, text := e.question(ctx, code, cursor)
	if server == nil {
		return reply, nil
	}
	at := position.Of(code, position.IdentifierBefore(code, cursor))
	markdown, err := server.Hover(ctx, text, at)
	if err != nil || markdown == "" {
		return reply, nil // late or unanswered: the front end shows nothing
	}
	reply.Found = true
	reply.Data["text/plain"] = plain(markdown)
	if isKept && strings.Contains(markdown, "var "+name+" ") && !position.IsLocal(text, at) {
		reply.Data["text/plain"] = plain(markdown) + "\n" + value
		markdown += "\n" + valueMarkdown
	}
	reply.Data["text/markdown"] = markdown
	return reply, nil
}

// question is the server to ask about a cell, and the file to ask about; the server is nil where there is none.
func (e *Engine) question(ctx context.Context, code string, cursor int) (*gopls.Server, string) {
	server := e.languageServer(ctx)
	if server == nil {
		return nil, ""
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return server, cell.Composed(cell.New(code, 0), position.Of(code, cursor).Line, &e.memory, e.standard.find)
}

// plain is Markdown for a client that shows text only.
func plain(markdown string) string {
	lines := strings.Split(markdown, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "```") || line == "---"
	}), "\n")
}
