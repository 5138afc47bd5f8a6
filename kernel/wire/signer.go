package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Reasons to refuse a received message.
var (
	ErrNoDelimiter  = errors.New("the delimiter <IDS|MSG> is missing")
	ErrTooFewFrames = errors.New("fewer than the five frames that follow the delimiter")
	ErrSignature    = errors.New("the signature is wrong")
	ErrReplayed     = errors.New("the message was received before")
	ErrMalformed    = errors.New("a part is not what the protocol says")
)

var delimiter = []byte("<IDS|MSG>")

// A Signer encodes and decodes messages under a connection's key.
type Signer struct {
	key []byte
}

// NewSigner returns the signer of a connection. The only scheme is "hmac-sha256"; an empty key means no signatures.
func NewSigner(scheme, key string) (*Signer, error) {
	if key != "" && scheme != "hmac-sha256" {
		return nil, fmt.Errorf("set up message signing: the connection file asks for the scheme %q, only hmac-sha256 is known", scheme)
	}
	return &Signer{key: []byte(key)}, nil
}

// Encode returns the frames of m: identities, delimiter, signature, header, parent, metadata, content, buffers.
func (s *Signer) Encode(m Message) ([][]byte, error) {
	header, err := m.headerJSON()
	if err != nil {
		return nil, fmt.Errorf("encode the header of a %s message: %w", m.Header.MsgType, err)
	}
	parts := [][]byte{header, orEmptyObject(m.Parent), orEmptyObject(m.Metadata), orEmptyObject(m.Content)}
	frames := make([][]byte, 0, len(m.Identities)+6+len(m.Buffers))
	frames = append(frames, m.Identities...)
	frames = append(frames, delimiter, s.sign(parts))
	frames = append(frames, parts...)
	return append(frames, m.Buffers...), nil
}

// Decode checks the signature of a received message and takes it apart. The result shares memory with frames.
func (s *Signer) Decode(frames [][]byte) (Message, error) {
	m, _, err := s.decode(frames)
	return m, err
}

func (s *Signer) decode(frames [][]byte) (Message, []byte, error) {
	at := -1
	for i, frame := range frames {
		if bytes.Equal(frame, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return Message{}, nil, ErrNoDelimiter
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return Message{}, nil, ErrTooFewFrames
	}
	signature, parts := rest[0], rest[1:5]
	if len(s.key) > 0 && !hmac.Equal(signature, s.sign(parts)) {
		return Message{}, nil, ErrSignature
	}
	m := Message{
		Identities: frames[:at:at],
		RawHeader:  parts[0], Parent: parts[1], Metadata: parts[2], Content: parts[3],
		Buffers: rest[5:],
	}
	for _, optional := range []*json.RawMessage{&m.Parent, &m.Metadata} { // some clients write null for none
		if bytes.Equal(bytes.TrimSpace(*optional), []byte("null")) {
			*optional = json.RawMessage("{}")
		}
	}
	parts = [][]byte{m.RawHeader, m.Parent, m.Metadata, m.Content}
	for i, name := range [...]string{"header", "parent header", "metadata", "content"} {
		if !isObject(parts[i]) {
			return Message{}, nil, fmt.Errorf("%w: the %s is not a JSON object", ErrMalformed, name)
		}
	}
	if err := json.Unmarshal(m.RawHeader, &m.Header); err != nil {
		return Message{}, nil, fmt.Errorf("%w: the header: %w", ErrMalformed, err)
	}
	if m.Header.MsgType == "" || m.Header.MsgID == "" {
		return Message{}, nil, fmt.Errorf("%w: the header lacks msg_type or msg_id", ErrMalformed)
	}
	return m, signature, nil
}

// sign returns the signature in hexadecimal, empty without a key.
func (s *Signer) sign(parts [][]byte) []byte {
	if len(s.key) == 0 {
		return []byte{}
	}
	mac := hmac.New(sha256.New, s.key)
	for _, part := range parts {
		mac.Write(part)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func isObject(part []byte) bool {
	trimmed := bytes.TrimLeft(part, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(trimmed)
}

func orEmptyObject(part json.RawMessage) []byte {
	if len(part) == 0 {
		return []byte("{}")
	}
	return part
}
