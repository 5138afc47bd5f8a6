package imagefolder

import (
	"fmt"
	"slices"
)

const maxNotePaths = 20 // more would not be read

// The limits behind the notes. They are conventions of the field, not measurements.
const (
	fewForTraining = 10 // under it a class is hardly learnt, even on a pretrained backbone
	heavyImbalance = 10 // largest class to smallest
	someImbalance  = 3
)

func (d *Dataset) note(code string, severity Severity, items []int, format string, values ...any) {
	n := Note{Code: code, Severity: severity, Text: fmt.Sprintf(format, values...)}
	for _, i := range items[:min(len(items), maxNotePaths)] {
		n.Paths = append(n.Paths, d.Items[i].Path)
	}
	d.Notes = append(d.Notes, n)
}

// describe finds what a person should know: duplicates, leaks, double labels, thin and missing classes, imbalance.
func (d *Dataset) describe(together [][]int) {
	d.describeGroups(together)
	d.describeClasses()
	if n := len(d.Skipped); n > 0 {
		d.note(CodeSkipped, Info, nil, "%s skipped; each has its reason in the list.", plural(n, "file is", "files are"))
	}
}

func (d *Dataset) describeGroups(together [][]int) {
	var again, twoLabels, leaked, nearLeaked []int
	for _, group := range together {
		if len(group) < 2 {
			continue
		}
		first := d.Items[group[0]]
		exact, labels, sides := true, true, true
		for _, i := range group {
			exact = exact && d.Items[i].SHA256 == first.SHA256
			labels = labels && d.Items[i].Label == first.Label
			sides = sides && d.Items[i].Split == first.Split
		}
		d.Duplicates = append(d.Duplicates, Duplicate{Items: group, Exact: exact})
		if !labels {
			twoLabels = append(twoLabels, group...)
		}
		switch {
		case !sides && d.leaksExactly(group):
			leaked = append(leaked, group...)
		case !sides:
			nearLeaked = append(nearLeaked, group...)
		case labels:
			again = append(again, group...)
		}
	}
	if len(leaked) > 0 {
		d.note(CodeLeak, Error, leaked, "Training and validation or test share images (%s): the score would be too good. "+
			"Remove the copies, or leave out the option that follows the split to the letter.", plural(len(leaked), "file", "files"))
	}
	if len(nearLeaked) > 0 {
		d.note(CodeLeak, Warning, nearLeaked, "Training and validation or test hold nearly the same images (%s): "+
			"the score is too good as far as they are copies. Look at them, and delete those.", plural(len(nearLeaked), "file", "files"))
	}
	if len(twoLabels) > 0 {
		d.note(CodeTwoLabels, Warning, twoLabels, "The same image has more than one label (%s): relabel or delete all but the right one.",
			plural(len(twoLabels), "file", "files"))
	}
	if len(again) > 0 {
		d.note(CodeDuplicates, Info, again, "%s equal or nearly equal to another one; they stay on one side of the split.",
			plural(len(again), "image is", "images are"))
	}
}

// leaksExactly says whether a group has the same bytes on two sides.
func (d *Dataset) leaksExactly(group []int) bool {
	side := map[string]string{}
	for _, i := range group {
		item := d.Items[i]
		if other, ok := side[item.SHA256]; ok && other != item.Split {
			return true
		}
		side[item.SHA256] = item.Split
	}
	return false
}

func (d *Dataset) describeClasses() {
	all, train := d.Count(""), d.Count(Train)
	if len(d.Classes) == 1 {
		d.note(CodeOneClass, Error, nil, "There is one class only (%s): nothing to tell apart. "+
			"Give the folder that holds one folder for each class.", Printable(d.Classes[0]))
	}
	smallest, largest := -1, -1
	for label, n := range all {
		name := Printable(d.Classes[label])
		switch {
		case n == 0:
			d.note(CodeEmptyClass, Warning, nil, "Class %s has no usable image: remove its folder or add images.", name)
			continue
		case train[label] < fewForTraining:
			d.note(CodeFewImages, Warning, nil, "Class %s has %s to train on: add more, %d at the least.",
				name, plural(train[label], "image", "images"), fewForTraining)
		}
		d.describeMissing(label)
		if smallest < 0 || n < all[smallest] {
			smallest = label
		}
		if largest < 0 || n > all[largest] {
			largest = label
		}
	}
	if smallest < 0 || all[largest] < someImbalance*all[smallest] {
		return
	}
	severity := Info
	if all[largest] >= heavyImbalance*all[smallest] {
		severity = Warning
	}
	d.note(CodeImbalance, severity, nil, "Class %s has %d images and class %s has %d: weigh the classes, or the small one is rarely predicted.",
		Printable(d.Classes[largest]), all[largest], Printable(d.Classes[smallest]), all[smallest])
}

// describeMissing notes a class that cannot be judged, because a side that exists has none of it.
func (d *Dataset) describeMissing(label int) {
	for _, side := range []string{Val, Test} {
		counts := d.Count(side)
		if counts[label] == 0 && slices.Max(counts) > 0 {
			d.note(CodeMissing, Warning, nil, "Class %s has no image in %s: its score cannot be measured.", Printable(d.Classes[label]), side)
		}
	}
}

// ClassWeights returns a weight for each class that makes up for imbalance in training: images / (classes x images of the
// class), as scikit-learn's "balanced"; 0 for a class without a training image.
func (d *Dataset) ClassWeights() []float64 {
	counts := d.Count(Train)
	total, present := 0, 0
	for _, n := range counts {
		total += n
		if n > 0 {
			present++
		}
	}
	weights := make([]float64, len(counts))
	for label, n := range counts {
		if n > 0 {
			weights[label] = float64(total) / (float64(present) * float64(n))
		}
	}
	return weights
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
