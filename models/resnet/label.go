package resnet

import (
	_ "embed"
	"fmt"
	"strings"
)

// labels.txt has one line a class, in the order of the logits: WordNet's id and the name. labels.md says where they are from.
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

// ClassNames are the names of ImageNet's classes in the order of the logits, each once: two that share a name get their WordNet
// id, "crane (n02012849)".
func ClassNames() []string {
	list := Labels()
	count := map[string]int{}
	for _, l := range list {
		count[l.Name]++
	}
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.Name
		if count[l.Name] > 1 {
			names[i] = fmt.Sprintf("%s (%s)", l.Name, l.WordNet)
		}
	}
	return names
}
