package session

import (
	"context"
	"strings"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/kernel/wire"
)

func (s *Session) isComplete(_ context.Context, _ *request, content wire.IsCompleteRequest) any {
	status, indent := s.completeness(content.Code)
	return wire.IsCompleteReply{Status: status, Indent: indent}
}

// completeness says whether a cell can run as it stands. Only its last part can be unfinished.
func (s *Session) completeness(code string) (status, indent string) {
	parts := s.Magics.ParseCell(code, s.Engine.Scanner())
	for i, part := range parts {
		if part.IsMagic() {
			status, indent = magicCompleteness(code, part), ""
		} else {
			status, indent = s.Engine.IsComplete(part.Engine)
		}
		switch {
		case i == len(parts)-1:
			return status, indent
		case status != wire.Complete:
			return wire.Invalid, ""
		}
	}
	return wire.Complete, ""
}

// magicCompleteness judges the last part of a cell. A line is finished when no backslash continues it, %%name when a line
// follows it.
func magicCompleteness(code string, part registry.Part) string {
	continued := strings.HasSuffix(strings.TrimRight(code, "\r\n"), `\`)
	if part.Call.Cell && part.Call.Body == "" || !part.Call.Cell && continued {
		return wire.Incomplete
	}
	return wire.Complete
}
