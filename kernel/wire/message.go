// Package wire is the Jupyter messaging protocol as bytes: messages, their typed contents, signing. It opens no sockets.
//
// The protocol is described at https://jupyter-client.readthedocs.io/en/stable/messaging.html.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ProtocolVersion is the version of the messaging specification that this package speaks.
const ProtocolVersion = "5.5"

// DateFormat is the layout of a header's date, in UTC.
const DateFormat = "2006-01-02T15:04:05.000000Z"

// A Channel is one of the five sockets between a kernel and its clients.
type Channel string

// The five channels. On a Heartbeat every byte is echoed.
const (
	Shell     Channel = "shell"
	Control   Channel = "control"
	Stdin     Channel = "stdin"
	IOPub     Channel = "iopub"
	Heartbeat Channel = "heartbeat"
)

// A Header identifies a message.
type Header struct {
	MsgID      string  `json:"msg_id"`
	Session    string  `json:"session"`
	Username   string  `json:"username"`
	Date       string  `json:"date"`
	MsgType    string  `json:"msg_type"`
	Version    string  `json:"version"`
	SubshellID *string `json:"subshell_id,omitempty"`
}

// A Message is one message on any channel.
//
// The JSON parts are kept as they came, since a reply repeats its request's header byte for byte, and a kernel in the
// middle passes on fields that it does not know.
type Message struct {
	// Identities are the routing frames before the delimiter: the client's address on a ROUTER socket, a topic on iopub.
	Identities [][]byte
	Header     Header
	// RawHeader is the header as received; Encode writes it instead of Header when it is set.
	RawHeader json.RawMessage
	// Parent is the header of the message that caused this one; nil or {} where there is none.
	Parent   json.RawMessage
	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte
}

// NewMessage returns a message of the given type in the given session with a fresh id, stamped with the time now.
func NewMessage(session, msgType string, content any) (Message, error) {
	data, err := Marshal(content)
	if err != nil {
		return Message{}, fmt.Errorf("encode the content of a %s message: %w", msgType, err)
	}
	return Message{
		Header: Header{
			MsgID:    uuid.NewString(),
			Session:  session,
			Username: "headstart",
			Date:     time.Now().UTC().Format(DateFormat),
			MsgType:  msgType,
			Version:  ProtocolVersion,
		},
		Content: data,
	}, nil
}

// Reply returns a message of the given type caused by m: m's header as its parent, m's address as its own.
func (m Message) Reply(session, msgType string, content any) (Message, error) {
	reply, err := NewMessage(session, msgType, content)
	if err != nil {
		return Message{}, err
	}
	reply.Identities = m.Identities
	reply.Parent, err = m.headerJSON()
	return reply, err
}

// ParentHeader decodes the parent header; it is the zero Header where there is none.
func (m Message) ParentHeader() (Header, error) {
	var h Header
	if len(m.Parent) == 0 {
		return h, nil
	}
	if err := json.Unmarshal(m.Parent, &h); err != nil {
		return Header{}, fmt.Errorf("decode the parent header of a %s message: %w", m.Header.MsgType, err)
	}
	return h, nil
}

// DecodeContent decodes the content into one of this package's content types.
func (m Message) DecodeContent(content any) error {
	if err := json.Unmarshal(m.Content, content); err != nil {
		return fmt.Errorf("decode the content of %s: %w", m.Header.MsgType, err)
	}
	return nil
}

func (m Message) headerJSON() (json.RawMessage, error) {
	if len(m.RawHeader) > 0 {
		return m.RawHeader, nil
	}
	return Marshal(m.Header)
}

// Marshal is json.Marshal without the escaping of <, > and &: it makes code unreadable in logs and golden files.
func Marshal(v any) (json.RawMessage, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, nil
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(buf.Bytes(), "\n"), nil
}
