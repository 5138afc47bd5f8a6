package comms

import (
	"encoding/json"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// Request is the data of a message to a magic.
type Request struct {
	ID      json.RawMessage `json:"id,omitempty"`
	Token   string          `json:"token"` // the same in a request that is sent again; empty: it is not
	Magic   string          `json:"magic"`
	Request json.RawMessage `json:"request"`
	Watch   *bool           `json:"watch"` // begins or ends the watch of a magic
}

// answer is the data of the answer: one of Answer and Error.
type answer struct {
	ID     json.RawMessage `json:"id,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Answer makes the data that answers a request: with what the magic has answered, or with its error.
func Answer(request Request, answered json.RawMessage, failed error) (json.RawMessage, error) {
	if failed != nil {
		return wire.Marshal(answer{ID: request.ID, Error: failed.Error()})
	}
	data, err := wire.Marshal(answer{ID: request.ID, Answer: answered})
	if err != nil { // the magic's answer is not JSON
		return wire.Marshal(answer{ID: request.ID, Error: err.Error()})
	}
	return data, nil
}
