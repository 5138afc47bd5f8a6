package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/metric"
	"github.com/headstart-nb/headstart/models/probe"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// TaughtName is the name of the model that images are taught to where no other is given.
const TaughtName = "taught"

// Limits of what is taught.
const (
	mostTaught       = 20_000 // images; their features are kept in memory, 8 KB each for a ResNet50
	longestClassName = 200    // bytes
)

// TaughtClass is a class with how many images of it were taught.
type TaughtClass struct {
	Name   string `json:"name"`
	Images int    `json:"images"`
}

// Taught is how a model stands that images are taught to.
type Taught struct {
	Model    string        `json:"model"`
	Backbone string        `json:"backbone"`
	Classes  []TaughtClass `json:"classes"` // in the order in which they were first taught
	Images   int           `json:"images"`
	Ready    bool          `json:"ready"` // it predicts: two classes have images

	// Accuracy is that of Judged images, each judged by all others; nil where none can be.
	Judged   int              `json:"judged"`
	Accuracy *float64         `json:"leave_one_out_accuracy,omitempty"`
	Interval *metric.Interval `json:"leave_one_out_interval,omitempty"` // of 95 %, by Wilson's formula

	Added   int                   `json:"added"`   // by this call
	Moved   int                   `json:"moved"`   // of the added: taught before as another class
	Skipped []imagefolder.Skipped `json:"skipped"` // files that could not be read
}

// TeachOptions say what is taught to a model.
type TeachOptions struct {
	Model  string // empty: TaughtName
	Class  string
	Images []Image
}

// Teach adds images of a class to a model, which predicts by them at once: its head is a nearest centroid on the features of the
// current model's backbone. The model is made at the first call, and is the current one afterwards. An image that was taught as
// another class moves to this one.
func (l *Lab) Teach(ctx context.Context, o TeachOptions) (*Taught, error) {
	if o.Class == "" || len(o.Class) > longestClassName || !utf8.ValidString(o.Class) {
		return nil, fmt.Errorf("teach: a class must have a name of at most %d bytes; got %q", longestClassName, o.Class)
	}
	m, err := l.teachable(o.Model)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	t := m.teaching
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	said := &Taught{Skipped: []imagefolder.Skipped{}}
	for part := range slices.Chunk(o.Images, featuresAhead) {
		if err = t.add(ctx, device, o.Class, part, said); err != nil {
			break
		}
	}
	if said.Added == 0 && err == nil && len(said.Skipped) > 0 {
		err = fmt.Errorf("teach %s: none of the %d images could be read; the first: %s: %s", o.Class, len(o.Images),
			imagefolder.Printable(said.Skipped[0].Path), said.Skipped[0].Reason)
	}
	return l.taught(ctx, device, m, said, err)
}

// taught refreshes the model and says how it stands, also after an error, since images before it may have been added. The
// caller holds the teaching.
func (l *Lab) taught(ctx context.Context, device *accel.Device, m *Model, said *Taught, err error) (*Taught, error) {
	if failed := m.refresh(context.WithoutCancel(ctx), device); failed != nil {
		err = errors.Join(err, failed)
	}
	if err != nil {
		return nil, err
	}
	m.teaching.describe(m, said)
	return said, nil
}

// ImagesToTeach are the files, the folders and the images of Go cells that arguments name. The images of a split have classes of
// their own and are refused.
func (l *Lab) ImagesToTeach(args []string, limits imageio.Limits) ([]Image, error) {
	var list []Image
	for _, arg := range args {
		if split, ok := strings.CutPrefix(arg, "@"); ok && slices.Contains([]string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, split) {
			return nil, fmt.Errorf("teach %s: the images of a split have classes of their own; name files, a folder or @NAME", arg)
		}
		found, err := l.resolve(nil, arg)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", cmp.Or(arg, `""`), err)
		}
		for i := range found {
			found[i].Limits = limits
		}
		list = append(list, found...)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read %s: %w", strings.Join(args, " "), ErrNothingToPredict)
	}
	return list, nil
}

// teachable finds the model that images are taught to, or makes it of the current one's backbone.
func (l *Lab) teachable(name string) (*Model, error) {
	name = cmp.Or(name, TaughtName)
	l.mu.Lock()
	have, ok := l.models.get(name)
	if ok && have.canBeTaught() {
		l.models.raise(name)
	}
	l.mu.Unlock()
	switch {
	case ok && !have.canBeTaught():
		return nil, &NotTaughtError{name}
	case ok:
		return have, nil
	}
	base, err := l.Model("")
	if err != nil {
		return nil, err
	}
	var geometry imagefolder.Geometry
	if trained := base.trained(); trained != nil {
		geometry = trained.Backbone().Identity().Geometry
	}
	backbone := base.backbone(geometry)
	shape := backbone.FeatureShape()
	if len(shape) != 1 || backbone.Top() {
		return nil, fmt.Errorf("teach: that needs pooled features, and those of the model %s have the shape %v", base.Name, shape)
	}
	t := &teaching{backbone: backbone, home: l.home, centroids: probe.NewCentroids(shape[0], backbone.StageDims())}
	m := &Model{Name: name, Backbone: backbone.Network(), file: backbone.File(), head: "l2norm", precision: base.precision, teaching: t}
	l.putModel(m)
	return m, nil
}

// Taught says how the model of a name stands; an empty one is TaughtName.
func (l *Lab) Taught(name string) (*Taught, error) {
	m, err := l.beingTaught(name)
	if err != nil {
		return nil, err
	}
	m.teaching.mu.Lock()
	defer m.teaching.mu.Unlock()
	said := &Taught{Skipped: []imagefolder.Skipped{}}
	m.teaching.describe(m, said)
	return said, nil
}

func (l *Lab) beingTaught(name string) (*Model, error) {
	name = cmp.Or(name, TaughtName)
	m, err := l.Model(name)
	if err != nil {
		return nil, &NothingTaughtError{name}
	}
	if !m.canBeTaught() {
		return nil, &NotTaughtError{m.Name}
	}
	return m, nil
}

// canBeTaught is false for a model that was trained or loaded, also where it was taught before.
func (m *Model) canBeTaught() bool {
	trained := m.trained()
	return m.teaching != nil && (trained == nil || trained.Provenance.Recipe.Method == recipe.MethodTaught)
}

// Unteach takes back what the last call of Teach added to a model, or, where a class is given, all that was taught of it. Images
// that had moved from another class are not moved back.
func (l *Lab) Unteach(ctx context.Context, name, class string) (*Taught, error) {
	m, err := l.beingTaught(name)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	t := m.teaching
	t.mu.Lock()
	defer t.mu.Unlock()
	if class == "" {
		err = t.undo()
	} else {
		err = t.drop(class)
	}
	if err != nil {
		return nil, err
	}
	return l.taught(ctx, device, m, &Taught{Skipped: []imagefolder.Skipped{}}, nil)
}

// ForgetTaught ends the teaching of a model, with all that it was taught.
func (l *Lab) ForgetTaught(name string) error {
	m, err := l.beingTaught(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.models.drop(m.Name)
	l.mu.Unlock()
	m.close()
	return nil
}
