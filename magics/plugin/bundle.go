package plugin

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// toWire writes a bundle for the other side.
func toWire(b display.Bundle) (*magicpb.Bundle, error) {
	wire := &magicpb.Bundle{Data: make(map[string]*magicpb.Representation, len(b.Data))}
	for mime, value := range b.Data {
		switch v := value.(type) {
		case string:
			wire.Data[mime] = &magicpb.Representation{Value: &magicpb.Representation_Text{Text: v}}
		case []byte:
			wire.Data[mime] = &magicpb.Representation{Value: &magicpb.Representation_Binary{Binary: v}}
		default:
			text, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("cannot show the %s of an output: %w", mime, err)
			}
			wire.Data[mime] = &magicpb.Representation{Value: &magicpb.Representation_Json{Json: text}}
		}
	}
	if len(b.Metadata) > 0 {
		text, err := json.Marshal(b.Metadata)
		if err != nil {
			return nil, fmt.Errorf("cannot show the metadata of an output: %w", err)
		}
		wire.Metadata = text
	}
	if size := proto.Size(wire); size > maxMessage-1024 {
		return nil, fmt.Errorf("cannot show an output of %d MiB: at most %d MiB can be shown; show less, or a smaller image",
			size>>20, maxMessage>>20)
	}
	return wire, nil
}

// fromWire reads a bundle of the other side, which may be broken or hostile.
func fromWire(wire *magicpb.Bundle) (display.Bundle, error) {
	b := display.Bundle{Data: make(map[string]any, len(wire.GetData()))}
	for mime, representation := range wire.GetData() {
		switch v := representation.GetValue().(type) {
		case *magicpb.Representation_Text:
			b.Data[mime] = v.Text
		case *magicpb.Representation_Binary:
			b.Data[mime] = v.Binary
		case *magicpb.Representation_Json:
			if !json.Valid(v.Json) {
				return display.Bundle{}, fmt.Errorf("the %s of an output is not JSON", mime)
			}
			b.Data[mime] = json.RawMessage(v.Json)
		}
	}
	if metadata := wire.GetMetadata(); len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &b.Metadata); err != nil {
			return display.Bundle{}, fmt.Errorf("the metadata of an output is no JSON object: %w", err)
		}
	}
	return b, nil
}
