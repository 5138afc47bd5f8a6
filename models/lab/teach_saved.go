package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/internal/atomicfolder"
	"github.com/headstart-nb/headstart/internal/homepath"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/recipe"
)

// OpenTaught makes the model of a folder the current one, with what was taught to it, so that images can be added. An empty name is the
// folder's. weights is the file of the backbone's weights where the folder has none, or the name of those that it has; it may be empty.
func (l *Lab) OpenTaught(ctx context.Context, dir, name, weights string) (*Model, error) {
	state, err := teaching.Read(dir)
	if err != nil {
		return nil, err
	}
	device, err := l.Device(ctx)
	if err != nil {
		return nil, err
	}
	file, err := weightsFile(state.Backbone().Weights, weights)
	if err != nil {
		return nil, fmt.Errorf("teach %s: %w", dir, err)
	}
	var loaded *classifier.Model
	var backbone *features.Backbone
	if classifier.Saved(dir) {
		if loaded, err = classifier.Load(ctx, device, dir, classifier.LoadOptions{Weights: file}); err != nil {
			return nil, err
		}
		if !slices.Equal(loaded.Classes, state.Classes()) || loaded.Provenance.Recipe.Method != recipe.MethodTaught {
			return nil, errors.Join(&teaching.NotTaughtError{Model: dir}, loaded.Close())
		}
		backbone = loaded.Backbone()
	} else if backbone, err = classifier.OpenBackbone(ctx, state.Backbone(), file); err != nil {
		return nil, fmt.Errorf("teach %s: %w", dir, err)
	}
	m := &Model{
		Name: cmp.Or(name, filepath.Base(filepath.Clean(dir))), Backbone: backbone.Network(), file: backbone.File(), head: "l2norm",
		precision: backbone.Identity().Precision,
	}
	m.teaching, err = teaching.Resume(teaching.Options{Name: m.Name, Backbone: backbone, Home: l.home, Device: l.Device, Holder: taughtModel{m}}, state)
	if loaded != nil {
		m.take(loaded, "", nil)
	}
	if err != nil {
		m.close()
		return nil, err
	}
	l.putModel(m)
	return m, nil
}

// weightsFile is the file that someone gives as the weights of a backbone; empty where they give none, or the name of those that it has.
func weightsFile(has resnet.Origin, given string) (string, error) {
	asked := resnet.ChooseWeights(given, has.Seed)
	switch {
	case given == "", asked.Kind == resnet.KindRandom && has.Kind == asked.Kind, asked.Name != "" && asked.Name == has.Name:
		return "", nil
	case asked.Kind == resnet.KindFile:
		return homepath.Expand(given)
	}
	return "", fmt.Errorf("its backbone has the weights %s, and %s is given", has, asked)
}

// WriteTaught adds what was taught to the folder of a saved model, so that more can be taught to it there; nothing where the model was not
// made so.
func (l *Lab) WriteTaught(of Ref, dir string) error {
	m, err := l.Model(of.Model)
	if of.Run != "" || err != nil || !m.canBeTaught() {
		return nil //nolint:nilerr // whoever saved the model has found it
	}
	return m.teaching.Write(dir)
}

// SaveTaught writes a model that images are taught to, with what was taught, to a folder. A model that is there is replaced as a whole.
func (l *Lab) SaveTaught(name, dir string) error {
	m, err := l.beingTaught(name)
	if err != nil {
		return err
	}
	return atomicfolder.Replace(dir, append(classifier.Files(), teaching.StateFile), func(dir string) error {
		if trained := m.trained(); trained != nil {
			if err := trained.Save(dir, classifier.SaveOptions{}); err != nil {
				return err
			}
		}
		return m.teaching.Write(dir)
	})
}
