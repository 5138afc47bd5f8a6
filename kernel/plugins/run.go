package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// cellRun is the kernel's side of one Run.
type cellRun struct {
	magic   string          // its name
	ctx     context.Context // of the call
	process *instance
	stream  magicpb.Magics_RunClient
	host    magics.Host
	gate    *gate
	shown   map[string]bool // displays of this call
	killed  atomic.Bool     // whether the plugin was ended because it did not respond to the interrupt
	sending sync.Mutex      // gRPC allows one Send at a time
}

// run calls a magic of the plugin. When ctx is canceled, the plugin gets grace to end the call, then it is killed.
func (p *instance) run(ctx context.Context, call magics.Call, host magics.Host, grace time.Duration) error {
	start := &magicpb.ToMagic{Message: &magicpb.ToMagic_Start{Start: magicpb.FromCall(call)}}
	if proto.Size(start) > magicpb.MaxMessage { // the cell is in it twice: as the magic's body, and as it stands
		return fmt.Errorf("%%%s: its plugin %s cannot be sent a cell of %d MiB: the limit is %d MiB; keep large data in a file, and name that",
			call.Name, p.name, len(call.Code)>>20, magicpb.MaxMessage>>21)
	}
	streamCtx, stop := context.WithCancel(context.WithoutCancel(ctx)) // the interrupt goes through the stream
	defer stop()
	executeCtx, stopExecuting := context.WithCancel(ctx)
	defer stopExecuting()
	stream, err := p.magics.Run(streamCtx)
	if err != nil {
		return p.lost(call.Name, err)
	}
	r := &cellRun{magic: call.Name, ctx: executeCtx, process: p, stream: stream, host: host, gate: &gate{host: host}, shown: map[string]bool{}}
	r.send(start)
	ended := make(chan struct{})
	defer close(ended)
	go r.interrupt(ctx, ended, grace)
	done, err := r.receive()
	r.gate.flush()
	switch {
	case err != nil && r.killed.Load():
		return fmt.Errorf("%%%s did not end within %v of the interrupt: its plugin %s was ended, with the state it held; the next use starts it again: %w",
			call.Name, grace, p.name, ctx.Err())
	case err != nil:
		return p.lost(call.Name, err)
	case done.GetCancelled():
		return &cancelledError{done.GetError()}
	case done.GetError() != "":
		return errors.New(done.GetError())
	}
	return nil
}

// interrupt passes the user's interrupt on.
func (r *cellRun) interrupt(ctx context.Context, ended <-chan struct{}, grace time.Duration) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	// The grace is counted even where the plugin takes nothing more, so that sending waits.
	go r.send(&magicpb.ToMagic{Message: &magicpb.ToMagic_Cancel{Cancel: &magicpb.Cancel{}}})
	select {
	case <-ended:
	case <-time.After(grace):
		r.killed.Store(true)
		r.process.kill("%" + r.magic + " did not respond to the interrupt")
	}
}

// send may fail only when the stream has ended, which receive reports.
func (r *cellRun) send(m *magicpb.ToMagic) {
	r.sending.Lock()
	defer r.sending.Unlock()
	_ = r.stream.Send(m)
}

// receive serves the plugin's requests until it is done.
func (r *cellRun) receive() (*magicpb.Done, error) {
	for {
		message, err := r.stream.Recv()
		if err == io.EOF {
			return nil, errors.New("it ended the call without saying done")
		}
		if err != nil {
			return nil, err
		}
		switch m := message.GetMessage().(type) {
		case *magicpb.FromMagic_Stdout:
			r.gate.write(m.Stdout, false)
		case *magicpb.FromMagic_Stderr:
			r.gate.write(m.Stderr, true)
		case *magicpb.FromMagic_Show:
			r.show(m.Show)
		case *magicpb.FromMagic_Update:
			r.update(m.Update)
		case *magicpb.FromMagic_Ask:
			r.gate.flush()
			go r.ask(m.Ask)
		case *magicpb.FromMagic_Execute:
			r.gate.flush()
			go r.execute(m.Execute)
		case *magicpb.FromMagic_Done:
			return m.Done, nil
		}
	}
}

func (r *cellRun) show(s *magicpb.Show) {
	r.gate.flush()
	answer := &magicpb.Shown{Request: s.GetRequest()}
	bundle, err := magicpb.ToBundle(s.GetBundle())
	if err == nil {
		id, showErr := r.host.Show(r.ctx, bundle)
		answer.DisplayId, err = string(id), showErr
	}
	if err != nil {
		answer.Error = magicpb.Text(err.Error())
	} else {
		r.shown[answer.DisplayId] = true
		r.process.remember(answer.DisplayId, r.host)
	}
	r.send(&magicpb.ToMagic{Message: &magicpb.ToMagic_Shown{Shown: answer}})
}

// update takes displays of this call only: another cell's cannot be written to.
func (r *cellRun) update(u *magicpb.Update) {
	if !r.shown[u.GetDisplayId()] {
		fmt.Fprintf(r.process.log, "headstart: an update of display %q is dropped: this call does not show it\n", u.GetDisplayId())
		return
	}
	r.gate.flush() // text that was written before the update stays before it
	r.process.pass(r.ctx, r.host, u.GetDisplayId(), u.GetBundle())
}

func (r *cellRun) ask(a *magicpb.Ask) {
	answer := &magicpb.Answer{Request: a.GetRequest()}
	text, err := r.host.Ask(r.ctx, a.GetPrompt(), a.GetSecret())
	if err != nil {
		answer.Error = magicpb.Text(err.Error())
	}
	answer.Text = magicpb.Text(text)
	r.send(&magicpb.ToMagic{Message: &magicpb.ToMagic_Answer{Answer: answer}})
}

func (r *cellRun) execute(e *magicpb.Execute) {
	answer := &magicpb.Executed{Request: e.GetRequest()}
	if err := r.host.Execute(r.ctx, e.GetCode()); err != nil {
		answer.Error = magicpb.Text(err.Error())
	}
	r.send(&magicpb.ToMagic{Message: &magicpb.ToMagic_Executed{Executed: answer}})
}

// lost says why the connection broke in the middle of a call.
func (p *instance) lost(name string, err error) error {
	if status.Code(err) == codes.ResourceExhausted {
		return fmt.Errorf("%%%s: the plugin %s sent more than %d MiB at once: show less, or a smaller image", name, p.name, magicpb.MaxMessage>>20)
	}
	if how := p.ending(); how != "" {
		message := fmt.Sprintf("%%%s: its plugin %s has ended in the middle of the cell (%s), with the state it held; the next use starts it again",
			name, p.name, how)
		if printed := p.log.last(12); printed != "" {
			message += "\nThe last that it printed:\n" + printed
		}
		return errors.New(message)
	}
	return fmt.Errorf("%%%s: the call to its plugin %s failed: %w; %%plugins restart %s starts it again", name, p.name, plain(err), p.name)
}

// plain takes gRPC's wrapping off an error.
func plain(err error) error {
	if s, ok := status.FromError(err); ok && s.Code() != codes.OK {
		return errors.New(s.Message())
	}
	return err
}

// cancelledError is the error of a magic that the user has interrupted.
type cancelledError struct{ text string }

func (e *cancelledError) Error() string { return e.text }
func (e *cancelledError) Unwrap() error { return context.Canceled }
