package rpc

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/headstart-nb/headstart/models/serving/oippb"
)

// A watcher notes each call that admit lets through, from its header to its end, also one whose message never came or was not read.
type watcher struct{ *server }

type routeKey struct{}

// TagRPC is one of stats.Handler's.
func (watcher) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, routeKey{}, routeOf(info.FullMethodName))
}

// HandleRPC is one of stats.Handler's.
func (w watcher) HandleRPC(ctx context.Context, event stats.RPCStats) {
	route, _ := ctx.Value(routeKey{}).(string) // TagRPC has set it
	if end, ok := event.(*stats.End); ok {
		w.note(ctx, route, status.Code(end.Error), end.EndTime.Sub(end.BeginTime))
	}
}

// TagConn is one of stats.Handler's.
func (watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is one of stats.Handler's.
func (watcher) HandleConn(context.Context, stats.ConnStats) {}

// answer turns an error, or a panic, into a status.
func (s *server) answer(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (response any, err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			s.Log.Error("a call made the server panic", "method", info.FullMethod, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
			response, err = nil, status.Error(codes.Internal, "the server failed")
		}
	}()
	if response, err = handler(ctx, request); err != nil {
		err = s.statusOf(err)
	}
	return response, err
}

// unknown answers a call of a method that is not there.
func unknown(any, grpc.ServerStream) error {
	return status.Error(codes.Unimplemented, "there is no such method; the service is "+oippb.GRPCInferenceService_ServiceDesc.ServiceName)
}

// note counts a call, and logs it where each is logged.
func (s *server) note(ctx context.Context, route string, code codes.Code, took time.Duration) {
	s.Observer.Request("grpc", route, int(code), took)
	if !s.Each {
		return
	}
	from := ""
	if p, ok := peer.FromContext(ctx); ok {
		from = p.Addr.String()
	}
	s.Log.Info("request", "protocol", "grpc", "route", route, "code", int(code), "seconds", took.Seconds(), "from", from)
}

// other stands for every method that is not there.
const other = "other"

// routeOf is the name of a method that is there: one of few, and nothing that a client has written.
func routeOf(method string) string {
	service := oippb.GRPCInferenceService_ServiceDesc
	for _, known := range service.Methods {
		if method == "/"+service.ServiceName+"/"+known.MethodName {
			return method
		}
	}
	return other
}
