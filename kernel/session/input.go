package session

import (
	"context"
	"fmt"
	"sync"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// input matches the answers that come on stdin with the one question that is open.
type input struct {
	turn sync.Mutex // held by who asks

	mu      sync.Mutex
	waiting chan string // nil while no question is open
}

// ask sends a question to the client that sent r and waits for the answer.
func (s *Session) ask(ctx context.Context, r *request, prompt string, secret bool) (string, error) {
	s.input.turn.Lock()
	defer s.input.turn.Unlock()
	if ctx.Err() != nil { // while an earlier question was open
		return "", context.Cause(ctx)
	}
	answer := make(chan string, 1)
	s.input.expect(answer)
	defer s.input.expect(nil)
	m, err := r.Reply(s.id, "input_request", wire.InputRequest{Prompt: prompt, Password: secret})
	if err == nil {
		err = s.send(wire.Stdin, m)
	}
	if err != nil {
		return "", fmt.Errorf("ask the user: %w", err)
	}
	select {
	case text := <-answer:
		return text, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (i *input) expect(answer chan string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting = answer
}

// deliver hands an answer over; false when nobody waits for one.
func (i *input) deliver(text string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting == nil {
		return false
	}
	i.waiting <- text
	i.waiting = nil
	return true
}

// receiveInput reads stdin until ctx is canceled.
func (s *Session) receiveInput(ctx context.Context) {
	for {
		frames, err := s.Transport.Receive(ctx, wire.Stdin)
		if err != nil {
			return
		}
		m, err := s.decode(wire.Stdin, frames)
		if err == nil && m.Header.MsgType != "input_reply" {
			err = fmt.Errorf("%w: a %s has no place on stdin", wire.ErrMalformed, m.Header.MsgType)
		}
		var reply wire.InputReply
		if err == nil {
			err = m.DecodeContent(&reply)
		}
		if err == nil && !s.input.deliver(reply.Value) {
			err = fmt.Errorf("%w: no question is open", wire.ErrMalformed)
		}
		if err != nil {
			s.Drops.Add(wire.Stdin, err)
		}
	}
}
