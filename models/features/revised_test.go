package features

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/models/onnxnet"
)

// TestFeaturesOfAnEarlierVersionAreNotUsed where it computed a network of an ONNX file otherwise. The identity that runs and models have
// recorded stays, and so do the features of other networks.
func TestFeaturesOfAnEarlierVersionAreNotUsed(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "onnxnet", "testdata", "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name  string
			Model []byte
		}
	}
	if err := json.Unmarshal(raw, &golden); err != nil {
		t.Fatal(err)
	}
	revised := map[string]bool{"pad 9": true, "pad of some axes": true, "reduce nothing": true, "a part of the shape": true}
	for _, c := range golden.Cases {
		path := filepath.Join(t.TempDir(), "small.onnx")
		if err := os.WriteFile(path, c.Model, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := onnxnet.Open(t.Context(), path, onnxnet.Options{Output: "out", Preprocess: onnxnet.PreprocessNone})
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		b := OfFile(file, Options{})
		names, err := b.identities("cpu")
		if err != nil {
			t.Fatal(err)
		}
		before := b.Identity().Fingerprint + "|cpu"
		for _, name := range []string{names[0].content, names[0].file} {
			if changed := name != before; changed != revised[c.Name] {
				t.Errorf("%s: its features are under %q, and an earlier version's under %q", c.Name, name, before)
			}
		}
		delete(revised, c.Name)
	}
	if len(revised) > 0 {
		t.Errorf("there is no case for %v", revised)
	}
}
