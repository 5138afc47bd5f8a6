package lab

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// teaching is a nearest centroid under way.
type teaching struct {
	backbone *features.Backbone
	home     string

	mu        sync.Mutex
	device    *accel.Device // of pass
	pass      *features.Pass
	centroids *probe.Centroids
	classes   []string
	examples  []example
	calls     int
}

// example is an image that was taught; its number is that of its row in the centroids.
type example struct {
	key   cache.Key
	name  string
	class int
	call  int // by which it was taught
}

// close frees what the teaching holds on the device. What was taught stays.
func (t *teaching) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pass != nil {
		_ = t.pass.Close()
		t.pass = nil
	}
}

// add teaches some images. The caller holds the lock, as of all that follows.
func (t *teaching) add(ctx context.Context, device *accel.Device, class string, images []Image, said *Taught) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.pass == nil || t.device != device {
		var err error
		if t.pass, err = features.Open(t.backbone, device, t.home, 0); err != nil {
			return err
		}
		t.device = device
	}
	number := t.number(class)
	geometry := t.backbone.Identity().Geometry
	var ready []*features.Image
	var names []string
	for _, i := range images {
		read, err := i.read(geometry)
		if err != nil {
			said.Skipped = append(said.Skipped, imagefolder.Skipped{Path: cmp.Or(i.File, i.Name), Reason: err.Error()})
			continue
		}
		before := slices.IndexFunc(t.examples, func(e example) bool { return e.key == read.Key })
		twice := slices.ContainsFunc(ready, func(r *features.Image) bool { return r.Key == read.Key })
		if twice || before >= 0 && t.examples[before].class == number {
			continue // it is known
		}
		if before >= 0 {
			if err := t.remove(before); err != nil {
				return err
			}
			said.Moved++
		}
		ready, names = append(ready, read), append(names, cmp.Or(i.File, i.Name))
	}
	if len(t.examples)+len(ready) > mostTaught {
		return fmt.Errorf("teach %s: a model is taught at most %d images; train one on a folder instead", class, mostTaught)
	}
	if len(ready) == 0 {
		return nil
	}
	rows, err := t.pass.Images(ctx, ready)
	if err != nil {
		return fmt.Errorf("teach %s: %w", class, err)
	}
	length := len(rows) / len(ready)
	for at, image := range ready {
		if _, err := t.centroids.Add(rows[at*length:(at+1)*length], number); err != nil {
			return err
		}
		if number == len(t.classes) {
			t.classes = append(t.classes, class)
		}
		t.examples = append(t.examples, example{key: image.Key, name: names[at], class: number, call: t.calls})
		said.Added++
	}
	return nil
}

// number is that of a class, or the next one.
func (t *teaching) number(class string) int {
	if i := slices.Index(t.classes, class); i >= 0 {
		return i
	}
	return len(t.classes)
}

func (t *teaching) remove(i int) error {
	if err := t.centroids.Remove(i); err != nil {
		return err
	}
	t.examples = slices.Delete(t.examples, i, i+1)
	return nil
}

// undo takes back the last call that added an image and was not taken back.
func (t *teaching) undo() error {
	if len(t.examples) == 0 {
		return errors.New("take back what was taught: nothing was")
	}
	call := 0
	for _, e := range t.examples {
		call = max(call, e.call)
	}
	for i := len(t.examples) - 1; i >= 0; i-- {
		if t.examples[i].call == call {
			if err := t.remove(i); err != nil {
				return err
			}
		}
	}
	counts := t.centroids.Counts()
	for class := len(counts) - 1; class >= 0; class-- { // a class that began with that call goes with it
		if counts[class] == 0 {
			if err := t.forget(class); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *teaching) drop(class string) error {
	i := slices.Index(t.classes, class)
	if i < 0 {
		return &NotFoundError{KindClass, class, slices.Clone(t.classes)}
	}
	return t.forget(i)
}

// forget takes a class away.
func (t *teaching) forget(class int) error {
	if err := t.centroids.Drop(class); err != nil {
		return err
	}
	t.classes = slices.Delete(t.classes, class, class+1)
	t.examples = slices.DeleteFunc(t.examples, func(e example) bool { return e.class == class })
	for i := range t.examples {
		if t.examples[i].class > class {
			t.examples[i].class--
		}
	}
	return nil
}

// usable counts the classes that have images.
func (t *teaching) usable() int {
	n := 0
	for _, images := range t.centroids.Counts() {
		if images > 0 {
			n++
		}
	}
	return n
}

// refresh makes the model predict by what was taught. The caller holds the teaching.
func (m *Model) refresh(ctx context.Context, device *accel.Device) error {
	t := m.teaching
	before := m.trained()
	if t.usable() < 2 {
		m.mu.Lock()
		m.result, m.run, m.data = nil, "", nil
		m.mu.Unlock()
		if before != nil {
			return before.Close()
		}
		return nil
	}
	linear, err := t.centroids.Linear()
	if err != nil {
		return err
	}
	if logits, labels := t.centroids.Judged(); len(labels) >= 2*len(t.classes) {
		temperature, _ := metric.Temperature(logits, labels, len(t.classes))
		linear.Scale(1 / temperature)
	}
	var next *classifier.Model
	outcome := t.outcome(m.Name, device)
	if before != nil && slices.Equal(before.Classes, outcome.Classes) {
		next, err = before.Retaught(linear, outcome)
	} else {
		next, err = classifier.OfLinear(ctx, device, t.home, t.backbone, linear, outcome)
	}
	if err != nil {
		return err
	}
	m.take(next, "", nil)
	return nil
}

// outcome is what the model says of itself.
func (t *teaching) outcome(name string, device *accel.Device) record.Outcome {
	r := recipe.DefaultRecipe()
	r.Method, r.Epochs = recipe.MethodTaught, 0
	o := record.Outcome{
		Name: name, Classes: slices.Clone(t.classes), Task: recipe.Single, Status: progress.Finished,
		Provenance: record.Provenance{
			Created: time.Now().UTC(), Backbone: t.backbone.Identity(), Recipe: r, Versions: record.Versions(device), Device: device.Name(),
		},
	}
	for _, e := range t.examples {
		o.Provenance.Files = append(o.Provenance.Files, record.File{
			Path: e.name, SHA256: hex.EncodeToString(e.key[:]), Label: e.class, Split: imagefolder.Train,
		})
	}
	return o
}

// describe fills in how the model stands.
func (t *teaching) describe(m *Model, said *Taught) {
	said.Model, said.Backbone, said.Images, said.Ready = m.Name, t.backbone.Name(), len(t.examples), m.trained() != nil
	said.Classes = []TaughtClass{}
	for i, n := range t.centroids.Counts() {
		said.Classes = append(said.Classes, TaughtClass{Name: t.classes[i], Images: n})
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
		row := logits[i*len(t.classes) : (i+1)*len(t.classes)]
		best := 0
		for k, v := range row {
			if v > row[best] {
				best = k
			}
		}
		if best == label {
			right++
		}
	}
	accuracy := float64(right) / float64(len(labels))
	interval := metric.Wilson(accuracy, len(labels))
	said.Judged, said.Accuracy, said.Interval = len(labels), &accuracy, &interval
}
