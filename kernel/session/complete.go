package session

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A magicLine is the line of a magic that the cursor is on, with those that continue it by a backslash.
type magicLine struct {
	start  int    // byte offset of the line in the code
	signs  string // "%" or "%%"
	name   string
	onName bool   // whether the cursor is before the end of the name
	rest   string // after the name; blanks stand for what joins the lines
	cursor int    // byte offset in rest
}

// magicLineAt finds the magic on whose line a cursor (a byte offset) stands. Ok is false on any other line.
func magicLineAt(code string, cursor int) (line magicLine, ok bool) {
	line.start = commandStart(code, cursor)
	text, rest, more := strings.Cut(code[line.start:], "\n")
	for more && strings.HasSuffix(text, `\`) {
		var next string
		next, rest, more = strings.Cut(rest, "\n")
		text = text[:len(text)-1] + "  " + next // as long as a backslash with a line feed
	}
	trimmed := strings.TrimLeft(text, "%")
	line.signs = text[:len(text)-len(trimmed)]
	if line.signs == "" || len(line.signs) > 2 || cursor < line.start+len(line.signs) {
		return line, false
	}
	line.name = trimmed
	if end := strings.IndexAny(trimmed, " \t\r"); end >= 0 {
		line.name, line.rest = trimmed[:end], trimmed[end:]
	}
	line.cursor = cursor - line.start - len(line.signs) - len(line.name)
	line.onName = line.cursor <= 0
	return line, true
}

// commandStart is where the line of a cursor begins, or the first one of those that it continues. Only lines that begin with % or !
// are continued by a backslash.
func commandStart(code string, cursor int) int {
	start := strings.LastIndexByte(code[:cursor], '\n') + 1
	found := start
	for start > 1 && strings.HasSuffix(code[:start], "\\\n") {
		start = strings.LastIndexByte(code[:start-1], '\n') + 1
		if code[start] == '%' || code[start] == '!' {
			found = start
		}
	}
	return found
}

// inMagicBody reports whether the cursor is below a %%name of ours, in text that no engine understands.
func (s *Session) inMagicBody(code string, cursor int) bool {
	for _, part := range s.Magics.ParseCell(code, s.Engine.Scanner()) {
		if part.IsMagic() && part.Call.Cell {
			return strings.Count(code[:cursor], "\n")+1 > part.Line
		}
	}
	return false
}

func (s *Session) complete(ctx context.Context, _ *request, content wire.CompleteRequest) any {
	cursor := byteOffset(content.Code, content.CursorPos)
	line, ok := magicLineAt(content.Code, cursor)
	switch {
	case ok && line.onName:
		return s.completeName(ctx, content, line, cursor)
	case ok && s.Magics.Has(line.name):
		return s.completeMagic(ctx, content, line)
	case s.inMagicBody(content.Code, cursor):
		return completions(content, nil, cursor, cursor)
	}
	reply, ok := lookup(ctx, s, func(ctx context.Context) (wire.CompleteReply, error) {
		return s.Engine.Complete(ctx, content.Code, content.CursorPos)
	})
	if !ok || reply.Matches == nil {
		return completions(content, nil, cursor, cursor)
	}
	reply.Status = wire.StatusOK
	if reply.Metadata == nil {
		reply.Metadata = map[string]any{}
	}
	return reply
}

// completeName completes the name of a magic, ours or the engine's.
func (s *Session) completeName(ctx context.Context, content wire.CompleteRequest, line magicLine, cursor int) any {
	typed := content.Code[line.start:cursor]
	var matches []string
	for _, name := range s.Magics.Names() {
		if match := line.signs + name; strings.HasPrefix(match, typed) {
			matches = append(matches, match)
		}
	}
	reply, _ := lookup(ctx, s, func(ctx context.Context) (wire.CompleteReply, error) {
		return s.Engine.Complete(ctx, content.Code, content.CursorPos)
	})
	if start := byteOffset(content.Code, reply.CursorStart); start >= line.start && start <= cursor {
		for _, match := range reply.Matches {
			if match = content.Code[line.start:start] + match; strings.HasPrefix(match, typed) {
				matches = append(matches, match)
			}
		}
	}
	slices.Sort(matches)
	return completions(content, slices.Compact(matches), line.start, cursor)
}

// completeMagic completes the arguments of a magic.
func (s *Session) completeMagic(ctx context.Context, content wire.CompleteRequest, line magicLine) any {
	behindName := line.start + len(line.signs) + len(line.name)
	start, word, _ := magics.WordAt(line.rest, line.cursor)
	var matches []string
	if magic, _ := s.Magics.Lookup(line.name); magic != nil {
		_, raw := magic.(magics.RawLiner)
		if !raw {
			matches = s.variablesFor(word)
		}
		if completer, ok := magic.(magics.Completer); ok {
			own, _ := lookup(ctx, s, func(ctx context.Context) ([]string, error) {
				return completer.Complete(ctx, line.rest, line.cursor)
			})
			matches = append(written(own, line, raw), matches...)
		}
	}
	return completions(content, matches, behindName+start, behindName+line.cursor)
}

// written are completions as a magic's line needs them. A reply cannot carry those that are not UTF-8.
func written(completions []string, line magicLine, raw bool) (matches []string) {
	for _, c := range completions {
		if !utf8.ValidString(c) {
			continue
		}
		if !raw {
			c = magics.CompletedWord(c, line.rest, line.cursor)
		}
		matches = append(matches, c)
	}
	return matches
}

// variablesFor are the variables that a word of a magic's line may become, as @NAME.
func (s *Session) variablesFor(word string) (matches []string) {
	if s.Values == nil || !strings.HasPrefix(word, "@") {
		return nil
	}
	for _, name := range s.Values.Names() {
		if match := "@" + name; strings.HasPrefix(match, word) {
			matches = append(matches, match)
		}
	}
	return matches
}

// completions is the reply with matches that replace the bytes from start to end.
func completions(content wire.CompleteRequest, matches []string, start, end int) wire.CompleteReply {
	if matches == nil {
		matches = []string{}
	}
	return wire.CompleteReply{
		Status: wire.StatusOK, Matches: matches,
		CursorStart: utf8.RuneCountInString(content.Code[:start]),
		CursorEnd:   utf8.RuneCountInString(content.Code[:end]),
		Metadata:    map[string]any{},
	}
}

func (s *Session) inspect(ctx context.Context, _ *request, content wire.InspectRequest) any {
	cursor := byteOffset(content.Code, content.CursorPos)
	if line, ok := magicLineAt(content.Code, cursor); ok && s.Magics.Has(line.name) {
		return explained(s.inspectMagic(ctx, line))
	}
	if s.inMagicBody(content.Code, cursor) {
		return explained(display.Bundle{})
	}
	reply, ok := lookup(ctx, s, func(ctx context.Context) (wire.InspectReply, error) {
		return s.Engine.Inspect(ctx, content.Code, content.CursorPos, content.DetailLevel)
	})
	if !ok || !reply.Found {
		return explained(display.Bundle{})
	}
	return explained(display.Bundle{Data: reply.Data, Metadata: reply.Metadata})
}

// inspectMagic explains the flag under the cursor, or the magic.
func (s *Session) inspectMagic(ctx context.Context, line magicLine) display.Bundle {
	magic, ok := s.Magics.Lookup(line.name)
	if !ok {
		return display.Bundle{}
	}
	if inspector, ok := magic.(magics.Inspector); ok && !line.onName {
		bundle, ok := lookup(ctx, s, func(ctx context.Context) (display.Bundle, error) {
			return inspector.Inspect(ctx, line.rest, line.cursor)
		})
		if ok && len(bundle.Data) > 0 {
			return bundle
		}
	}
	return display.Text(magic.Help())
}

func explained(bundle display.Bundle) wire.InspectReply {
	data := whole(wire.DisplayData{Data: bundle.Data, Metadata: bundle.Metadata})
	return wire.InspectReply{
		Status: wire.StatusOK, Found: len(data.Data) > 0, Data: data.Data, Metadata: data.Metadata,
	}
}

// lookup runs work for a limited time. Ok is false where it failed, took too long, or too many others still run.
func lookup[T any](ctx context.Context, s *Session, work func(context.Context) (T, error)) (result T, ok bool) {
	select {
	case s.lookups <- struct{}{}:
	default:
		return result, false
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience.lookup)
	defer cancel()
	done := make(chan T, 1)
	go func() {
		defer func() { <-s.lookups }()
		defer close(done)
		defer func() {
			if cause := recover(); cause != nil {
				s.Log.Error("completion or inspection panicked", "panic", cause)
			}
		}()
		found, err := work(ctx)
		if err != nil {
			s.Log.Debug("completion or inspection failed", "error", err)
			return
		}
		done <- found
	}()
	select {
	case result, ok = <-done:
		return result, ok
	case <-ctx.Done():
		return result, false
	}
}

// byteOffset turns a position in code points into one in bytes, and one that lies outside into the nearest inside.
func byteOffset(text string, points int) int {
	for at := range text {
		if points <= 0 {
			return at
		}
		points--
	}
	return len(text)
}
