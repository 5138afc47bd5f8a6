package session

import (
	"context"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// KeyboardInterrupt is the name of the error that an interrupted cell ends with; front ends know it.
const KeyboardInterrupt = "KeyboardInterrupt"

// enqueue lets a cell wait for its turn.
func (s *Session) enqueue(_ context.Context, r *request, _ handler) {
	to, err := s.shellOf(r)
	if err != nil { // it was deleted by now
		s.serve(r, "execute_reply", func() (any, any) { return errorReply(unknownSubshell, err), nil })
		return
	}
	if !to.queue.add(r) {
		s.abort(r)
	}
}

// runCells runs the cells of a shell sequentially until ctx is canceled.
func (s *Session) runCells(ctx context.Context, in *shell) {
	select {
	case <-s.Ready:
	case <-ctx.Done():
		return
	}
	for {
		r, cellCtx := in.queue.next(ctx)
		if r == nil {
			return
		}
		aborted := s.execute(cellCtx, in, r)
		in.queue.done()
		for _, r := range aborted {
			s.abort(r)
		}
	}
}

// lastCount is the number of the latest cell that was counted.
func (s *Session) lastCount() int { return int(s.executionCount.Load()) }

// abort answers a cell that is not run, since one before it failed.
func (s *Session) abort(r *request) {
	s.serve(r, "execute_reply", func() (any, any) {
		return wire.ExecuteReply{Status: wire.StatusAborted, ExecutionCount: s.lastCount(), Payload: []any{}, UserExpressions: map[string]any{}}, nil
	})
}

// replyMetadata is what front ends show as the time that a cell took.
type replyMetadata struct {
	Started string `json:"started"`
	Status  string `json:"status"`
}

// execute answers an execute_request and returns the requests that are to be aborted because of how it ended.
func (s *Session) execute(ctx context.Context, in *shell, r *request) (aborted []*request) {
	s.running.add(r)
	s.serve(r, "execute_reply", func() (any, any) {
		started := time.Now().UTC().Format(wire.DateFormat)
		// What a client leaves out has these values, says the specification.
		content := wire.ExecuteRequest{StoreHistory: true, StopOnError: true, AllowStdin: true}
		if err := r.DecodeContent(&content); err != nil {
			return errorReply("ProtocolError", err), nil
		}
		var reply wire.ExecuteReply
		reply, aborted = s.runRequest(ctx, in, r, content)
		return reply, replyMetadata{Started: started, Status: reply.Status}
	})
	return aborted
}

func (s *Session) runRequest(ctx context.Context, in *shell, r *request, content wire.ExecuteRequest) (reply wire.ExecuteReply, aborted []*request) {
	blank := strings.TrimSpace(content.Code) == ""
	stored := content.StoreHistory && !content.Silent && !blank
	count := s.lastCount()
	if stored {
		count = int(s.executionCount.Add(1))
	}
	c := s.newCell(r, content, count)
	defer s.endTurn(c)
	if !content.Silent {
		s.emit(r, "execute_input", wire.ExecuteInput{Code: content.Code, ExecutionCount: count})
	}
	if stored {
		c.more.Count = count
		s.remember(count, content.Code)
		s.noticed.Do(func() { s.showNotices(c) })
	}
	failure := s.runCode(ctx, c, content.Code)
	reply = wire.ExecuteReply{
		Status: wire.StatusOK, ExecutionCount: count,
		Payload: []any{}, UserExpressions: map[string]any{},
	}
	if failure == nil {
		reply.UserExpressions = s.evaluate(ctx, content.UserExpressions)
	}
	c.end()
	if failure == nil {
		return reply, nil
	}
	reply.Status, reply.Error = wire.StatusError, failure
	if content.StopOnError && !content.Silent {
		// No client has heard of the error yet, so whatever arrives by now was sent to be run after this cell.
		time.Sleep(s.patience.settle)
		aborted = in.queue.drain()
	}
	if !content.Silent {
		s.emit(r, "error", failure)
	}
	return reply, aborted
}

// showNotices says what does not work, above a cell's own output.
func (s *Session) showNotices(c *cell) {
	for _, notice := range s.Notices {
		if err := c.Stream(wire.Stderr, "headstart: "+notice+"\n"); err != nil {
			s.Log.Error("a notice could not be shown", "notice", notice, "error", err)
		}
	}
}

// evaluate answers the user_expressions of a request, each with a result or an error of its own.
func (s *Session) evaluate(ctx context.Context, expressions map[string]string) map[string]any {
	results := map[string]any{}
	for name, expression := range expressions {
		results[name] = s.evaluateOne(ctx, expression)
	}
	return results
}

// evaluation is the result of a user expression.
type evaluation struct {
	Status   string         `json:"status"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

func (s *Session) evaluateOne(ctx context.Context, expression string) any {
	evaluator, ok := s.Engine.(Evaluator)
	if !ok {
		return errorReply("NotSupported", errNoEvaluator)
	}
	data, err := evaluator.Evaluate(ctx, expression)
	if err != nil {
		failure := asFailure(ctx, err)
		return wire.ErrorReply{Status: wire.StatusError, Error: *failure}
	}
	return evaluation{Status: wire.StatusOK, Data: data, Metadata: map[string]any{}}
}

// emit publishes what the session itself has to say about a cell.
func (s *Session) emit(r *request, msgType string, content any) {
	if err := s.publish(r, msgType, content); err != nil {
		s.Log.Error("a message could not be sent", "type", msgType, "error", err)
	}
}
