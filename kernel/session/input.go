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

	mu       sync.Mutex
	waiting  chan string // nil while no question is open
	question string      // the id of the message that asks
}

// ask sends a question to the client that sent r and waits for the answer.
func (s *Session) ask(ctx context.Context, r *request, prompt string, secret bool) (string, error) {
	s.input.turn.Lock()
	defer s.input.turn.Unlock()
	if ctx.Err() != nil { // while an earlier question was open
		return "", context.Cause(ctx)
	}
	answer := make(chan string, 1)
	m, err := r.Reply(s.id, inputRequest, wire.InputRequest{Prompt: prompt, Password: secret})
	if err == nil {
		s.input.expect(answer, m.Header.MsgID)
		defer s.input.expect(nil, "")
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

// inputRequest is the type of a question.
const inputRequest = "input_request"

func (i *input) expect(answer chan string, question string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.waiting, i.question = answer, question
}

// deliver hands an answer over; false when nobody waits for it. JupyterLab keeps showing the question of a cell that was interrupted,
// and says which one it answers; other front ends do not.
func (i *input) deliver(to wire.Header, text string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.waiting == nil || to.MsgType == inputRequest && to.MsgID != i.question {
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
		var to wire.Header
		if err == nil {
			to, err = m.ParentHeader()
		}
		if err == nil && !s.input.deliver(to, reply.Value) {
			err = fmt.Errorf("%w: the question is not open", wire.ErrMalformed)
		}
		if err != nil {
			s.Drops.Add(wire.Stdin, err)
		}
	}
}
