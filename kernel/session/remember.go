package session

import (
	"context"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// remember adds a cell to the history.
func (s *Session) remember(line int, input string) {
	if err := s.history.Add(line, input); err != nil {
		s.Log.Warn("the history could not be kept", "error", err)
	}
}

func (s *Session) searchHistory(_ context.Context, _ *request, content wire.HistoryRequest) any {
	found, err := s.history.Search(content)
	if err != nil {
		return errorReply("HistoryError", err)
	}
	triples := make([][]any, 0, len(found))
	for _, e := range found {
		var input any = e.Input
		if content.Output {
			input = []any{e.Input, nil} // outputs are not kept
		}
		triples = append(triples, []any{e.Session, e.Line, input})
	}
	return wire.HistoryReply{Status: wire.StatusOK, History: triples}
}
