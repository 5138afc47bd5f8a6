package transfer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/trainer"
	"github.com/headstart-nb/headstart/models/weights"
)

// Limits of what a saved model may claim.
const (
	maxManifest = 256 << 20 // bytes; the list of the images is in it
	maxClasses  = 100_000

	maxLoadedBatch = 1024
)

// LoadOptions say where to find what a folder does not hold.
type LoadOptions struct {
	Weights string // the backbone's weights for a model that was saved with HeadOnly
	Home    string // the state folder with the feature cache; empty: nothing is kept

	// Open makes the backbone with the identity from the weights in file, which is empty where the folder has none and
	// Weights was not given. nil opens a ResNet.
	Open func(ctx context.Context, id Identity, file string) (Backbone, error)
}

// Load reads a folder that Save wrote. It trusts nothing in it: no code runs, sizes and hashes are checked, and what does
// not belong is refused by name.
func Load(ctx context.Context, device *accel.Device, dir string, options LoadOptions) (*Model, error) {
	m, err := loadModel(ctx, device, dir, options)
	if err != nil {
		return nil, fmt.Errorf("load the model in %s: %w", dir, err)
	}
	return m, nil
}

func loadModel(ctx context.Context, device *accel.Device, dir string, options LoadOptions) (*Model, error) {
	list, err := readManifest(filepath.Join(dir, modelFile))
	if err != nil {
		return nil, err
	}
	for name, want := range list.SHA256 {
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is missing, or no regular file", name)
		}
		got, err := weights.Digest(ctx, filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if got != want {
			return nil, fmt.Errorf("%s is damaged: its SHA-256 is %s, and %s says %s", name, got, modelFile, want)
		}
	}
	backbone, err := list.openBackbone(ctx, dir, options)
	if err != nil {
		return nil, err
	}
	m := &Model{
		Name: list.Name, Classes: list.Classes, Task: list.Task, Backbone: backbone, History: list.History, Status: list.Status,
		Provenance: list.Provenance, Unfrozen: list.Unfrozen, device: device,
	}
	if m.shape, err = newShape(backbone, list.Head, Tuning{list.Unfrozen, list.Provenance.Settings.Precision}, len(list.Classes)); err != nil {
		return nil, err
	}
	m.Head = m.shape.spec
	if err := m.loadWeights(filepath.Join(dir, headFile)); err != nil {
		return nil, err
	}
	if m.shape.frozen != nil {
		if m.frozen, err = newFrozenPass(m.shape.frozen, device, options.Home, 0); err != nil {
			m.network.Close()
			return nil, err
		}
	}
	return m, nil
}

