package main

import (
	"context"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// cells is GoNB without completion and inspection.
type cells struct{ *gonb.Engine }

func (cells) Complete(context.Context, string, int) (wire.CompleteReply, error) {
	return wire.CompleteReply{}, nil
}

func (cells) Inspect(context.Context, string, int, int) (wire.InspectReply, error) {
	return wire.InspectReply{}, nil
}
