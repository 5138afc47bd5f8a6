package gonb

import (
	"context"
	"encoding/json"

	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// commTarget is the one comm target of GoNB: its widgets' connection to the browser.
const commTarget = "gonb_comm"

// comms are the open comms of GoNB, of which it keeps one at a time.
type comms struct {
	open string // the id
	last string // the message id of the latest comm message, whose route is kept
}

// Comm hands a comm message over to GoNB, whose widgets use it.
func (e *Engine) Comm(ctx context.Context, comm session.Comm, io session.IO) (known bool, err error) {
	e.mu.Lock()
	in, open, last := e.current, e.comms.open, e.comms.last
	e.mu.Unlock()
	if in == nil || in.hasEnded() {
		return false, nil
	}
	if comm.Type == "comm_open" && comm.Target != commTarget || comm.Type != "comm_open" && comm.ID != open {
		return false, nil
	}
	m, err := wire.NewMessage(in.session, comm.Type, struct {
		CommID     string          `json:"comm_id"`
		TargetName string          `json:"target_name,omitempty"`
		KernelID   string          `json:"kernel_id"` // GoNB takes a comm_open only with its own id
		Data       json.RawMessage `json:"data"`
	}{comm.ID, comm.Target, e.options.KernelID, orEmpty(comm.Data)})
	if err != nil {
		return true, err
	}
	m.Metadata, m.Buffers = comm.Metadata, comm.Buffers
	e.mu.Lock()
	e.comms.last = m.Header.MsgID
	switch comm.Type {
	case "comm_open":
		e.comms.open = comm.ID
	case "comm_close":
		e.comms.open = ""
	}
	e.mu.Unlock()
	in.forget(last)
	r := &run{in: in, io: io}
	r.stderr.Emit = func(text string) { _ = io.Stream(wire.Stderr, text) } // nobody is left to read it
	return true, in.send(ctx, wire.Shell, m, func(_ wire.Channel, m wire.Message) {
		if err := r.publish(m); err != nil {
			in.log.Debug("an answer to a comm message was dropped", "type", m.Header.MsgType, "error", err)
		}
	})
}

func orEmpty(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("{}")
	}
	return data
}
