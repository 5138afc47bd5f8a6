package magicpb

import (
	"encoding/json"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// FuzzBundle feeds the kernel what a broken plugin may send: it is refused, or can be sent on to a front end.
func FuzzBundle(f *testing.F) {
	for _, b := range []display.Bundle{display.Text("x"), {Data: map[string]any{display.MIMEVegaLite: []int{1}}, Metadata: map[string]any{"a": 1}}} {
		wire, err := FromBundle(b)
		if err != nil {
			f.Fatal(err)
		}
		data, err := proto.Marshal(wire)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wire := &Bundle{}
		if proto.Unmarshal(data, wire) != nil {
			return
		}
		b, err := ToBundle(wire)
		if err != nil {
			return
		}
		if _, err := json.Marshal(b); err != nil {
			t.Errorf("a bundle that no message can carry: %v", err)
		}
	})
}
