package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/session/comms"
	"github.com/headstart-nb/headstart/kernel/session/drops"
	"github.com/headstart-nb/headstart/kernel/session/history"
	"github.com/headstart-nb/headstart/kernel/session/once"
	"github.com/headstart-nb/headstart/kernel/session/rate"
	"github.com/headstart-nb/headstart/kernel/session/updates"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// Transport carries frames between the clients and the session. kernel/zmq's Server is one.
type Transport interface {
	// Receive returns the next message on shell, control or stdin, the sender's address first; on iopub, a subscription.
	Receive(ctx context.Context, channel wire.Channel) ([][]byte, error)
	// Trust says that a message from this address was signed with the connection's key.
	Trust(channel wire.Channel, address []byte)
	// Send never waits.
	Send(channel wire.Channel, frames [][]byte) error
	// Wait returns when the subscribers of iopub have caught up with what was sent.
	Wait(ctx context.Context) error
}

// Config is what a session works with. Transport, Signer, Engine and Magics are needed.
type Config struct {
	Transport Transport
	Signer    *wire.Signer
	Engine    Engine
	Magics    *registry.Registry
	Values    Values // of the engine's variables, which magics take as @NAME; nil: they take none

	Ready       <-chan struct{}        // cells wait until it is closed, for magics that are still being loaded; nil: they do not
	Connection  wire.ConnectionInfo    // answers connect_request
	Version     string                 // of the kernel
	Banner      string                 // what a console shows at its start
	RuntimeDir  string                 // where magics may leave files for the cells of this kernel; empty where there is none
	Drops       *drops.Counter         // counts what is refused; the sockets may use it too
	Notices     []string               // what does not work in this session; the first cell shows them on standard error
	Serverside  bool                   // a Jupyter server has started the kernel, which may execute cells by itself
	Usage       func() wire.UsageReply // answers usage_request; nil: nothing is measured
	HistoryFile string                 // keeps the input of all sessions; empty for this one alone
	Log         *slog.Logger
}

// times that tests shorten.
type patience struct {
	settle  time.Duration // how long after an error to wait for requests that are on their way, to abort them
	cancel  time.Duration // how long a magic may ignore an interrupt
	lookup  time.Duration // how long completion and inspection may take
	closing time.Duration // how long a running cell, or anything else, may delay a shutdown
	stream  time.Duration // how long text is collected before it is sent
	update  time.Duration // the least time between two updates of one display: the eye sees no more
	news    time.Duration // the least time between two news of one watch
	usage   time.Duration // between two measurements of the memory while something runs
}

func defaultPatience() patience {
	return patience{
		settle:  10 * time.Millisecond,
		cancel:  5 * time.Second,
		lookup:  2 * time.Second,
		closing: time.Second,
		stream:  15 * time.Millisecond,
		update:  50 * time.Millisecond,
		news:    100 * time.Millisecond,
		usage:   3 * time.Second,
	}
}

// A Session is one kernel's conversation with all of its clients.
type Session struct {
	Config
	id       string
	decoder  *wire.Decoder
	patience patience
	handlers map[string]handler
	main     *shell
	turn     chan struct{} // holds a token while a cell runs that may change something
	comms    comms.Comms
	once     once.Answers // of magics, to requests that a front end may send again
	teller   *comms.Teller
	history  *history.History
	updates  *updates.Limit
	rate     rate.Limit // of all that cells show
	input    input
	running  running
	noticed  sync.Once
	start    sync.Once // the first subscriber hears that the kernel starts, unless a request is handled before

	subshells *subshells

	engineComms chan *request
	debugging   chan *request // debug requests that wait
	answers     chan struct{} // a token for each request that a magic answers
	lookups     chan struct{} // a token for each completion or inspection that is worked on, late ones too
	stop        context.CancelCauseFunc

	restarting     atomic.Bool
	executionCount atomic.Int64 // of the latest cell that was counted
}

// Most requests that magics answer at one time, and most completions and inspections.
const (
	maxAnswers = 64
	maxLookups = 8
)