// readManifest reads and checks model.json.
func readManifest(path string) (*manifest, error) {
	text, err := safefile.ReadFile(path, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("it is no saved model: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list manifest
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read %s: %w", modelFile, err)
	}
	return &list, list.check()
}

func (l *manifest) check() error {
	if l.Format != formatVersion {
		return fmt.Errorf("its format is %d, and this program reads %d", l.Format, formatVersion)
	}
	if len(l.Classes) == 0 || len(l.Classes) > maxClasses {
		return fmt.Errorf("it has %d classes; 1 to %d make sense", len(l.Classes), maxClasses)
	}
	seen := map[string]bool{}
	for _, class := range l.Classes {
		if class == "" || len(class) > 1024 || !utf8.ValidString(class) || seen[class] {
			return fmt.Errorf("its classes hold %q, which is empty, too long, no text, or there twice", class)
		}
		seen[class] = true
	}
	if !slices.Contains([]Task{Single, Multi, Regression}, l.Task) {
		return fmt.Errorf("its task is %q, and there are single, multi and regression", l.Task)
	}
	if l.SHA256[headFile] == "" {
		return fmt.Errorf("%s has no hash of %s", modelFile, headFile)
	}
	for name := range l.SHA256 {
		if name != headFile && name != backboneFile {
			return fmt.Errorf("%s lists the file %q, which is no part of a model", modelFile, name)
		}
	}
	if err := l.Backbone.Geometry.Validate(); err != nil {
		return err
	}
	return nil
}

// openBackbone finds the backbone's weights: in the folder, or where the options say, then with the recorded hash.
func (l *manifest) openBackbone(ctx context.Context, dir string, options LoadOptions) (Backbone, error) {
	open := options.Open
	if open == nil {
		open = openResNet
	}
	file, own := options.Weights, l.SHA256[backboneFile] != ""
	if own {
		file = filepath.Join(dir, backboneFile)
	}
	backbone, err := open(ctx, l.Backbone, file)
	if err != nil {
		return nil, err
	}
	if !own {
		err = l.Backbone.sameWeights(backbone)
	}
	return backbone, err
}

// sameWeights refuses a backbone with other weights than the recorded ones.
func (id Identity) sameWeights(backbone Backbone) error {
	if have := backbone.Identity().WeightsDigest; have != id.WeightsDigest {
		return fmt.Errorf("the head was trained on a backbone with other weights: their SHA-256 is %s, and these have %s",
			id.WeightsDigest, have)
	}
	return nil
}

// openResNet makes the ResNet of an identity.
func openResNet(ctx context.Context, id Identity, file string) (Backbone, error) {
	var options resnet.Options
	name, variant, _ := strings.Cut(id.Architecture, " ")
	if _, err := fmt.Sscanf(name, "ResNet%d", &options.Depth); err != nil {
		return nil, fmt.Errorf("its backbone is %q, which this program does not have", id.Architecture)
	}
	options.Variant, options.Weights = variant, file
	options.Cut, options.Pool, options.Preprocess, options.Size = id.Cut, id.Pool, id.Preprocess, id.Geometry.Size
	if file == "" {
		if _, err := fmt.Sscanf(id.Weights, "random (seed %d)", &options.Seed); err != nil {
			return nil, fmt.Errorf("it was saved without its backbone: give the file with the weights %s (SHA-256 %s)", id.Weights,
				id.WeightsDigest)
		}
		options.Weights = resnet.WeightsRandom
	}
	network, err := resnet.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	return ResNet(network, ResNetOptions{
		Precision: id.Precision, Method: id.Geometry.Method, Untrained: !id.Trained,
	}), nil
}

// loadWeights builds the network for predictions and fills it, strictly: no weight may be missing, unknown or of another
// shape.
func (m *Model) loadWeights(path string) error {
	source, err := weights.Open(path)
	if err != nil {
		return err
	}
	defer source.Close()
	// The batch that it was trained with gives the same last bits; a record that makes no sense gets the default.
	batch := m.Provenance.Settings.Batch
	if batch < 1 || batch > maxLoadedBatch {
		batch = DefaultBatch
	}
	options := m.shape.options(batch, 0, trainer.CrossEntropy)
	options.Inference, options.Rate = true, m.shape.rate(1, m.Provenance.Settings.TrainNorm)
	if m.network, err = trainer.New(m.device.Backend, options); err != nil {
		return err
	}
	if err := m.fill(source); err != nil {
		m.network.Close()
		return fmt.Errorf("%s: %w", headFile, err)
	}
	return nil
}

func (m *Model) fill(source weights.Source) error {
	expected, err := m.network.Weights()
	if err != nil {
		return err
	}
	state := trainer.State{}
	for name := range source.Names() {
		if _, ok := expected[name]; !ok {
			return fmt.Errorf("there is no weight %q in this model", name)
		}
		if state[name], err = readArray(source, name); err != nil {
			return err
		}
	}
	var missing []string
	for name := range expected {
		if _, ok := state[name]; !ok {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		slices.Sort(missing)
		return errors.New("missing are " + strings.Join(missing, ", "))
	}
	if m.Changes, err = stageChanges(m.Backbone, expected, state); err != nil {
		return err
	}
	return m.network.SetWeights(state)
}
