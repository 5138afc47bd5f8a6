// Package teaching is a nearest centroid that is taught image by image.
package teaching

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/features/cache"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A Holder is where the model stands that predicts by what was taught.
type Holder interface {
	Held() *classifier.Model      // nil where none stands there
	Hold(*classifier.Model) error // in its place; nil: none
}

// Options are what a teaching begins with.
type Options struct {
	Name     string             // of the model
	Backbone *features.Backbone // its features are pooled
	Home     string             // state folder; empty keeps nothing on disk
	Device   func(context.Context) (*accel.Device, error)
	Holder   Holder
}

// A Teaching is safe for concurrent use.
type Teaching struct {
	o     Options
	began features.Identity // of the backbone, where its weights were at first

	mu        sync.Mutex
	device    *accel.Device // of pass
	pass      *features.Pass
	centroids *probe.Centroids
	classes   []string
	examples  []example
	calls     int
}

// New begins a teaching, without an image.
func New(o Options) *Teaching {
	return &Teaching{o: o, began: o.Backbone.Identity(), centroids: probe.NewCentroids(o.Backbone.FeatureShape()[0], o.Backbone.StageDims())}
}

// example is an image that was taught; its number is that of its row in the centroids.
type example struct {
	key   cache.Key
	name  string
	class int
	call  int // by which it was taught
}

// Close frees what the teaching holds on the device. What was taught stays.
func (t *Teaching) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pass != nil {
		_ = t.pass.Close()
		t.pass = nil
	}
}

// CheckClass refuses what cannot name a class.
func CheckClass(class string) error {
	if class == "" || len(class) > longestClassName || !utf8.ValidString(class) {
		return fmt.Errorf("teach: a class must have a name of at most %d bytes; got %q", longestClassName, class)
	}
	return nil
}

// Add teaches images of a class. One that was taught as another class moves to this one. Files that cannot be read are skipped.
func (t *Teaching) Add(ctx context.Context, class string, images []input.Image) (*Taught, error) {
	return t.change(ctx, func(device *accel.Device, said *Taught) error {
		t.calls++
		for part := range slices.Chunk(images, input.Ahead) {
			if err := t.add(ctx, device, class, part, said); err != nil {
				return err
			}
		}
		if said.Added == 0 && len(said.Skipped) > 0 {
			return fmt.Errorf("teach %s: none of the %d images could be read; the first: %s: %s", class, len(images),
				imagefolder.Printable(said.Skipped[0].Path), said.Skipped[0].Reason)
		}
		return nil
	})
}

// TakeBack takes back what the last Add taught, or, where a class is given, all that was taught of it. Images that had moved from
// another class are not moved back.
func (t *Teaching) TakeBack(ctx context.Context, class string) (*Taught, error) {
	return t.change(ctx, func(*accel.Device, *Taught) error {
		if class == "" {
			return t.undo()
		}
		return t.drop(class)
	})
}

// State says how the model stands.
func (t *Teaching) State() *Taught {
	t.mu.Lock()
	defer t.mu.Unlock()
	said := newTaught()
	t.describe(said)
	return said
}

// change changes what was taught, and makes the model predict by it, also after an error, since images before it may have been
// added.
func (t *Teaching) change(ctx context.Context, do func(*accel.Device, *Taught) error) (*Taught, error) {
	device, err := t.o.Device(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	said := newTaught()
	if err := errors.Join(do(device, said), t.refresh(context.WithoutCancel(ctx), device)); err != nil {
		return nil, err
	}
	t.describe(said)
	return said, nil
}

// add teaches some images. The caller holds the lock, as of all that follows.
func (t *Teaching) add(ctx context.Context, device *accel.Device, class string, images []input.Image, said *Taught) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.pass == nil || t.device != device {
		var err error
		if t.pass, err = features.Open(t.o.Backbone, device, t.o.Home, 0); err != nil {
			return err
		}
		t.device = device
	}
	number, moved := t.number(class), 0
	geometry := t.o.Backbone.Identity().Geometry
	var ready []*features.Image
	var names []string
	for _, i := range images {
		read, err := i.Read(geometry)
		if err != nil {
			said.Skipped = append(said.Skipped, imagefolder.Skipped{Path: cmp.Or(i.File, i.Name), Reason: imageio.Reason(err)})
			continue
		}
		before := t.find(read.Key)
		twice := slices.ContainsFunc(ready, func(r *features.Image) bool { return r.Key == read.Key })
		if twice || before >= 0 && t.examples[before].class == number {
			continue // it is known
		}
		if before >= 0 {
			moved++
		}
		ready, names = append(ready, read), append(names, cmp.Or(i.File, i.Name))
	}
	if len(t.examples)-moved+len(ready) > mostTaught {
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
		if err := t.put(class, example{key: image.Key, name: names[at], class: number, call: t.calls}, rows[at*length:(at+1)*length], said); err != nil {
			return err
		}
	}
	return nil
}

