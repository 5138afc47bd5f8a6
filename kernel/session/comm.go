package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// MagicTarget is the comm target by which the notebook extension talks to magics that are Responders.
//
// A message's data is {"magic": NAME, "request": ...}; it is answered at once, also while a cell runs, by a comm_msg whose
// data is {"answer": ...} or {"error": "..."}. An "id" in the message is repeated in the answer. While plugins are still
// being loaded the answer waits for them, as cells do.
const MagicTarget = "headstart.magic"

// Types of comm messages.
const (
	commOpenType  = "comm_open"
	commMsgType   = "comm_msg"
	commCloseType = "comm_close"
)

// comms are the open comms: their targets by id.
type comms struct {
	mu   sync.Mutex
	open map[string]string
}

// maxComms bounds the open comms; a client that opens more has its new ones closed.
const maxComms = 10_000

func newComms() *comms { return &comms{open: map[string]string{}} }

func (c *comms) add(id, target string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= maxComms {
		return false
	}
	c.open[id] = target
	return true
}

func (c *comms) remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, id)
}

func (c *comms) target(id string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	target, ok := c.open[id]
	return target, ok
}

func (s *Session) commInfo(_ context.Context, _ *request, content wire.CommInfoRequest) any {
	s.comms.mu.Lock()
	defer s.comms.mu.Unlock()
	reply := wire.CommInfoReply{Status: wire.StatusOK, Comms: map[string]wire.CommInfo{}}
	for id, target := range s.comms.open {
		if content.TargetName == "" || content.TargetName == target {
			reply.Comms[id] = wire.CommInfo{TargetName: target}
		}
	}
	return reply
}

// comm places a comm message: the magics' beside the loop, the engine's in their order.
func (s *Session) comm(ctx context.Context, r *request, h handler) {
	var content wire.CommOpen
	if err := r.DecodeContent(&content); err != nil || content.CommID == "" {
		s.Drops.Add(r.channel, fmt.Errorf("%w: a %s without a comm_id", wire.ErrMalformed, r.Header.MsgType))
		return
	}
	target, _ := s.comms.target(content.CommID)
	if r.Header.MsgType == commOpenType {
		target = content.TargetName
	}
	switch {
	case target == MagicTarget && r.Header.MsgType == commMsgType:
		s.beside(ctx, r, h)
	case target == MagicTarget:
		s.now(ctx, r, h)
	default: // what is unknown too: its comm_open may still be in the queue
		select {
		case s.engineComms <- r:
		case <-ctx.Done():
		}
	}
}

// forwardComms hands the engine its comm messages, sequentially.
func (s *Session) forwardComms(ctx context.Context) {
	for {
		select {
		case r := <-s.engineComms:
			s.now(ctx, r, s.handlers[r.Header.MsgType])
		case <-ctx.Done():
			return
		}
	}
}

func (s *Session) commOpen(ctx context.Context, r *request) any {
	var content wire.CommOpen
	if err := r.DecodeContent(&content); err != nil {
		s.Drops.Add(r.channel, err)
		return nil
	}
	if !s.comms.add(content.CommID, content.TargetName) {
		s.closeComm(r, content.CommID)
		return nil
	}
	if content.TargetName != MagicTarget {
		s.toEngine(ctx, r, Comm{Type: commOpenType, ID: content.CommID, Target: content.TargetName, Data: content.Data})
	}
	return nil
}

func (s *Session) commMessage(ctx context.Context, r *request) any {
	var content wire.CommMsg
	if err := r.DecodeContent(&content); err != nil {
		s.Drops.Add(r.channel, err)
		return nil
	}
	switch target, known := s.comms.target(content.CommID); {
	case !known:
		s.closeComm(r, content.CommID)
	case target == MagicTarget:
		s.respond(ctx, r, content.CommID, content.Data)
	default:
		s.toEngine(ctx, r, Comm{Type: commMsgType, ID: content.CommID, Data: content.Data})
	}
	return nil
}

