package gonb

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// result is how a cell ended. Compiled says that GoNB has taken over its declarations.
type result struct {
	failure  *report.Report
	compiled bool
}

// A run is one cell in GoNB.
type run struct {
	in     *instance
	id     string // of the execute_request
	io     session.IO
	stderr report.StderrFilter
	reply  chan wire.ExecuteReply
	idle   chan struct{}

	ctx      context.Context // ends with the run
	asking   sync.Mutex      // held while the user is asked for a line
	asked    atomic.Int64    // when GoNB last asked for a line, in nanoseconds since 1970
	answered atomic.Int64    // when GoNB was last given a line that it asked for, in nanoseconds since 1970
	over     atomic.Bool     // the program has ended
	mu       sync.Mutex
	inputs   []<-chan struct{} // for each line that GoNB has asked for, closed when it has come or will not
	noInput  error             // why the cell got no line, when it asked for one
}

// run runs a cell in GoNB to its end, and past it until its last output has come.
func (e *Engine) run(ctx context.Context, in *instance, c cell.Cell, io session.IO) result {
	request, err := wire.NewMessage(in.session, "execute_request", wire.ExecuteRequest{
		Code: c.Code, StoreHistory: true, AllowStdin: true, UserExpressions: map[string]string{}, StopOnError: true,
	})
	if err != nil {
		r := report.Plain(report.GoNBError, err.Error())
		return result{failure: &r}
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{
		in: in, id: request.Header.MsgID, io: io, ctx: running,
		reply: make(chan wire.ExecuteReply, 1), idle: make(chan struct{}, 1),
	}
	r.stderr.Emit = func(text string) { _ = io.Stream(wire.Stderr, text) } // fails when the cell has ended: nobody reads it
	in.count++
	e.mu.Lock()
	e.cells.Add(in.count, c.Count, c.Code, c.Origin)
	e.mu.Unlock()
	defer in.forget(r.id)
	if err := in.send(ctx, wire.Shell, request, r.take); err != nil {
		return r.lost(e)
	}
	go r.watchStdin()

	var reply *wire.ExecuteReply
	idle := false
	for reply == nil || !idle {
		select {
		case answer := <-r.reply:
			reply = &answer
		case <-r.idle:
			idle = true
		case <-in.process.Done():
			return r.lost(e)
		case <-in.client.Done():
			return r.lost(e)
		case <-ctx.Done():
			return r.interrupt(e)
		}
	}
	r.over.Store(true)
	ended := time.Now()
	r.drain()
	if reply.Status == wire.StatusOK {
		r.awaitInputs(ended)
	}
	return r.finish(e, c, reply)
}

// finish turns GoNB's reply into the cell's result.
func (r *run) finish(e *Engine, c cell.Cell, reply *wire.ExecuteReply) result {
	if err := r.inputFailure(); err != nil {
		r.stderr.Finish()
		refused := report.Plain("StdinNotImplementedError", err.Error())
		return result{failure: &refused, compiled: true}
	}
	if reply.Status == wire.StatusOK {
		r.stderr.End(false)
		return result{compiled: true}
	}
	failure := report.Failure{IsTest: c.IsTest()}
	if reply.Error != nil {
		failure.Reply = *reply.Error
	}
	ended := report.IsExit(failure.Reply.EValue) // the program was built and ran
	failure.Trace = r.stderr.End(ended)
	if failure.Trace != "" {
		failure.Generated = r.in.generated()
	}
	r.stderr.Pass(report.Unexplained(failure.Trace))
	e.mu.Lock()
	explained := report.Explain(failure, &e.cells)
	e.mu.Unlock()
	return result{failure: &explained, compiled: ended}
}

// lost ends a run whose GoNB has died.
func (r *run) lost(e *Engine) result {
	r.stderr.End(false)
	e.discard(r.in)
	return result{failure: died(r.in)}
}

// drain waits until what GoNB sent for this cell has arrived on all channels.
func (r *run) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.in.settle(ctx) // a second that ends late loses nothing that can be waited for
}

// take handles one message that GoNB sends for this cell.
func (r *run) take(channel wire.Channel, m wire.Message) {
	switch channel {
	case wire.IOPub:
		if isIdle(channel, m) {
			select {
			case r.idle <- struct{}{}:
			default:
			}
			return
		}
		if err := r.publish(m); err != nil {
			r.in.log.Debug("output of a Go cell was dropped", "type", m.Header.MsgType, "error", err)
		}
	case wire.Stdin:
		var request wire.InputRequest
		if m.Header.MsgType == "input_request" && m.DecodeContent(&request) == nil {
			if request.Prompt != withInputs {
				r.asked.Store(time.Now().UnixNano())
			}
			came := make(chan struct{})
			r.mu.Lock()
			r.inputs = append(r.inputs, came)
			r.mu.Unlock()
			go func() {
				defer close(came)
				r.input(request)
			}()
		}
	case wire.Shell:
		var reply wire.ExecuteReply
		if m.Header.MsgType == "execute_reply" && m.DecodeContent(&reply) == nil {
			select {
			case r.reply <- reply:
			default:
			}
		}
	}
}

// publish passes an iopub message on.
func (r *run) publish(m wire.Message) error {
	switch m.Header.MsgType {
	case "stream":
		var stream wire.Stream
		if err := m.DecodeContent(&stream); err != nil {
			return err
		}
		if stream.Name == wire.Stderr {
			r.stderr.Write(stream.Text)
			return nil
		}
		return r.io.Stream(stream.Name, stream.Text)
	case "display_data", "update_display_data":
		var data wire.DisplayData
		if err := m.DecodeContent(&data); err != nil {
			return err
		}
		if m.Header.MsgType == "display_data" {
			return r.io.Display(data)
		}
		return r.io.Update(data)
	case "execute_result":
		var value wire.ExecuteResult
		if err := m.DecodeContent(&value); err != nil {
			return err
		}
		return r.io.Result(value)
	case "clear_output":
		var clear wire.ClearOutput
		if err := m.DecodeContent(&clear); err != nil {
			return err
		}
		return r.io.Clear(clear.Wait)
	case "comm_open", "comm_msg", "comm_close":
		comm, err := commOf(m)
		if err != nil {
			return err
		}
		return r.io.Comm(comm)
	}
	return nil // status, execute_input, error: the session sends its own
}

// commOf reads a comm message.
func commOf(m wire.Message) (session.Comm, error) {
	var content struct {
		CommID     string          `json:"comm_id"`
		TargetName string          `json:"target_name"`
		Data       json.RawMessage `json:"data"`
	}
	err := m.DecodeContent(&content)
	return session.Comm{
		Type: m.Header.MsgType, ID: content.CommID, Target: content.TargetName,
		Data: content.Data, Metadata: m.Metadata, Buffers: m.Buffers,
	}, err
}
