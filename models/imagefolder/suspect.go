package imagefolder

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// A Suspect is an item that a person should look at.
type Suspect struct {
	Item    int     `json:"item"`
	Reason  string  `json:"reason"`
	Propose string  `json:"propose"` // Delete, Relabel, or Keep where nothing speaks for a change
	To      string  `json:"to,omitempty"`
	Score   float64 `json:"score"` // 0 to 1; larger is more suspect
}

// Suspects lists what a person should look at, the most suspect first: images under two labels, copies, and images whose
// label a trained model doubts. probabilities are [len(items), len(d.Classes)], the model's, best made by a model that was not
// trained on these items; nil leaves the doubts out. What was decided on before is left out.
func (d *Dataset) Suspects(items []int, probabilities []float32, limit int) ([]Suspect, error) {
	if probabilities != nil && len(probabilities) != len(items)*len(d.Classes) {
		return nil, fmt.Errorf("find doubtful images in %s: %d probabilities for %d images in %d classes",
			phrase.Printable(d.Name), len(probabilities), len(items), len(d.Classes))
	}
	best := map[int]Suspect{}
	add := func(s Suspect) {
		if old, ok := best[s.Item]; !d.Items[s.Item].Reviewed && (!ok || s.Score > old.Score) {
			best[s.Item] = s
		}
	}
	for _, group := range d.Duplicates {
		d.suspectCopies(group, add)
	}
	if probabilities != nil {
		for n, i := range items {
			d.suspectLabel(i, probabilities[n*len(d.Classes):][:len(d.Classes)], add)
		}
	}
	list := make([]Suspect, 0, len(best))
	for _, s := range best {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Item, b.Item))
	})
	return list[:min(len(list), max(limit, 0))], nil
}

func (d *Dataset) suspectCopies(group Duplicate, add func(Suspect)) {
	first := group.Leader
	likeness := "nearly the same image as "
	if group.Exact {
		likeness = "the same bytes as "
	}
	for _, i := range group.Items {
		if i == first {
			continue
		}
		s := Suspect{Item: i, Reason: likeness + phrase.Printable(d.Items[first].Path), Propose: Delete, Score: 0.5}
		if d.Items[i].Label != d.Items[first].Label {
			s.Reason += ", which is labeled " + phrase.Printable(d.Classes[d.Items[first].Label])
			s.Score = 1
			add(Suspect{Item: first, Score: 1, Propose: Keep,
				Reason: likeness + phrase.Printable(d.Items[i].Path) + ", which is labeled " + phrase.Printable(d.Classes[d.Items[i].Label])})
		}
		add(s)
	}
}

// suspectLabel doubts a label where the model gives another class more: by how much, as a difference of probabilities.
func (d *Dataset) suspectLabel(item int, probabilities []float32, add func(Suspect)) {
	label := d.Items[item].Label
	top := 0
	for class, p := range probabilities {
		if p > probabilities[top] {
			top = class
		}
	}
	margin := float64(probabilities[top] - probabilities[label])
	if !(margin > 0) { // NaN is no doubt
		return
	}
	add(Suspect{
		Item: item, Propose: Relabel, To: d.Classes[top], Score: min(margin, 0.99),
		Reason: fmt.Sprintf("the model predicts %s (%.0f %%), not %s (%.0f %%)", phrase.Printable(d.Classes[top]), 100*probabilities[top],
			phrase.Printable(d.Classes[label]), 100*probabilities[label]),
	})
}
