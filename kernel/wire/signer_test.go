package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func signer(t testing.TB, key string) *wire.Signer {
	t.Helper()
	s, err := wire.NewSigner("hmac-sha256", key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func frames(texts ...string) [][]byte {
	var list [][]byte
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}

// The example is what jupyter_client 8.10 computes for these parts and this key.
func TestSignatureIsJupyters(t *testing.T) {
	m := wire.Message{
		RawHeader: json.RawMessage(`{"msg_id":"1","msg_type":"kernel_info_request"}`),
		Content:   json.RawMessage(`{"a":"ü"}`),
	}
	encoded, err := signer(t, "secret").Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	const want = "3a79c5d7e2082a2eb96f100e46c95a87120d01dc3e9873ef2b15313eb7c9f309"
	if got := string(encoded[1]); got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestMessageSurvivesTheWire(t *testing.T) {
	s := signer(t, "key")
	m, err := wire.NewMessage("session", "execute_request", wire.ExecuteRequest{Code: "a < b && c > d"})
	if err != nil {
		t.Fatal(err)
	}
	m.Identities = frames("client", "via")
	m.Metadata = json.RawMessage(`{"cellId":"x"}`)
	m.Buffers = frames("", "\x00\xff")
	encoded, err := s.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(encoded[len(encoded)-3], []byte("a < b && c > d")) {
		t.Errorf("the code is escaped: %s", encoded[len(encoded)-3])
	}
	got, err := s.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	m.RawHeader, m.Parent = got.RawHeader, json.RawMessage("{}")
	if diff := cmp.Diff(m, got); diff != "" {
		t.Error(diff)
	}
}

// A reply repeats the request's header byte for byte, also what this package does not know.
func TestReplyKeepsTheHeader(t *testing.T) {
	header := `{"msg_type": "x", "msg_id":"1",  "unknown": [1.50, "ü"]}`
	s := signer(t, "key")
	request := decode(t, s, "client", header, "{}")
	reply, err := request.Reply("kernel", "x_reply", wire.Simple{Status: "ok"})
	if err != nil {
		t.Fatal(err)
	}
	if string(reply.Parent) != header {
		t.Errorf("parent header %s, want %s", reply.Parent, header)
	}
	if string(reply.Identities[0]) != "client" {
		t.Errorf("the reply goes to %q", reply.Identities)
	}
}

// decode signs a header and a content and decodes the message.
func decode(t *testing.T, s *wire.Signer, identity, header, content string) wire.Message {
	t.Helper()
	encoded, err := s.Encode(wire.Message{
		Identities: frames(identity), RawHeader: json.RawMessage(header), Content: json.RawMessage(content),
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBadMessagesAreRefused(t *testing.T) {
	s := signer(t, "key")
	good, err := s.Encode(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"1","msg_type":"x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	with := func(at int, text string) [][]byte {
		changed := append([][]byte(nil), good...)
		changed[at] = []byte(text)
		return changed
	}
	signed := func(m wire.Message) [][]byte {
		encoded, err := s.Encode(m)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
	for name, test := range map[string]struct {
		frames [][]byte
		want   error
	}{
		"nothing":             {nil, wire.ErrNoDelimiter},
		"one empty frame":     {frames(""), wire.ErrNoDelimiter},
		"no delimiter":        {good[1:], wire.ErrNoDelimiter},
		"delimiter alone":     {good[:1], wire.ErrTooFewFrames},
		"cut off":             {good[:5], wire.ErrTooFewFrames},
		"no signature":        {with(1, ""), wire.ErrSignature},
		"wrong signature":     {with(1, string(bytes.Repeat([]byte("0"), 64))), wire.ErrSignature},
		"half a signature":    {with(1, string(good[1][:32])), wire.ErrSignature},
		"upper case":          {with(1, string(bytes.ToUpper(good[1]))), wire.ErrSignature},
		"changed header":      {with(2, `{"msg_id":"2","msg_type":"x"}`), wire.ErrSignature},
		"changed content":     {with(5, `{"a":1}`), wire.ErrSignature},
		"header is not JSON":  {signed(wire.Message{RawHeader: json.RawMessage("no")}), wire.ErrMalformed},
		"header is a list":    {signed(wire.Message{RawHeader: json.RawMessage("[]")}), wire.ErrMalformed},
		"header of numbers":   {signed(wire.Message{RawHeader: json.RawMessage(`{"msg_id":1,"msg_type":2}`)}), wire.ErrMalformed},
		"header without type": {signed(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"1"}`)}), wire.ErrMalformed},
		"content is not JSON": {signed(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"1","msg_type":"x"}`), Content: json.RawMessage("{")}), wire.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Decode(test.frames); !errors.Is(err, test.want) {
				t.Errorf("err = %v, want %v", err, test.want)
			}
		})
	}
	if _, err := s.Decode(good); err != nil {
		t.Errorf("the message that all are made of is refused: %v", err)
	}
}

func TestReplaysAreRefused(t *testing.T) {
	s := signer(t, "key")
	d := wire.NewDecoder(s)
	first, err := s.Encode(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"first","msg_type":"x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decode(first); err != nil {
		t.Fatal(err)
	}
	// As many others as are remembered at least.
	for i := range 1 << 16 {
		header, _ := json.Marshal(map[string]any{"msg_id": string(rune('a' + i%26)), "msg_type": "x", "i": i}) // a map of strings and numbers encodes
		encoded, err := s.Encode(wire.Message{RawHeader: header})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(encoded); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Decode(first); !errors.Is(err, wire.ErrReplayed) {
		t.Errorf("err = %v, want %v", err, wire.ErrReplayed)
	}
}

func TestWithoutAKeyNothingIsSigned(t *testing.T) {
	s, err := wire.NewSigner("", "")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := s.Encode(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"1","msg_type":"x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if len(encoded[1]) != 0 {
		t.Errorf("signature %q", encoded[1])
	}
	d := wire.NewDecoder(s)
	for range 2 {
		if _, err := d.Decode(encoded); err != nil {
			t.Error(err)
		}
	}
}

func TestUnknownSchemeIsRefused(t *testing.T) {
	if _, err := wire.NewSigner("hmac-md5", "key"); err == nil {
		t.Error("hmac-md5 is taken")
	}
}

// FuzzDecode feeds arbitrary frames, without a key so that they get past the signature.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("id"), []byte("<IDS|MSG>"), []byte(""), []byte(`{"msg_id":"1","msg_type":"x"}`), []byte("{}"), []byte("{}"), []byte(`{"code":"x"}`))
	f.Add([]byte("<IDS|MSG>"), []byte("<IDS|MSG>"), []byte("["), []byte("{"), []byte("null"), []byte("\xff"), []byte(""))
	s, err := wire.NewSigner("", "")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g, h []byte) {
		m, err := s.Decode([][]byte{a, b, c, d, e, g, h})
		if err != nil {
			return
		}
		encoded, err := s.Encode(m)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		again, err := s.Decode(encoded)
		if err != nil {
			t.Fatalf("what was encoded cannot be decoded: %v", err)
		}
		if diff := cmp.Diff(m, again); diff != "" {
			t.Fatal(diff)
		}
		for _, content := range []any{new(wire.ExecuteRequest), new(wire.HistoryRequest), new(wire.CommOpen), new(wire.ExecuteReply), new(wire.DisplayData)} {
			_ = m.DecodeContent(content) // an error is fine, a panic is not
		}
		if _, err := m.Reply("s", "x_reply", wire.Simple{}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzSignature looks for frames that pass the check without having been signed.
func FuzzSignature(f *testing.F) {
	s := signer(f, "a key that nobody guesses")
	valid, err := s.Encode(wire.Message{RawHeader: json.RawMessage(`{"msg_id":"1","msg_type":"x"}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(valid[1], valid[2], valid[5])
	f.Add([]byte(""), valid[2], valid[5])
	f.Add(valid[1][:63], valid[2], valid[5])
	f.Add(append([]byte("0"), valid[1]...), valid[2], valid[5])
	f.Fuzz(func(t *testing.T, signature, header, content []byte) {
		_, err := s.Decode([][]byte{valid[0], signature, header, valid[3], valid[4], content})
		same := bytes.Equal(signature, valid[1]) && bytes.Equal(bytes.Join([][]byte{header, content}, nil), bytes.Join([][]byte{valid[2], valid[5]}, nil))
		if err == nil && !same {
			t.Fatalf("%q signs %q and %q", signature, header, content)
		}
	})
}

func TestNullStandsForAnEmptyObject(t *testing.T) {
	signer, err := wire.NewSigner("hmac-sha256", "key")
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.NewMessage("client", "execute_request", struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	m.Parent, m.Metadata = json.RawMessage("null"), json.RawMessage(" null ")
	frames, err := signer.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := signer.Decode(frames)
	if err != nil || string(got.Parent) != "{}" || string(got.Metadata) != "{}" {
		t.Errorf("%s %s, %v", got.Parent, got.Metadata, err)
	}
	m.Content = json.RawMessage("null")
	if frames, err = signer.Encode(m); err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Decode(frames); err == nil {
		t.Error("a message without content is accepted")
	}
}
