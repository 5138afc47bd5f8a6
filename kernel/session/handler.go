package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A handler answers one type of request.
type handler struct {
	// reply is the type of the reply; empty where the protocol has none.
	reply string
	// answer returns the reply's content; nil sends none.
	answer func(ctx context.Context, r *request) any
	// place says where the request is handled: in the loop that read it, beside it, or in a queue.
	place func(ctx context.Context, r *request, h handler)
}

// table is every request that the kernel knows, on shell and control alike.
func (s *Session) table() map[string]handler {
	return map[string]handler{
		"kernel_info_request": {"kernel_info_reply", s.kernelInfo, s.now},
		"connect_request":     {"connect_reply", s.connect, s.now},
		"is_complete_request": {"is_complete_reply", decoded(s.isComplete), s.now},
		"history_request":     {"history_reply", decoded(s.searchHistory), s.now},
		"comm_info_request":   {"comm_info_reply", decoded(s.commInfo), s.now},
		"interrupt_request":   {"interrupt_reply", s.interruptRequest, s.now},
		"shutdown_request":    {"shutdown_reply", decoded(s.shutdown), s.last},
		"debug_request":       {"debug_reply", decoded(s.debug), s.debugNext},

		"usage_request":           {"usage_reply", s.usage, s.beside},
		"create_subshell_request": {"create_subshell_reply", s.createSubshell, s.now},
		"delete_subshell_request": {"delete_subshell_reply", decoded(s.deleteSubshell), s.now},
		"list_subshell_request":   {"list_subshell_reply", s.listSubshells, s.now},
		"execute_request":         {"execute_reply", nil, s.enqueue},
		"complete_request":        {"complete_reply", decoded(s.complete), s.beside},
		"inspect_request":         {"inspect_reply", decoded(s.inspect), s.beside},
		"comm_open":               {"", s.commOpen, s.comm},
		"comm_msg":                {"", s.commMessage, s.comm},
		"comm_close":              {"", s.commClose, s.comm},
	}
}

// unknown declines a type that the table does not have. A client waits for the reply to a request only.
func unknown(msgType string, now func(context.Context, *request, handler)) handler {
	name, isRequest := strings.CutSuffix(msgType, "_request")
	if !isRequest {
		return handler{"", func(context.Context, *request) any { return nil }, now}
	}
	return handler{name + "_reply", func(context.Context, *request) any {
		return errorReply("NotSupported", fmt.Errorf("handle %s: this kernel does not know the request", msgType))
	}, now}
}

// now handles a request in the loop that read it.
func (s *Session) now(ctx context.Context, r *request, h handler) {
	s.serve(r, h.reply, func() (any, any) { return h.answer(ctx, r), nil })
}

// beside handles a request in a goroutine of its own. What takes long there has a bound of its own.
func (s *Session) beside(ctx context.Context, r *request, h handler) {
	go s.now(ctx, r, h)
}

// last handles a request and ends the session.
func (s *Session) last(ctx context.Context, r *request, h handler) {
	s.now(ctx, r, h)
	s.stop(errShutdown)
}

// decoded decodes the content of a request for answer; content of the wrong types is answered with an error.
func decoded[T any](answer func(context.Context, *request, T) any) func(context.Context, *request) any {
	return func(ctx context.Context, r *request) any {
		var content T
		if err := r.DecodeContent(&content); err != nil {
			return errorReply("ProtocolError", err)
		}
		return answer(ctx, r, content)
	}
}

func errorReply(name string, err error) wire.ErrorReply {
	return wire.ErrorReply{
		Status: wire.StatusError,
		Error:  wire.Error{EName: name, EValue: err.Error(), Traceback: []string{}},
	}
}

func (s *Session) kernelInfo(context.Context, *request) any {
	language, links := s.Engine.Language()
	return wire.KernelInfoReply{
		Status:                wire.StatusOK,
		ProtocolVersion:       wire.ProtocolVersion,
		Implementation:        "headstart",
		ImplementationVersion: s.Version,
		LanguageInfo:          language,
		Banner:                s.Banner,
		HelpLinks:             links,
		SupportedFeatures:     []string{featureSubshells},
		Debugger:              s.canDebug(),
	}
}

func (s *Session) connect(context.Context, *request) any {
	c := s.Connection
	return wire.ConnectReply{
		Status:    wire.StatusOK,
		ShellPort: c.ShellPort, IOPubPort: c.IOPubPort, StdinPort: c.StdinPort, ControlPort: c.ControlPort, HBPort: c.HBPort,
	}
}

// usage measures the kernel and all that it started.
func (s *Session) usage(context.Context, *request) any {
	if s.Usage == nil {
		return errorReply("NotSupported", errors.New("measure the kernel: nothing here can"))
	}
	select {
	case s.lookups <- struct{}{}:
		defer func() { <-s.lookups }()
		return s.Usage()
	default:
		return errorReply("BusyError", fmt.Errorf("measure the kernel: %d completions, inspections and measurements are worked on; try again later", maxLookups))
	}
}

func (s *Session) interruptRequest(context.Context, *request) any {
	s.Interrupt()
	return wire.Simple{Status: wire.StatusOK}
}

// shutdown tells every client, then the session ends; with Restart it is the client that starts the kernel again.
func (s *Session) shutdown(_ context.Context, r *request, content wire.Shutdown) any {
	s.restarting.Store(content.Restart)
	reply := wire.Shutdown{Status: wire.StatusOK, Restart: content.Restart}
	if err := s.publish(r, "shutdown_reply", reply); err != nil {
		s.Log.Error("the shutdown could not be announced", "error", err)
	}
	return reply
}
