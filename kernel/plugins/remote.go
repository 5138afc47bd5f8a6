package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// typingPatience is how long completion and inspection wait for a plugin: the user is typing.
const typingPatience = 2 * time.Second

// remoteMagic is a magic of a plugin.
type remoteMagic struct {
	description MagicDescription
	plugin      *managed
}

// rawRemoteMagic is one whose line is a language of its own.
type rawRemoteMagic struct{ remoteMagic }

// TakesRawLine marks it as a magics.RawLiner.
func (rawRemoteMagic) TakesRawLine() {}

// watchedRemoteMagic is one that tells what has changed.
type watchedRemoteMagic struct{ remoteMagic }

// rawWatchedRemoteMagic is one of both kinds.
type rawWatchedRemoteMagic struct{ watchedRemoteMagic }

// TakesRawLine marks it as a magics.RawLiner.
func (rawWatchedRemoteMagic) TakesRawLine() {}

// magic is the magic that the description says it is.
func (m remoteMagic) magic() magics.Magic {
	switch d := m.description; {
	case d.Watches && d.TakesRawLine:
		return rawWatchedRemoteMagic{watchedRemoteMagic{m}}
	case d.Watches:
		return watchedRemoteMagic{m}
	case d.TakesRawLine:
		return rawRemoteMagic{m}
	}
	return m
}

var (
	_ magics.Magic      = remoteMagic{}
	_ magics.Completer  = remoteMagic{}
	_ magics.Inspector  = remoteMagic{}
	_ magics.Responder  = remoteMagic{}
	_ magics.Concurrent = remoteMagic{}
	_ magics.RawLiner   = rawRemoteMagic{}
	_ magics.Watcher    = watchedRemoteMagic{}
)

func (m remoteMagic) Name() string { return m.description.Name }
func (m remoteMagic) Help() string { return m.description.Help }

// ConcurrentCalls is what the plugin said.
func (m remoteMagic) ConcurrentCalls() magics.Calls {
	return magics.Calls{All: m.description.Concurrent, Commands: m.description.ConcurrentCommands}
}

func (m remoteMagic) Run(ctx context.Context, call magics.Call, host magics.Host) error {
	p, err := m.plugin.acquire(ctx)
	if err != nil {
		return fmt.Errorf("%%%s: %w", m.Name(), err)
	}
	return p.run(ctx, call, host, m.plugin.manager.options.InterruptGrace)
}

func (m remoteMagic) Complete(ctx context.Context, line string, cursor int) ([]string, error) {
	if !m.description.Completes {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, typingPatience)
	defer cancel()
	p, err := m.plugin.acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("complete %%%s: %w", m.Name(), err)
	}
	found, err := p.magics.Complete(ctx, &magicpb.Position{Name: m.Name(), Line: line, Cursor: int32(cursor)})
	if err != nil {
		return nil, fmt.Errorf("complete %%%s: %w", m.Name(), plain(err))
	}
	return found.GetWords(), nil
}

func (m remoteMagic) Inspect(ctx context.Context, line string, cursor int) (display.Bundle, error) {
	if !m.description.Inspects {
		return display.Text(m.Help()), nil
	}
	ctx, cancel := context.WithTimeout(ctx, typingPatience)
	defer cancel()
	p, err := m.plugin.acquire(ctx)
	if err != nil {
		return display.Bundle{}, fmt.Errorf("inspect %%%s: %w", m.Name(), err)
	}
	bundle, err := p.magics.Inspect(ctx, &magicpb.Position{Name: m.Name(), Line: line, Cursor: int32(cursor)})
	if err != nil {
		return display.Bundle{}, fmt.Errorf("inspect %%%s: %w", m.Name(), plain(err))
	}
	return magicpb.ToBundle(bundle)
}

func (m remoteMagic) Respond(ctx context.Context, request json.RawMessage) (json.RawMessage, error) {
	if !m.description.Responds {
		return nil, fmt.Errorf("%%%s does not answer requests of the notebook extension", m.Name())
	}
	p, err := m.plugin.acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %%%s: %w", m.Name(), err)
	}
	answer, err := p.magics.Respond(ctx, &magicpb.Request{Name: m.Name(), Json: request})
	if err != nil {
		return nil, fmt.Errorf("ask %%%s: %w", m.Name(), plain(err))
	}
	if !json.Valid(answer.GetJson()) {
		return nil, fmt.Errorf("ask %%%s: its answer is not JSON", m.Name())
	}
	return answer.GetJson(), nil
}

// Watch implements magics.Watcher. The stream's flow control holds the plugin back while tell waits.
func (m watchedRemoteMagic) Watch(ctx context.Context, tell func(json.RawMessage) error) error {
	p, err := m.plugin.acquire(ctx)
	if err != nil {
		return fmt.Errorf("watch %%%s: %w", m.Name(), err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream where tell fails
	stream, err := p.magics.Watch(ctx, &magicpb.WatchRequest{Name: m.Name()})
	for err == nil {
		var news *magicpb.News
		if news, err = stream.Recv(); err != nil {
			break
		}
		if !json.Valid(news.GetJson()) {
			return fmt.Errorf("watch %%%s: its news are not JSON", m.Name())
		}
		err = tell(news.GetJson())
	}
	return fmt.Errorf("watch %%%s: %w", m.Name(), plain(err))
}
