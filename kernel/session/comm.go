package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/headstart-nb/headstart/kernel/session/comms"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/magics"
)

// MagicTarget is the comm target by which the notebook extension talks to magics that are Responders.
//
// A message's data is {"magic": NAME, "request": ...}; it is answered at once, also while a cell runs, by a comm_msg whose
// data is {"answer": ...} or {"error": "..."}. An "id" in the message is repeated in the answer. While plugins are still
// being loaded the answer waits for them, as cells do. A "token" that a request had before gets that request's answer: nothing runs
// a second time. Tokens are the front end's own, such as a UUID with a number.
//
// With "watch": true in the place of a request, the magic's news follow without being asked for, as comm_msgs without a parent: the
// answer is {"watching": true, "seconds": N}, or {"watching": false} where the magic must be asked, and what follows {"magic": NAME, "news": ...}, until the comm is closed, "watch": false
// comes, or N seconds have passed, within which the front end asks again. It ends with {"magic": NAME, "ended": REASON} where
// the kernel ends it. A kernel of an earlier version answers as if it were a request.
const MagicTarget = "headstart.magic"

// Types of comm messages.
const (
	commOpenType  = "comm_open"
	commMsgType   = "comm_msg"
	commCloseType = "comm_close"
)

func (s *Session) commInfo(_ context.Context, _ *request, content wire.CommInfoRequest) any {
	reply := wire.CommInfoReply{Status: wire.StatusOK, Comms: map[string]wire.CommInfo{}}
	for id, target := range s.comms.All() {
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
	target, _ := s.comms.Target(content.CommID)
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
	if !s.comms.Add(content.CommID, content.TargetName) {
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
	switch target, known := s.comms.Target(content.CommID); {
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
	target, known := s.comms.Target(content.CommID)
	s.comms.Remove(content.CommID)
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
	s.comms.Remove(id)
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
		if !s.comms.Add(comm.ID, comm.Target) {
			return wire.Message{}, errors.New("open a comm: too many are open, close some first")
		}
		content = wire.CommOpen{CommID: comm.ID, TargetName: comm.Target, Data: data}
	case commCloseType:
		s.comms.Remove(comm.ID)
	}
	m, err := wire.NewMessage(s.id, comm.Type, content)
	m.Metadata, m.Buffers = comm.Metadata, comm.Buffers
	return m, err
}

func (s *Session) respond(ctx context.Context, r *request, comm string, data json.RawMessage) {
	var request comms.Request
	var encoded []byte
	follow := func() {}
	err := json.Unmarshal(data, &request)
	switch {
	case err != nil:
		encoded = s.encodeAnswer(request, nil, errors.New(`read a message to a magic: it is not of the form {"magic": NAME, "request": ...}`))
	case request.Watch != nil:
		var answer json.RawMessage
		answer, follow, err = s.watch(ctx, r, comm, request.Magic, *request.Watch)
		encoded = s.encodeAnswer(request, answer, err)
	default:
		encoded, err = s.once.Do(ctx, request.Token, func() []byte {
			answer, err := s.askMagic(ctx, request)
			return s.encodeAnswer(request, answer, err)
		})
		if err != nil { // the kernel ends before the first request's answer
			encoded = s.encodeAnswer(request, nil, err)
		}
	}
	if encoded != nil {
		s.emit(r, commMsgType, wire.CommMsg{CommID: comm, Data: encoded})
	}
	follow()
}

// encodeAnswer makes the data of an answer, or of the error; nil where neither can be encoded.
func (s *Session) encodeAnswer(request comms.Request, answer json.RawMessage, err error) []byte {
	data, err := comms.Answer(request, answer, err)
	if err != nil {
		s.Log.Error("an answer could not be encoded", "magic", request.Magic, "error", err)
	}
	return data
}

func (s *Session) askMagic(ctx context.Context, request comms.Request) (answer json.RawMessage, err error) {
	select {
	case s.answers <- struct{}{}:
		defer func() { <-s.answers }()
	default:
		return nil, fmt.Errorf("ask %%%s: %d requests to magics wait for their answers already; try again later", request.Magic, maxAnswers)
	}
	magic, err := s.loadedMagic(ctx, request.Magic)
	if err != nil {
		return nil, err
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

// loadedMagic finds a magic once all are known: a panel that is open when the kernel starts asks before.
func (s *Session) loadedMagic(ctx context.Context, name string) (magics.Magic, error) {
	select {
	case <-s.Ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("ask %%%s: the kernel ended before its magics were loaded", name)
	}
	magic, ok := s.Magics.Lookup(name)
	if !ok {
		return nil, s.Magics.Unknown(name)
	}
	return magic, nil
}
