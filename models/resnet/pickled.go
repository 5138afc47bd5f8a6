package resnet

import (
	"fmt"
	"strings"
)

// A PickledSet is weights that their publisher gives to everyone as a pickle. Pickles are not read, since they can run code.
type PickledSet struct {
	Name    string // by which people ask for it
	Summary string
	File    string // as its publisher names it
	SHA256  string // of the file, in hex; empty where none is known
	Same    Origin // the same weights in safetensors; the zero value where nobody gives them
}

// PickledSets lists the weights that people ask for and that come as pickles.
func PickledSets() []PickledSet {
	return []PickledSet{
		{
			Name:    "imagenet-v2",
			Summary: "torchvision's second ResNet50 (IMAGENET1K_V2)",
			File:    "resnet50-11ad3fa6.pth",
			SHA256:  "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca",
			Same:    HubWeights("timm/resnet50.tv2_in1k@f2a8587ea6b4a3a1d84450bcc2561b07952daae2"),
		},
		{
			Name:    "dino",
			Summary: "the ResNet50 of DINO (arXiv:2104.14294)",
			File:    "dino_resnet50_pretrain.pth",
		},
	}
}

// FindPickledSet finds a set by its name.
func FindPickledSet(name string) (PickledSet, bool) {
	for _, s := range PickledSets() {
		if s.Name == name {
			return s, true
		}
	}
	return PickledSet{}, false
}

// A PickledError is weights that were asked for and come as a pickle.
type PickledError struct{ Set PickledSet }

func (e *PickledError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "open weights %s: %s is published as %s", e.Set.Name, e.Set.Summary, e.Set.File)
	if e.Set.SHA256 != "" {
		fmt.Fprintf(&text, " (SHA-256 %s)", e.Set.SHA256)
	}
	text.WriteString(", a pickle, which is not read because it can run code; ")
	if e.Set.Same.Kind != "" {
		fmt.Fprintf(&text, "give %s, the same weights in safetensors, or ", e.Set.Same)
	}
	text.WriteString("convert that file: given as weights, it is refused with the line that converts it")
	return text.String()
}
