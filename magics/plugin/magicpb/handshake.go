package magicpb

import (
	"context"
	"os"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// ProtocolVersion is the version of magic.proto. It grows when an old plugin could no longer be understood.
const ProtocolVersion = 1

const (
	cookieName  = "HEADSTART_PLUGIN"
	cookieValue = "magics-over-grpc"

	// Service is the name under which both sides know the one service of a plugin.
	Service = "magics"

	// MaxMessage bounds one message in bytes: the largest figure or cell body that can cross.
	MaxMessage = 64 << 20
)

// Started reports whether a kernel has started this process as a plugin, for programs that are something else besides.
func Started() bool { return os.Getenv(cookieName) == cookieValue }

// Handshake is what both sides check before they talk.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   cookieName,
		MagicCookieValue: cookieValue,
	}
}

// Bridge joins go-plugin to the generated service. Only the plugin's side has Magics.
type Bridge struct {
	plugin.NetRPCUnsupportedPlugin
	Magics MagicsServer
}

var _ plugin.GRPCPlugin = Bridge{}

// GRPCServer is called in the plugin.
func (b Bridge) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	RegisterMagicsServer(s, b.Magics)
	return nil
}

// GRPCClient is called in the kernel.
func (b Bridge) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewMagicsClient(conn), nil
}
