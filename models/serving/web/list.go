package web

import (
	"encoding/json"

	"github.com/headstart-nb/headstart/models/serving/inference"
)

// A list is an array of JSON with a limit, beyond which nothing of it is decoded.
type list[T any] struct {
	what string
	most int
	all  []T
}

// UnmarshalJSON is json.Unmarshaler's.
func (l *list[T]) UnmarshalJSON(text []byte) error {
	if err := inference.CheckArray(l.what, text, l.most); err != nil {
		return err
	}
	return json.Unmarshal(text, &l.all)
}
