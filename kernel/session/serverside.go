package session

import (
	"regexp"

	"github.com/headstart-nb/headstart/kernel/session/replay"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// jupyterClient is the form of the message ids of Python's jupyter_client: session, process and number. Front ends in a
// browser have others.
var jupyterClient = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]+_\d+_\d+$`)

// clientOf judges the client by its request. Config.Serverside says that a Jupyter server has started the kernel; a server
// sends with jupyter_client, and none of these says who it is.
func (s *Session) clientOf(r *request, content wire.ExecuteRequest) replay.Client {
	switch {
	case !s.Serverside || !jupyterClient.MatchString(r.Header.MsgID):
		return replay.DrawsUpdates
	case content.AllowStdin: // by nbmodel, which passes questions on to the browser
		return replay.IgnoresUpdates
	case content.StopOnError:
		return replay.AppendsUpdates
	}
	return replay.IgnoresClears
}
