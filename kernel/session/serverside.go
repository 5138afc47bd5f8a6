package session

import (
	"regexp"

	"github.com/headstart-nb/headstart/kernel/session/replay"
)

// jupyterClient is the form of the message ids of Python's jupyter_client: session, process and number. Front ends in a
// browser have others.
var jupyterClient = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]+_\d+_\d+$`)

// replayOf decides for one request: Config.Serverside says that a Jupyter server has started the kernel, and a server sends
// with jupyter_client.
func (s *Session) replayOf(r *request) *replay.Record {
	if !s.Serverside || !jupyterClient.MatchString(r.Header.MsgID) {
		return nil
	}
	return &replay.Record{}
}
