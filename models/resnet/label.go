package resnet

import (
	_ "embed"
	"strings"
)

// labels.txt has one line a class, in the order of the logits: WordNet's id and the name, as in Keras's
// imagenet_class_index.json.
//
//go:embed labels.txt
var labels string

// Label is a class of ImageNet's 1000.
type Label struct {
	WordNet string // n01440764
	Name    string // tench; not unique: "crane" is a bird and a machine
}

// Labels lists ImageNet's classes in the order of the logits that a backbone with its top gives.
func Labels() []Label {
	lines := strings.Split(strings.TrimSpace(labels), "\n")
	list := make([]Label, len(lines))
	for i, line := range lines {
		list[i].WordNet, list[i].Name, _ = strings.Cut(line, " ")
	}
	return list
}
