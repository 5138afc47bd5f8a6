package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// TaughtName is the name of the model that images are taught to where no other is given.
const TaughtName = "taught"

// TeachOptions say what is taught to a model.
type TeachOptions struct {
	Model  string // empty: TaughtName
	Class  string
	Images []input.Image
}

// Teach adds images of a class to a model, which predicts by them at once: its head is a nearest centroid on the features of the
// current model's backbone. The model is made at the first call, and is the current one afterwards. An image that was taught as
// another class moves to this one.
func (l *Lab) Teach(ctx context.Context, o TeachOptions) (*teaching.Taught, error) {
	if err := teaching.CheckClass(o.Class); err != nil {
		return nil, err
	}
	m, err := l.teachable(o.Model)
	if err != nil {
		return nil, err
	}
	return m.teaching.Add(ctx, o.Class, o.Images)
}

// ImagesToTeach are the files, the folders and the images of Go cells that arguments name. The images of a split have classes of
// their own and are refused.
func (l *Lab) ImagesToTeach(args []string, limits imageio.Limits) ([]input.Image, error) {
	for _, arg := range args {
		if split, ok := strings.CutPrefix(arg, "@"); ok && slices.Contains([]string{imagefolder.Train, imagefolder.Val, imagefolder.Test}, split) {
			return nil, fmt.Errorf("teach %s: the images of a split have classes of their own; name files, a folder or @NAME", arg)
		}
	}
	list, err := l.resolveAll(nil, args)
	for i := range list {
		list[i].Limits = limits
	}
	return list, err
}

// teachable finds the model that images are taught to, or makes it of the current one's backbone.
func (l *Lab) teachable(name string) (*Model, error) {
	name = cmp.Or(name, TaughtName)
	l.mu.Lock()
	have, ok := l.models.Get(name)
	if ok && have.canBeTaught() {
		l.models.Raise(name)
	}
	l.mu.Unlock()
	switch {
	case ok && !have.canBeTaught():
		return nil, &teaching.NotTaughtError{Model: name}
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
	m := &Model{Name: name, Backbone: backbone.Network(), file: backbone.File(), head: "l2norm", precision: base.precision}
	m.teaching = teaching.New(teaching.Options{Name: name, Backbone: backbone, Home: l.home, Device: l.Device, Holder: taughtModel{m}})
	l.putModel(m)
	return m, nil
}

// Taught says how the model of a name stands; an empty one is TaughtName.
func (l *Lab) Taught(name string) (*teaching.Taught, error) {
	m, err := l.beingTaught(name)
	if err != nil {
		return nil, err
	}
	return m.teaching.State(), nil
}

func (l *Lab) beingTaught(name string) (*Model, error) {
	name = cmp.Or(name, TaughtName)
	m, err := l.Model(name)
	if err != nil {
		return nil, &teaching.NothingTaughtError{Model: name}
	}
	if !m.canBeTaught() {
		return nil, &teaching.NotTaughtError{Model: m.Name}
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
func (l *Lab) Unteach(ctx context.Context, name, class string) (*teaching.Taught, error) {
	m, err := l.beingTaught(name)
	if err != nil {
		return nil, err
	}
	return m.teaching.TakeBack(ctx, class)
}

// ForgetTaught ends the teaching of a model, with all that it was taught.
func (l *Lab) ForgetTaught(name string) error {
	m, err := l.beingTaught(name)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.models.Drop(m.Name)
	l.mu.Unlock()
	m.close()
	return nil
}

// taughtModel holds the model that predicts by a teaching.
type taughtModel struct{ *Model }

// Held is the model; nil where there is none yet.
func (m taughtModel) Held() *classifier.Model { return m.trained() }

// Hold puts another model in its place.
func (m taughtModel) Hold(next *classifier.Model) error {
	if next != nil {
		m.take(next, "", nil)
		return nil
	}
	m.mu.Lock()
	before := m.result
	m.result, m.run, m.data = nil, "", nil
	m.mu.Unlock()
	if before == nil {
		return nil
	}
	return before.Close()
}