// New returns a session that waits for Run.
func New(config Config) *Session {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Drops == nil {
		config.Drops = drops.New(config.Log)
	}
	if config.Ready == nil {
		ready := make(chan struct{})
		close(ready)
		config.Ready = ready
	}
	s := &Session{
		Config:      config,
		id:          uuid.NewString(),
		decoder:     wire.NewDecoder(config.Signer),
		patience:    defaultPatience(),
		main:        &shell{queue: newQueue()},
		turn:        make(chan struct{}, 1),
		subshells:   newSubshells(),
		history:     history.New(config.HistoryFile),
		engineComms: make(chan *request, 256),
		debugging:   make(chan *request, 256),
		answers:     make(chan struct{}, maxAnswers),
		lookups:     make(chan struct{}, maxLookups),
	}
	s.teller = &comms.Teller{Send: s.tellUnasked, Begin: s.patience.stream, Pause: s.patience.news}
	s.updates = updates.New(s.patience.update, func(err error) { s.Log.Error("an update could not be sent", "error", err) })
	s.handlers = s.table()
	return s
}

// errShutdown is the cause by which a shutdown_request ends the session.
var errShutdown = errors.New("a client asked for a shutdown")

// Run talks to the clients until one asks for a shutdown or ctx is canceled, neither of which is an error. It does not
// close the engine.
func (s *Session) Run(ctx context.Context) error {
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s.stop = stop
	var loops sync.WaitGroup
	for _, loop := range []func(context.Context){
		func(ctx context.Context) { s.dispatchAll(ctx, wire.Shell) },
		func(ctx context.Context) { s.dispatchAll(ctx, wire.Control) },
		func(ctx context.Context) { s.runCells(ctx, s.main) },
		s.receiveInput, s.welcomeSubscribers, s.forwardComms, s.answerDebugger,
	} {
		loops.Go(func() { loop(running) })
	}
	<-running.Done()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		loops.Wait()
		s.subshells.loops.Wait()
		s.updates.Flush(func(string, updates.Sender) bool { return true })
	}()
	select {
	case <-ended:
	case <-time.After(s.patience.closing): // what does not stop ends with the process
	}
	if cause := context.Cause(running); ctx.Err() == nil && !errors.Is(cause, errShutdown) {
		return cause
	}
	return nil
}

// A request is a message that a client sent on shell or control.
type request struct {
	wire.Message
	channel wire.Channel
	arrival int64 // in the order of the messages on their channel
}

// dispatchAll reads one channel until ctx is canceled.
func (s *Session) dispatchAll(ctx context.Context, channel wire.Channel) {
	for arrival := int64(1); ; arrival++ {
		frames, err := s.Transport.Receive(ctx, channel)
		if err != nil {
			if ctx.Err() == nil {
				s.stop(fmt.Errorf("read the requests on %s: %w", channel, err))
			}
			return
		}
		message, err := s.decode(channel, frames)
		if err != nil {
			s.Drops.Add(channel, err)
			continue
		}
		s.dispatch(ctx, &request{message, channel, arrival})
	}
}

// errReflected refuses what the kernel has sent itself: its messages have the key's signature, and on TCP every user of
// the machine can read those of iopub.
var errReflected = errors.New("the message is one of the kernel's own")

// decode takes a received message apart, if a client has signed it.
func (s *Session) decode(channel wire.Channel, frames [][]byte) (wire.Message, error) {
	m, err := s.decoder.Decode(frames)
	if err != nil {
		return wire.Message{}, err
	}
	if m.Header.Session == s.id {
		return wire.Message{}, errReflected
	}
	s.Transport.Trust(channel, frames[0])
	return m, nil
}

func (s *Session) dispatch(ctx context.Context, r *request) {
	h, ok := s.handlers[r.Header.MsgType]
	if !ok {
		h = unknown(r.Header.MsgType, s.now)
	}
	h = s.inShell(r, h)
	h.place(ctx, r, h)
}

// serve is the one place where busy, the reply and idle are sent.
func (s *Session) serve(r *request, replyType string, work func() (content, metadata any)) {
	s.start.Do(func() {})
	s.publishStatus(r, wire.StateBusy)
	content, metadata := s.guarded(r, work)
	if replyType != "" && content != nil {
		s.reply(r, replyType, content, metadata)
	}
	s.publishIdle(r)
}

