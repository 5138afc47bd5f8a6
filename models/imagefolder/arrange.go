package imagefolder

import (
	"fmt"
	"slices"
	"strings"
)

// A candidate is a file that stands under a label, before it is checked.
type candidate struct {
	found
	class string
	split string // empty: still to be split
}

// A layout is what the folders say: which file has which label, and which side of a given split.
type layout struct {
	root       string // the folder that the paths are relative to
	candidates []candidate
	classes    []string // sorted; also those without a file
	given      bool     // whether the folders bring a split
	aside      []Skipped
}

// splitName returns the side that a folder's name stands for.
func splitName(folder string) (string, bool) {
	switch strings.ToLower(folder) {
	case "train", "training":
		return Train, true
	case "val", "valid", "validation", "dev":
		return Val, true
	case "test", "testing":
		return Test, true
	}
	return "", false
}

// arrange reads labels from folders: class/..., or train/class/... where every top folder is the name of a split.
func arrange(s *scanner) layout {
	l := layout{root: s.root, given: givesSplit(s.folders), aside: s.aside}
	classes := map[string]bool{}
	depth := 1 // folders above an image that carry a meaning
	if l.given {
		depth = 2
	}
	for _, folder := range s.folders {
		if parts := strings.Split(folder, "/"); len(parts) == depth {
			classes[parts[depth-1]] = true
		}
	}
	for _, file := range s.files {
		parts := strings.SplitN(file.path, "/", depth+1)
		if len(parts) <= depth {
			l.aside = append(l.aside, Skipped{file.path, "lies outside of any class folder"})
			continue
		}
		c := candidate{found: file, class: parts[depth-1]}
		if l.given {
			c.split, _ = splitName(parts[0])
		}
		l.candidates = append(l.candidates, c)
	}
	for class := range classes {
		l.classes = append(l.classes, class)
	}
	slices.Sort(l.classes)
	return l
}

// givesSplit says whether the top folders are a split: a train folder, and nothing but names of splits, with folders inside.
func givesSplit(folders []string) bool {
	train, nested := false, false
	for _, folder := range folders {
		top, _, below := strings.Cut(folder, "/")
		side, ok := splitName(top)
		if !ok {
			return false
		}
		train = train || side == Train
		nested = nested || below
	}
	return train && nested
}

// relabel puts the classes asked for in the place of the folders' own; empty leaves them.
func (l *layout) relabel(classes []string) error {
	if len(classes) == 0 {
		return nil
	}
	for _, c := range l.candidates {
		if !slices.Contains(classes, c.class) {
			return fmt.Errorf("its class %s is none of the %d that are known: rename the folder, or leave it out",
				Printable(c.class), len(classes))
		}
	}
	l.classes = slices.Clone(classes)
	return nil
}
