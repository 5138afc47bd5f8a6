package magics

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Invoke runs a magic and turns a panic of it into an error, so that a broken magic costs its own cell only.
func Invoke(ctx context.Context, m Magic, call Call, host Host) (err error) {
	defer func() {
		if r := recover(); r != nil {
			slog.Error("magic panicked", "magic", m.Name(), "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("%%%s panicked, which is a bug in the magic: panic: %v; the stack is in the log", m.Name(), r)
		}
	}()
	return m.Run(ctx, call, host)
}
