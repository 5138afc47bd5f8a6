package imagefolder

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
)

// GroupBy says what images have in common that must stay in one subset, such as a patient or a video, beside copies.
type GroupBy string

// The ways of grouping.
const (
	GroupByNothing GroupBy = ""
	GroupByFolder  GroupBy = "folder" // the first folder below the class folder; in a list, the file's folder
	// GroupByPrefix takes the file's name up to its first number, if more follows (patient12 of patient12_left_3.png), else
	// without its last number (walk of walk_0001.png).
	GroupByPrefix GroupBy = "prefix"
)

// key is a candidate's group; empty for one that has none. It leaves the class out: a patient may be in two.
func (g GroupBy) key(c source.Candidate) string {
	switch g {
	case GroupByFolder:
		return c.Group
	case GroupByPrefix:
		return prefixOf(path.Base(c.Path))
	}
	return ""
}

func prefixOf(file string) string {
	name := strings.TrimSuffix(file, path.Ext(file))
	start := strings.IndexAny(name, digits)
	if start < 0 {
		return ""
	}
	end := start + len(name[start:]) - len(strings.TrimLeft(name[start:], digits))
	if end < len(name) {
		return name[:end]
	}
	return strings.TrimRight(name[:start], "_-. ")
}

const digits = "0123456789"

// together joins clusters that have a group in common, and returns lists of items that have to be in one subset.
func (d *Dataset) together(found neardup.Clusters) [][]int {
	sets := newSets(len(d.Items))
	for _, c := range found.List {
		for _, i := range c.Items {
			sets.join(c.Leader, i)
		}
	}
	first := map[string]int{}
	for i, key := range d.groups {
		if key == "" {
			continue
		}
		if j, ok := first[key]; ok {
			sets.join(i, j)
		} else {
			first[key] = i
		}
	}
	return sets.lists()
}

// describeGroupBy says what the groups of Options.GroupBy are.
func (d *Dataset) describeGroupBy() {
	by := d.Options.GroupBy
	if by == GroupByNothing {
		return
	}
	members := map[string][]int{}
	for i, key := range d.groups {
		if key != "" {
			members[key] = append(members[key], i)
		}
	}
	if len(members) == 0 {
		d.tell(diagnosis.Warning, CodeGroups, nil, "Leave the grouping out, or name folders or files after what belongs together.",
			"No image has a group by %s.", by)
		return
	}
	largest := ""
	var divided []int
	for key, items := range members {
		if n, most := len(items), len(members[largest]); n > most || n == most && key < largest {
			largest = key
		}
		if slices.ContainsFunc(items, func(i int) bool { return d.Items[i].Split != d.Items[items[0]].Split }) {
			divided = append(divided, items...)
		}
	}
	d.tell(diagnosis.Note, CodeGroups, nil, "", "%s by %s stay in one subset each; the largest is %s (%s).",
		phrase.Plural(len(members), "group", "groups"), by, phrase.Printable(largest), phrase.Plural(len(members[largest]), "image", "images"))
	if divided != nil {
		slices.Sort(divided)
		d.tell(diagnosis.Warning, CodeLeak, divided, "Let the split be made anew, or move the files.",
			"The given split divides groups by %s (%s): the score is too good as far as their images are alike.", by,
			phrase.Plural(len(divided), "file", "files"))
	}
}

// groupOfClass says which part of a class's images is in its largest group that stays together.
func (d *Dataset) groupOfClass(label int, together [][]int) (largest, all int) {
	for _, list := range together {
		n := 0
		for _, i := range list {
			if d.Items[i].Label == label {
				n++
			}
		}
		largest, all = max(largest, n), all+n
	}
	return largest, all
}

// missing is the sentence on a class without an image in a subset.
func (d *Dataset) missing(label int, side string, together [][]int) string {
	sentence := fmt.Sprintf("Class %s has no image in %s: its score cannot be measured.", phrase.Printable(d.Classes[label]), side)
	if largest, all := d.groupOfClass(label, together); largest > 1 && 2*largest > all {
		sentence += fmt.Sprintf(" %d of its %d images are in one group, which stays in one subset.", largest, all)
	}
	return sentence
}

// sets is a disjoint-set forest.
type sets struct{ parent []int }

func newSets(n int) *sets {
	s := &sets{parent: make([]int, n)}
	for i := range s.parent {
		s.parent[i] = i
	}
	return s
}

func (s *sets) root(i int) int {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

func (s *sets) join(i, j int) {
	a, b := s.root(i), s.root(j)
	s.parent[max(a, b)] = min(a, b)
}

// lists are the sets, by their first item.
func (s *sets) lists() [][]int {
	size := make([]int, len(s.parent)) // by root
	for i := range s.parent {
		size[s.root(i)]++
	}
	roots := 0
	for _, n := range size {
		roots += min(n, 1)
	}
	lists := make([][]int, 0, roots)
	place := make([]int, len(s.parent)) // by root: 1 + its list
	all := make([]int, len(s.parent))   // the lists' memory
	for i := range s.parent {
		root := s.root(i)
		if place[root] == 0 {
			lists = append(lists, all[:0:size[root]])
			all = all[size[root]:]
			place[root] = len(lists)
		}
		list := &lists[place[root]-1]
		*list = append(*list, i)
	}
	return lists
}
