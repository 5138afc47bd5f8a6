package plugin

import (
	"context"
	"os"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// ProtocolVersion is the version of magic.proto. It grows when an old plugin could no longer be understood.
const ProtocolVersion = 1

const (
	cookieName  = "HEADSTART_PLUGIN"
	cookieValue = "magics-over-grpc"

	// service is the name under which both sides know the one service of a plugin.
	service = "magics"

	// maxMessage bounds one message in bytes: the largest figure or cell body that can cross.
	maxMessage = 64 << 20
)

// Started reports whether a kernel has started this process as a plugin, for programs that are something else besides.
func Started() bool { return os.Getenv(cookieName) == cookieValue }

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{
		ProtocolVersion:  ProtocolVersion,
		MagicCookieKey:   cookieName,
		MagicCookieValue: cookieValue,
	}
}

// bridge joins go-plugin to the generated service. Only the plugin's side has a server.
type bridge struct {
	plugin.NetRPCUnsupportedPlugin
	server magicpb.MagicsServer
}

var _ plugin.GRPCPlugin = bridge{}

func (b bridge) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	magicpb.RegisterMagicsServer(s, b.server)
	return nil
}

func (b bridge) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return magicpb.NewMagicsClient(conn), nil
}
