package session

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

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
	line, ok := registry.LineAt(content.Code, cursor)
	switch {
	case ok && line.OnName:
		return s.completeName(ctx, content, line, cursor)
	case ok && s.Magics.Has(line.Name):
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
func (s *Session) completeName(ctx context.Context, content wire.CompleteRequest, line registry.Line, cursor int) any {
	typed := content.Code[line.Start:cursor]
	var matches []string
	for _, name := range s.Magics.Names() {
		if match := line.Signs + name; strings.HasPrefix(match, typed) {
			matches = append(matches, match)
		}
	}
	reply, _ := lookup(ctx, s, func(ctx context.Context) (wire.CompleteReply, error) {
		return s.Engine.Complete(ctx, content.Code, content.CursorPos)
	})
	if start := byteOffset(content.Code, reply.CursorStart); start >= line.Start && start <= cursor {
		for _, match := range reply.Matches {
			if match = content.Code[line.Start:start] + match; strings.HasPrefix(match, typed) {
				matches = append(matches, match)
			}
		}
	}
	slices.Sort(matches)
	return completions(content, slices.Compact(matches), line.Start, cursor)
}

// completeMagic completes the arguments of a magic.
func (s *Session) completeMagic(ctx context.Context, content wire.CompleteRequest, line registry.Line) any {
	behindName := line.Start + len(line.Signs) + len(line.Name)
	start, word, _ := magics.WordAt(line.Rest, line.Cursor)
	var matches []string
	if magic, _ := s.Magics.Lookup(line.Name); magic != nil {
		_, raw := magic.(magics.RawLiner)
		if !raw {
			matches = s.variablesFor(word)
		}
		if completer, ok := magic.(magics.Completer); ok {
			own, _ := lookup(ctx, s, func(ctx context.Context) ([]string, error) {
				return completer.Complete(ctx, line.Rest, line.Cursor)
			})
			matches = append(written(own, line, raw), matches...)
		}
	}
	return completions(content, matches, behindName+start, behindName+line.Cursor)
}

// written are completions as a magic's line needs them. A reply cannot carry those that are not UTF-8.
func written(completions []string, line registry.Line, raw bool) (matches []string) {
	for _, c := range completions {
		if !utf8.ValidString(c) {
			continue
		}
		if !raw {
			c = magics.CompletedWord(c, line.Rest, line.Cursor)
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
	if line, ok := registry.LineAt(content.Code, cursor); ok && s.Magics.Has(line.Name) {
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
func (s *Session) inspectMagic(ctx context.Context, line registry.Line) display.Bundle {
	magic, ok := s.Magics.Lookup(line.Name)
	if !ok {
		return display.Bundle{}
	}
	if inspector, ok := magic.(magics.Inspector); ok && !line.OnName {
		bundle, ok := lookup(ctx, s, func(ctx context.Context) (display.Bundle, error) {
			return inspector.Inspect(ctx, line.Rest, line.Cursor)
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
