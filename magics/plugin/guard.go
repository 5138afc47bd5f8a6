package plugin

import (
	"context"
	"log/slog"
	"path"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// guards turn a panic in a call into the call's error: it must not cost what the plugin holds for other cells.
func guards() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(func(ctx context.Context, request any, info *grpc.UnaryServerInfo, call grpc.UnaryHandler) (answer any, err error) {
			defer recovered(info.FullMethod, &err)
			return call(ctx, request)
		}),
		grpc.ChainStreamInterceptor(func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, call grpc.StreamHandler) (err error) {
			defer recovered(info.FullMethod, &err)
			return call(server, stream)
		}),
	}
}

// recovered is to be deferred by the function whose panic it takes.
func recovered(method string, err *error) {
	if r := recover(); r != nil {
		name := path.Base(method)
		slog.Error("call panicked", "call", name, "panic", r, "stack", string(debug.Stack()))
		*err = status.Errorf(codes.Internal, "%s panicked, which is a bug in the plugin: panic: %v; the stack is in the log", name, r)
	}
}