func (s *Session) commClose(ctx context.Context, r *request) any {
	var content wire.CommMsg
	if err := r.DecodeContent(&content); err != nil {
		s.Drops.Add(r.channel, err)
		return nil
	}
	target, known := s.comms.target(content.CommID)
	s.comms.remove(content.CommID)
	if known && target != MagicTarget {
		s.toEngine(ctx, r, Comm{Type: commCloseType, ID: content.CommID, Data: content.Data})
	}
	return nil
}

// toEngine hands a comm message to the engine; what it does not know is closed.
func (s *Session) toEngine(ctx context.Context, r *request, comm Comm) {
	comm.Metadata, comm.Buffers = r.Metadata, r.Buffers
	known := false
	if commer, ok := s.Engine.(Commer); ok {
		var err error
		if known, err = commer.Comm(ctx, comm, s.newCell(r, wire.ExecuteRequest{}, 0)); err != nil {
			s.Log.Error("the engine failed at a comm message", "type", comm.Type, "error", err)
		}
	}
	if !known && comm.Type != commCloseType {
		s.closeComm(r, comm.ID)
	}
}

func (s *Session) closeComm(r *request, id string) {
	s.comms.remove(id)
	s.emit(r, commCloseType, wire.CommMsg{CommID: id, Data: json.RawMessage("{}")})
}

// commToClient makes the message of a comm that the engine opened, used or closed.
func (s *Session) commToClient(comm Comm) (wire.Message, error) {
	data := comm.Data
	if len(data) == 0 {
		data = json.RawMessage("{}")
	}
	var content any = wire.CommMsg{CommID: comm.ID, Data: data}
	switch comm.Type {
	case commOpenType:
		if !s.comms.add(comm.ID, comm.Target) {
			return wire.Message{}, errors.New("open a comm: too many are open, close some first")
		}
		content = wire.CommOpen{CommID: comm.ID, TargetName: comm.Target, Data: data}
	case commCloseType:
		s.comms.remove(comm.ID)
	}
	m, err := wire.NewMessage(s.id, comm.Type, content)
	m.Metadata, m.Buffers = comm.Metadata, comm.Buffers
	return m, err
}

// magicRequest is the data of a message to a magic.
type magicRequest struct {
	ID      json.RawMessage `json:"id,omitempty"`
	Magic   string          `json:"magic"`
	Request json.RawMessage `json:"request"`
}

// magicAnswer is the data of the answer: one of Answer and Error.
type magicAnswer struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
}

func (s *Session) respond(ctx context.Context, r *request, comm string, data json.RawMessage) {
	var request magicRequest
	var answer magicAnswer
	err := json.Unmarshal(data, &request)
	if err == nil {
		answer.Answer, err = s.askMagic(ctx, request)
	}
	answer.ID = request.ID
	if err != nil {
		answer.Answer, answer.Error = nil, err.Error()
	}
	encoded, err := wire.Marshal(answer)
	if err != nil { // the magic's answer is not JSON
		encoded, err = wire.Marshal(magicAnswer{ID: request.ID, Error: err.Error()})
	}
	if err != nil {
		s.Log.Error("an answer could not be encoded", "magic", request.Magic, "error", err)
		return
	}
	s.emit(r, commMsgType, wire.CommMsg{CommID: comm, Data: encoded})
}

func (s *Session) askMagic(ctx context.Context, request magicRequest) (answer json.RawMessage, err error) {
	select {
	case s.answers <- struct{}{}:
		defer func() { <-s.answers }()
	default:
		return nil, fmt.Errorf("ask %%%s: %d requests to magics wait for their answers already; try again later", request.Magic, maxAnswers)
	}
	select { // a panel that is open when the kernel starts asks before the plugins are known
	case <-s.Ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("ask %%%s: the kernel ended before its magics were loaded", request.Magic)
	}
	magic, ok := s.Magics.Lookup(request.Magic)
	if !ok {
		return nil, s.Magics.Unknown(request.Magic)
	}
	responder, ok := magic.(magics.Responder)
	if !ok {
		return nil, fmt.Errorf("ask %%%s: the magic does not answer requests; it only runs in cells", request.Magic)
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%%%s panicked, which is a bug in the magic: panic: %v", request.Magic, cause)
		}
	}()
	return responder.Respond(ctx, request.Request)
}
