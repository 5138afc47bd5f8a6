package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// featureSubshells is what kernel_info lists, by JEP 91.
const featureSubshells = "kernel subshells"

// maxSubshells bounds the subshells; the request for one more is declined.
const maxSubshells = 1000

// errDeleted is the cause by which deleting a subshell cancels the cell that runs in it.
var errDeleted = fmt.Errorf("%w: the subshell of the cell was deleted", errInterrupted)

// A shell runs the cells that are sent to it sequentially, beside those of other shells: the main one, or a subshell.
type shell struct {
	queue *queue
	done  context.CancelCauseFunc // deletes a subshell
}

// subshells are the open ones.
type subshells struct {
	mu    sync.Mutex
	open  map[string]*shell
	order []string // of their creation
	loops sync.WaitGroup
}

func newSubshells() *subshells { return &subshells{open: map[string]*shell{}} }

func (s *subshells) lookup(id string) (*shell, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[id]
	return found, ok
}

func (s *subshells) remove(id string) (*shell, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.open[id]
	delete(s.open, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
	return found, ok
}

func (s *subshells) all() []*shell {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*shell, len(s.order))
	for i, id := range s.order {
		list[i] = s.open[id]
	}
	return list
}

// createSubshell starts a subshell. It ends when it is deleted, or with the session.
func (s *Session) createSubshell(ctx context.Context, _ *request) any {
	s.subshells.mu.Lock()
	defer s.subshells.mu.Unlock()
	if len(s.subshells.open) >= maxSubshells {
		return errorReply("SubshellError", fmt.Errorf("create a subshell: %d are open; delete some first", maxSubshells))
	}
	id := uuid.NewString()
	ctx, done := context.WithCancelCause(ctx)
	created := &shell{queue: newQueue(), done: done}
	s.subshells.open[id] = created
	s.subshells.order = append(s.subshells.order, id)
	s.subshells.loops.Go(func() { s.runCells(ctx, created) })
	return wire.Subshell{Status: wire.StatusOK, SubshellID: id}
}

// deleteSubshell interrupts the cell that runs in a subshell, and aborts those that wait.
func (s *Session) deleteSubshell(_ context.Context, _ *request, content wire.Subshell) any {
	deleted, ok := s.subshells.remove(content.SubshellID)
	if !ok {
		return errorReply(unknownSubshell, fmt.Errorf("delete the subshell %q: there is none", content.SubshellID))
	}
	for _, r := range deleted.queue.close() {
		s.abort(r)
	}
	deleted.done(errDeleted)
	return wire.Simple{Status: wire.StatusOK}
}

func (s *Session) listSubshells(context.Context, *request) any {
	s.subshells.mu.Lock()
	defer s.subshells.mu.Unlock()
	return wire.SubshellList{Status: wire.StatusOK, SubshellIDs: append([]string{}, s.subshells.order...)}
}

// unknownSubshell is the name of the error for a subshell that does not exist, or no longer.
const unknownSubshell = "UnknownSubshellError"

// shellOf is the shell that a request on the shell channel is for.
func (s *Session) shellOf(r *request) (*shell, error) {
	id := r.Header.SubshellID
	if r.channel != wire.Shell || id == nil {
		return s.main, nil
	}
	if found, ok := s.subshells.lookup(*id); ok {
		return found, nil
	}
	return nil, fmt.Errorf("handle a %s: there is no subshell %q; it was deleted, or belongs to a kernel before a restart", r.Header.MsgType, *id)
}

// inShell replaces the handler of a request for a subshell that does not exist. Front ends close a comm and delete its subshell
// by two channels, so that a comm_close may come second: it is carried out all the same.
func (s *Session) inShell(r *request, h handler) handler {
	_, err := s.shellOf(r)
	if err == nil || r.Header.MsgType == commCloseType {
		return h
	}
	return handler{h.reply, func(context.Context, *request) any { return errorReply(unknownSubshell, err) }, s.now}
}

// waitingNotice is what a cell shows that has to wait for one in another shell.
const waitingNotice = "headstart: this cell waits for the one that runs in another shell. Only magics that change nothing run beside it.\n"

// A turn is a cell's part in the rule that one cell at a time may change something.
type turn struct {
	mu    sync.Mutex
	taken bool
	over  bool // the cell has ended
}

// takeTurn lets a cell wait until it is the only one that may change something. It keeps the turn until its end.
func (s *Session) takeTurn(ctx context.Context, c *cell) *wire.Error {
	c.turn.mu.Lock()
	defer c.turn.mu.Unlock()
	switch {
	case c.turn.over: // a magic that did not respond to the interrupt goes on
		return plainFailure("Error", "run code: %s", ErrCellEnded)
	case c.turn.taken:
		return nil
	}
	select {
	case s.turn <- struct{}{}:
		c.turn.taken = true
		return nil
	default:
	}
	if err := c.Stream(wire.Stderr, waitingNotice); err != nil {
		s.Log.Error("a notice could not be shown", "error", err)
	}
	select {
	case s.turn <- struct{}{}: // in the order of their coming
		c.turn.taken = true
		return nil
	case <-ctx.Done():
		return asFailure(ctx, errors.New("the cell was interrupted while it waited for another"))
	}
}

// endTurn lets the next cell begin.
func (s *Session) endTurn(c *cell) {
	c.turn.mu.Lock()
	defer c.turn.mu.Unlock()
	c.turn.over = true
	if c.turn.taken {
		c.turn.taken = false
		<-s.turn
	}
}

// runsBeside reports whether these parts of a cell change nothing that another cell uses.
func (s *Session) runsBeside(parts []registry.Part) bool {
	return !slices.ContainsFunc(parts, func(part registry.Part) bool {
		magic, ok := s.Magics.Lookup(part.Call.Name)
		return !ok || !magics.RunsBeside(magic, part.Call.Line)
	})
}
