package teaching

import (
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
)

// Limits of what is taught.
const (
	mostTaught       = 20_000 // images; their features are kept in memory, 8 KB each for a ResNet50
	longestClassName = 200    // bytes
)

// A Class is a class with how many images of it were taught.
type Class struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
}

// Taught is how a model stands that images are taught to.
type Taught struct {
	Model    string  `json:"model"`
	Backbone string  `json:"backbone"`
	Classes  []Class `json:"classes"` // in the order in which they were first taught
	Images   int     `json:"images"`
	Ready    bool    `json:"ready"` // it predicts: two classes have images

	// Accuracy is that of Judged images, each judged by all others; nil where none can be.
	Judged   int              `json:"judged"`
	Accuracy *float64         `json:"leave_one_out_accuracy,omitempty"`
	Interval *metric.Interval `json:"leave_one_out_interval,omitempty"` // of 95 %, by Wilson's formula

	Added   int                   `json:"added"`   // by this call
	Moved   int                   `json:"moved"`   // of the added: taught before as another class
	Skipped []imagefolder.Skipped `json:"skipped"` // files that could not be read
}

func newTaught() *Taught { return &Taught{Skipped: []imagefolder.Skipped{}} }

// describe fills in how the model stands. The caller holds the lock.
func (t *Teaching) describe(said *Taught) {
	said.Model, said.Backbone, said.Images, said.Ready = t.o.Name, t.o.Backbone.Name(), len(t.examples), t.o.Holder.Held() != nil
	said.Classes = []Class{}
	for i, n := range t.centroids.Counts() {
		said.Classes = append(said.Classes, Class{Name: t.classes[i], Images: n})
	}
	if t.usable() < 2 {
		return
	}
	logits, labels := t.centroids.Judged()
	if len(labels) == 0 {
		return
	}
	right := 0
	for i, label := range labels {
		if metric.Argmax(logits[i*len(t.classes):(i+1)*len(t.classes)]) == label {
			right++
		}
	}
	accuracy := float64(right) / float64(len(labels))
	interval := metric.Wilson(accuracy, len(labels))
	said.Judged, said.Accuracy, said.Interval = len(labels), &accuracy, &interval
}
