package magicpb

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// Text is a text that a message can carry: protobuf refuses what is not UTF-8, as names of files and lines of files of other
// encodings may be, and the refusal would end the stream.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// FromBundle is a bundle as a message.
func FromBundle(b display.Bundle) (*Bundle, error) {
	wire := &Bundle{Data: make(map[string]*Representation, len(b.Data))}
	for mime, value := range b.Data {
		mime = Text(mime)
		switch v := value.(type) {
		case string:
			wire.Data[mime] = &Representation{Value: &Representation_Text{Text: Text(v)}}
		case []byte:
			wire.Data[mime] = &Representation{Value: &Representation_Binary{Binary: v}}
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("show the %s of an output: %w", mime, err)
			}
			wire.Data[mime] = &Representation{Value: &Representation_Json{Json: text}}
		}
	}
	if len(b.Metadata) > 0 {
		text, err := json.Marshal(b.Metadata)
		if err != nil {
			return nil, fmt.Errorf("show the metadata of an output: %w", err)
		}
		wire.Metadata = text
	}
	if size := proto.Size(wire); size > MaxMessage-1024 {
		return nil, fmt.Errorf("show an output of %d MiB: it must be at most %d MiB; show less, or a smaller image",
			size>>20, MaxMessage>>20)
	}
	return wire, nil
}

// ToBundle reads a bundle of the other side, which may be broken or hostile.
func ToBundle(wire *Bundle) (display.Bundle, error) {
	b := display.Bundle{Data: make(map[string]any, len(wire.GetData()))}
	for mime, representation := range wire.GetData() {
		switch v := representation.GetValue().(type) {
		case *Representation_Text:
			b.Data[mime] = v.Text
		case *Representation_Binary:
			b.Data[mime] = v.Binary
		case *Representation_Json:
			if !json.Valid(v.Json) {
				return display.Bundle{}, fmt.Errorf("the %s of an output is not JSON", mime)
			}
			b.Data[mime] = json.RawMessage(v.Json)
		}
	}
	if metadata := wire.GetMetadata(); len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &b.Metadata); err != nil {
			return display.Bundle{}, fmt.Errorf("the metadata of an output is not a JSON object: %w", err)
		}
	}
	return b, nil
}
