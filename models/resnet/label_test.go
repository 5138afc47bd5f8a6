package resnet

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
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
	if names[134] != "crane (n02012849)" || names[517] != "crane (n03126707)" || len(names) != Classes {
		t.Errorf("%d names, %q and %q", len(names), names[134], names[517])
	}
	root := os.Getenv("HEADSTART_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(root, "data", "imagenet-labels", "imagenet_class_index.json"))
	if err != nil {
		need.Lack(t, need.Data, err.Error())
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

func TestLabels(t *testing.T) {
	list := Labels()
	seen := map[string]bool{}
	for _, label := range list {
		seen[label.WordNet] = true
	}
	if len(list) != Classes || len(seen) != Classes || list[0] != (Label{WordNet: "n01440764", Name: "tench"}) || list[999] != (Label{WordNet: "n15075141", Name: "toilet tissue"}) {
		t.Errorf("%d labels, %d of them distinct, from %v to %v", len(list), len(seen), list[0], list[len(list)-1])
	}
}
