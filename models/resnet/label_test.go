package resnet

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The names are those of the list that Keras reads, in its order, each once.
func TestClassNames(t *testing.T) {
	names := ClassNames()
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" || seen[name] {
			t.Errorf("the class %q is there twice", name)
		}
		seen[name] = true
	}
	if names[134] != "crane (n02012849)" || names[517] != "crane (n03126707)" || len(names) != classes {
		t.Errorf("%d names, %q and %q", len(names), names[134], names[517])
	}
	text, err := os.ReadFile(sharedFile(t, "imagenet-labels/imagenet_class_index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keras map[string][2]string
	if err := json.Unmarshal(text, &keras); err != nil {
		t.Fatal(err)
	}
	for i, l := range Labels() {
		if want := keras[strconv.Itoa(i)]; l.WordNet != want[0] || l.Name != strings.ReplaceAll(want[1], "_", " ") {
			t.Errorf("class %d is %s %s, and Keras has %v", i, l.WordNet, l.Name, want)
		}
	}
}

func TestWeightsWithoutATop(t *testing.T) {
	shapes := openGolden(t, "torchvision50").shapes
	delete(shapes, "fc.weight")
	delete(shapes, "fc.bias")
	_, err := openShapes(t, shapes, Options{Top: true})
	none, ok := errors.AsType[*NoTopError](err)
	if !ok || len(none.Missing) != 2 || !strings.Contains(err.Error(), "missing: fc.weight, fc.bias") {
		t.Errorf("a file without fc: %v", err)
	}
	o := sampleOptions()
	o.Top = true
	if _, err := Open(t.Context(), o); !errors.As(err, new(*NoTopError)) {
		t.Errorf("weights that end with conv3: %v", err)
	}
}
