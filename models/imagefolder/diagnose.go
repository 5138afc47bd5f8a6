package imagefolder

import (
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// The limits behind the diagnoses. They are conventions of the field, not measurements.
const (
	fewForTraining = 10 // training images of a class, below which it is hardly learned, even on a pretrained backbone
	heavyImbalance = 5  // times as many training images in the largest class as in the smallest
)

// tell adds a diagnosis; items are the images that are meant.
func (d *Dataset) tell(severity diagnosis.Severity, code string, items []int, fix, format string, values ...any) {
	found := diagnosis.Diagnosis{Severity: severity, Code: code, Sentence: fmt.Sprintf(format, values...), Fix: fix}
	for _, i := range items[:min(len(items), diagnosis.MaxPaths)] {
		found.Paths = append(found.Paths, d.Items[i].Path)
	}
	d.Diagnoses = append(d.Diagnoses, found)
}

// describe finds what a person should know: duplicates, leaks, double labels, thin and missing classes, imbalance.
func (d *Dataset) describe(found neardup.Clusters, together [][]int) {
	d.describeClusters(found)
	d.describeGroupBy()
	d.describeClassNames()
	d.describeClasses(together)
	if n := len(d.Skipped); n > 0 {
		d.tell(diagnosis.Note, CodeSkipped, nil, "", "%s skipped; each has its reason in the list.", phrase.Plural(n, "file is", "files are"))
	}
}

func (d *Dataset) describeClusters(found neardup.Clusters) {
	var again, leaked, nearLeaked []int
	for _, c := range found.List {
		if len(c.Items) < 2 {
			continue
		}
		leader := d.Items[c.Leader]
		exact, sides := true, true
		for _, i := range c.Items {
			exact = exact && d.Items[i].SHA256 == leader.SHA256
			sides = sides && d.Items[i].Split == leader.Split
		}
		d.Duplicates = append(d.Duplicates, Duplicate{Items: c.Items, Leader: c.Leader, Exact: exact})
		switch {
		case !sides && d.leaksExactly(c.Items):
			leaked = append(leaked, c.Items...)
		case !sides:
			nearLeaked = append(nearLeaked, c.Items...)
		default:
			again = append(again, c.Items...)
		}
	}
	for _, pair := range found.Across {
		if d.Items[pair[0]].Split != d.Items[pair[1]].Split {
			nearLeaked = append(nearLeaked, pair[:]...)
		}
	}
	d.tellClusters(again, leaked, unique(nearLeaked), d.twoLabels(found))
}

// twoLabels are the items that have the same bytes as one of another label, or are nearly equal to it.
func (d *Dataset) twoLabels(found neardup.Clusters) []int {
	var list []int
	pair := func(i, j int) {
		if d.Items[i].Label != d.Items[j].Label {
			list = append(list, i, j)
		}
	}
	for _, c := range found.List {
		if len(c.Items) == 1 {
			continue
		}
		first := map[digest.Sum]int{} // of a content
		for _, i := range c.Items {
			pair(i, c.Leader)
			content := d.Items[i].SHA256
			if j, ok := first[content]; ok {
				pair(i, j)
			} else {
				first[content] = i
			}
		}
	}
	for _, p := range found.Across {
		pair(p[0], p[1])
	}
	return unique(list)
}

func unique(items []int) []int {
	slices.Sort(items)
	return slices.Compact(items)
}

func (d *Dataset) tellClusters(again, leaked, nearLeaked, twoLabels []int) {
	if len(leaked) > 0 {
		d.tell(diagnosis.Error, CodeLeak, leaked, "Remove the copies, or let the split be made anew without them.",
			"Training and validation or test contain the same images (%s): the score would be too good.", phrase.Plural(len(leaked), "file", "files"))
	}
	if len(nearLeaked) > 0 {
		d.tell(diagnosis.Warning, CodeLeak, nearLeaked,
			"Look at them and delete those that are copies, or keep the images of one video or patient together by folder or by prefix.",
			"Training and validation or test contain nearly the same images (%s): the score is too good as far as they are copies.",
			phrase.Plural(len(nearLeaked), "file", "files"))
	}
	if len(twoLabels) > 0 {
		d.tell(diagnosis.Warning, CodeTwoLabels, twoLabels, "Relabel or delete all but the right one.",
			"The same image has more than one label (%s).", phrase.Plural(len(twoLabels), "file", "files"))
	}
	if len(again) > 0 {
		d.tell(diagnosis.Note, CodeDuplicates, again, "",
			"%s equal or nearly equal to another one. Such images are a group, which stays in one subset.",
			phrase.Plural(len(again), "image is", "images are"))
	}
}

// leaksExactly says whether a group has the same bytes in two subsets.
func (d *Dataset) leaksExactly(group []int) bool {
	side := map[digest.Sum]string{}
	for _, i := range group {
		item := d.Items[i]
		if other, ok := side[item.SHA256]; ok && other != item.Split {
			return true
		}
		side[item.SHA256] = item.Split
	}
	return false
}

func (d *Dataset) describeClasses(together [][]int) {
	if len(d.Classes) == 1 {
		d.tell(diagnosis.Error, CodeOneClass, nil, "Give the folder that contains one folder for each class.",
			"There is one class only (%s): nothing to tell apart.", phrase.Printable(d.Classes[0]))
	}
	for label, n := range d.Count("") {
		if n == 0 {
			d.tell(diagnosis.Warning, CodeEmptyClass, nil, "Add images of it to measure its score.",
				"Class %s has no usable image.", phrase.Printable(d.Classes[label]))
			continue
		}
		d.describeMissing(label, together)
	}
	for _, found := range []*diagnosis.Diagnosis{d.FewImages(), d.Imbalance()} {
		if found != nil {
			d.Diagnoses = append(d.Diagnoses, *found)
		}
	}
}

// FewImages tells of classes with too few training images to learn; nil where there are enough of each. It is an error where
// a class has none.
func (d *Dataset) FewImages() *diagnosis.Diagnosis {
	var none, few []string
	for label, n := range d.Count(Train) {
		class := phrase.Printable(d.Classes[label])
		switch {
		case n == 0:
			none = append(none, class)
		case n < fewForTraining:
			few = append(few, fmt.Sprintf("%s (%d)", class, n))
		}
	}
	found := &diagnosis.Diagnosis{Code: CodeFewImages, Fix: "Add images, merge the class into another, or leave its folder out."}
	switch {
	case none != nil:
		found.Severity = diagnosis.Error
		found.Sentence = fmt.Sprintf("No image to train on in the class %s.", strings.Join(none, ", "))
		if few != nil {
			found.Sentence += " " + tooFew(few)
		}
	case few != nil:
		found.Severity = diagnosis.Warning
		found.Sentence = tooFew(few)
	default:
		return nil
	}
	return found
}

func tooFew(classes []string) string {
	return fmt.Sprintf("Fewer than %d images to train on in the class %s.", fewForTraining, strings.Join(classes, ", "))
}

// Imbalance tells of a class with many times the training images of another; nil where there is none.
func (d *Dataset) Imbalance() *diagnosis.Diagnosis {
	counts := d.Count(Train)
	largest, smallest := 0, -1
	for label, n := range counts {
		if n > counts[largest] {
			largest = label
		}
		if n > 0 && (smallest < 0 || n < counts[smallest]) {
			smallest = label
		}
	}
	if smallest < 0 || counts[largest] < heavyImbalance*counts[smallest] {
		return nil
	}
	return &diagnosis.Diagnosis{
		Severity: diagnosis.Warning, Code: CodeImbalance, Fix: "Balance the classes with class weights.",
		Sentence: fmt.Sprintf("The class %s has %d training images and %s has %d: the small one is rarely predicted.",
			phrase.Printable(d.Classes[largest]), counts[largest], phrase.Printable(d.Classes[smallest]), counts[smallest]),
	}
}

// describeMissing notes a class that cannot be judged, because a subset that exists has none of it.
func (d *Dataset) describeMissing(label int, together [][]int) {
	for _, side := range []string{Val, Test} {
		counts := d.Count(side)
		if counts[label] == 0 && slices.Max(counts) > 0 {
			d.tell(diagnosis.Warning, CodeMissing, nil, "", "%s", d.missing(label, side, together))
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