// put adds an image with its features to a class, and takes it from that which it was taught as before.
func (t *Teaching) put(class string, e example, row []float32, said *Taught) error {
	if before := t.find(e.key); before >= 0 {
		if err := t.remove(before); err != nil {
			return err
		}
		said.Moved++
	}
	if _, err := t.centroids.Add(row, e.class); err != nil {
		return err
	}
	if e.class == len(t.classes) {
		t.classes = append(t.classes, class)
	}
	t.examples = append(t.examples, e)
	said.Added++
	return nil
}

// find is the number of an image that was taught; -1 where it was not.
func (t *Teaching) find(key cache.Key) int {
	return slices.IndexFunc(t.examples, func(e example) bool { return e.key == key })
}

// number is that of a class, or the next one.
func (t *Teaching) number(class string) int {
	if i := slices.Index(t.classes, class); i >= 0 {
		return i
	}
	return len(t.classes)
}

func (t *Teaching) remove(i int) error {
	if err := t.centroids.Remove(i); err != nil {
		return err
	}
	t.examples = slices.Delete(t.examples, i, i+1)
	return nil
}

// undo takes back the last call that added an image and was not taken back.
func (t *Teaching) undo() error {
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

func (t *Teaching) drop(class string) error {
	i := slices.Index(t.classes, class)
	if i < 0 {
		return &named.NotFoundError{Kind: named.KindClass, Name: class, Have: slices.Clone(t.classes)}
	}
	return t.forget(i)
}

// forget takes a class away.
func (t *Teaching) forget(class int) error {
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
func (t *Teaching) usable() int {
	n := 0
	for _, images := range t.centroids.Counts() {
		if images > 0 {
			n++
		}
	}
	return n
}

// refresh makes the model predict by what was taught.
func (t *Teaching) refresh(ctx context.Context, device *accel.Device) error {
	if t.usable() < 2 {
		return t.o.Holder.Hold(nil)
	}
	before := t.o.Holder.Held()
	linear, err := t.centroids.Linear()
	if err != nil {
		return err
	}
	if logits, labels := t.centroids.Judged(); len(labels) >= 2*len(t.classes) {
		temperature, _ := metric.Temperature(logits, labels, len(t.classes))
		linear.Scale(1 / temperature)
	}
	var next *classifier.Model
	outcome := t.outcome(device)
	if before != nil && slices.Equal(before.Classes, outcome.Classes) {
		next, err = before.Retaught(linear, outcome)
	} else {
		next, err = classifier.OfLinear(ctx, device, t.o.Home, t.o.Backbone, linear, outcome)
	}
	if err != nil {
		return err
	}
	return t.o.Holder.Hold(next)
}

// outcome is what the model says of itself.
func (t *Teaching) outcome(device *accel.Device) record.Outcome {
	taught := recipe.DefaultRecipe()
	taught.Method, taught.Epochs = recipe.MethodTaught, 0
	o := record.Outcome{
		Name: t.o.Name, Classes: slices.Clone(t.classes), Task: recipe.Single, Status: progress.Finished,
		Provenance: record.Provenance{
			Created: time.Now().UTC(), Backbone: t.o.Backbone.Identity(), Recipe: taught, Versions: record.Versions(device), Device: device.Name(),
		},
	}
	for _, e := range t.examples {
		o.Provenance.Files = append(o.Provenance.Files, record.File{
			Path: e.name, SHA256: hex.EncodeToString(e.key[:]), Label: e.class, Split: imagefolder.Train,
		})
	}
	return o
}
