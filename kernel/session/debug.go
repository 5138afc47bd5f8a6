package session

import (
	"context"
	"encoding/json"
)

// debugRequest is the part of a Debug Adapter Protocol request that an answer repeats.
type debugRequest struct {
	Seq     int    `json:"seq"`
	Command string `json:"command"`
}

// debugResponse is a Debug Adapter Protocol response.
type debugResponse struct {
	Type       string          `json:"type"`
	Seq        int             `json:"seq"`
	RequestSeq int             `json:"request_seq"`
	Success    bool            `json:"success"`
	Command    string          `json:"command"`
	Message    string          `json:"message"`
	Body       json.RawMessage `json:"body"`
}

func (s *Session) canDebug() bool {
	debugger, ok := s.Engine.(Debugger)
	return ok && debugger.CanDebug()
}

// debugNext lets a debug request wait for its turn: they are answered in their order, and some take long.
func (s *Session) debugNext(ctx context.Context, r *request, h handler) {
	select {
	case s.debugging <- r:
	case <-ctx.Done():
	default:
		s.serve(r, h.reply, func() (any, any) {
			var content debugRequest
			_ = r.DecodeContent(&content) // the answer repeats what it can
			return declined(content, "too many debug requests wait for their answers; try again later"), nil
		})
	}
}

// answerDebugger answers debug requests, sequentially.
func (s *Session) answerDebugger(ctx context.Context) {
	for {
		select {
		case r := <-s.debugging:
			s.now(ctx, r, s.handlers[r.Header.MsgType])
		case <-ctx.Done():
			return
		}
	}
}

// debug asks the engine's debugger, or declines: kernel_info says that there is none.
func (s *Session) debug(ctx context.Context, r *request, content debugRequest) any {
	debugger, ok := s.Engine.(Debugger)
	if !ok {
		return declined(content, "this kernel has no debugger")
	}
	return debugger.Debug(ctx, r.Content, func(event json.RawMessage) { s.emit(r, "debug_event", event) })
}

func declined(content debugRequest, why string) debugResponse {
	return debugResponse{Type: "response", RequestSeq: content.Seq, Command: content.Command, Message: why, Body: json.RawMessage("{}")}
}