// running are the cells that run, one in each shell at most.
type running struct {
	mu    sync.Mutex // held while an idle is published
	cells []*request // in the order in which they began
}

func (u *running) add(r *request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cells = append(u.cells, r)
}

func (u *running) any() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.cells) > 0
}

// publishIdle ends a request. Front ends show the last status that they hear, whatever it belongs to. So when a request is
// answered beside a cell, the kernel says once more that the cell keeps it busy.
func (s *Session) publishIdle(r *request) {
	s.running.mu.Lock()
	defer s.running.mu.Unlock()
	s.publishStatus(r, wire.StateIdle)
	s.running.cells = slices.DeleteFunc(s.running.cells, func(cell *request) bool { return cell == r })
	if len(s.running.cells) > 0 {
		s.publishStatus(s.running.cells[0], wire.StateBusy)
	}
}

// guarded makes a panic in the handling of one request that request's failure.
func (s *Session) guarded(r *request, work func() (content, metadata any)) (content, metadata any) {
	defer func() {
		if cause := recover(); cause != nil {
			s.Log.Error("the handling of a request panicked", "type", r.Header.MsgType, "panic", cause, "stack", string(debug.Stack()))
			content = errorReply("InternalError", fmt.Errorf("handle a %s: panic: %v; the stack is in the kernel's log", r.Header.MsgType, cause))
		}
	}()
	return work()
}

func (s *Session) reply(r *request, msgType string, content, metadata any) {
	m, err := r.Reply(s.id, msgType, content)
	if err == nil && metadata != nil {
		m.Metadata, err = wire.Marshal(metadata)
	}
	if err == nil {
		err = s.send(r.channel, m)
	}
	if err != nil {
		s.Log.Error("a reply could not be sent", "type", msgType, "error", err)
	}
}

func (s *Session) publishStatus(r *request, state string) {
	if err := s.publish(r, "status", wire.Status{ExecutionState: state}); err != nil {
		s.Log.Error("a status could not be sent", "error", err)
	}
}

// publish sends content to all subscribers, as an effect of r; r is nil where nobody asked.
func (s *Session) publish(r *request, msgType string, content any) error {
	m, err := wire.NewMessage(s.id, msgType, content)
	if err != nil {
		return err
	}
	return s.publishMessage(r, m)
}

func (s *Session) publishMessage(r *request, m wire.Message) error {
	if r != nil {
		m.Parent = r.RawHeader
	}
	m.Identities = [][]byte{[]byte("kernel." + s.id + "." + m.Header.MsgType)}
	return s.send(wire.IOPub, m)
}

func (s *Session) send(channel wire.Channel, m wire.Message) error {
	frames, err := s.Signer.Encode(m)
	if err != nil {
		return err
	}
	return s.Transport.Send(channel, frames)
}

// Interrupt stops the running cells of all shells, as SIGINT and interrupt_request ask for: JEP 91 has no interrupt of one
// shell. A training whose cell is interrupted by mistake can be resumed.
func (s *Session) Interrupt() {
	s.main.queue.interrupt()
	for _, sub := range s.subshells.all() {
		sub.queue.interrupt()
	}
}

// Restarting says, after Run, whether the client that ended the session is going to start the kernel again.
func (s *Session) Restarting() bool { return s.restarting.Load() }

// welcomeSubscribers tells a new subscriber that it hears the kernel from now on. The first one also hears that the kernel starts:
// before it, and so at the start of the process, nobody would. A Jupyter server subscribes again after each restart.
func (s *Session) welcomeSubscribers(ctx context.Context) {
	for {
		frames, err := s.Transport.Receive(ctx, wire.IOPub)
		if err != nil {
			return
		}
		if len(frames) != 1 || len(frames[0]) == 0 {
			continue
		}
		topic := string(frames[0][1:])
		if err := s.publish(nil, "iopub_welcome", map[string]string{"subscription": topic}); err != nil {
			s.Log.Error("a subscriber could not be welcomed", "error", err)
		}
		s.start.Do(func() { s.publishStatus(nil, wire.StateStarting) })
	}
}
