package classifier

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/network"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

// Limits of what a saved model may claim.
const (
	maxManifest = 256 << 20 // bytes; the list of the images is in it
	maxClasses  = 100_000
	maxWeights  = 4 << 30 // bytes of a file; ten times a ResNet152 of float32

	maxLoadedBatch = 1024
)

// LoadOptions say where to find what a folder does not hold.
type LoadOptions struct {
	Weights string // the backbone's weights for a model that was saved with HeadOnly
	Home    string // the state folder with the feature cache; empty: nothing is kept
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
		// A link is followed, as Kubernetes and KServe put files into a folder: the hash says what the file is.
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is missing, or no regular file", name)
		}
		got, err := digest.FileWithin(ctx, filepath.Join(dir, name), maxWeights)
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
	tuning := features.Tuning{Unfreeze: list.Unfrozen}
	if list.Unfrozen != "" {
		tuning.Precision = list.Provenance.Recipe.Precision
	}
	n, err := network.New(backbone, list.Head, tuning, len(list.Classes))
	if err != nil {
		return nil, err
	}
	state, err := readState(filepath.Join(dir, headFile))
	if err != nil {
		return nil, err
	}
	m := &Model{Outcome: list.Outcome, device: device, network: n, engine: &engine{}, foreign: !recordedRun(options.Home, list.Outcome), given: options.Weights}
	if err := m.open(options.Home, state); err != nil {
		return nil, fmt.Errorf("%s: %w", headFile, err)
	}
	return m, nil
}

// recordedRun tells whether the state folder has the run of a saved model, which then says the same of limits and of other files.
func recordedRun(home string, o record.Outcome) bool {
	if home == "" {
		return false
	}
	own, err := record.ReadOutcome(home, o.Provenance.Run)
	return err == nil && own.Provenance.MaxPixels == o.Provenance.MaxPixels && reflect.DeepEqual(own.Provenance.Base, o.Provenance.Base)
}

// readManifest reads and checks model.json.
func readManifest(path string) (*manifest, error) {
	text, err := safefile.ReadFile(path, maxManifest)
	if err != nil {
		return nil, fmt.Errorf("it is not a saved model: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list manifest
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("read %s: %w", modelFile, err)
	}
	return &list, list.check(text)
}

// A FormatError is a saved model of another format than this program reads.
type FormatError struct{ Got int }

func (e *FormatError) Error() string {
	return fmt.Sprintf("its format is %d, and this program reads %d: save it again with the program that is to read it", e.Got, formatVersion)
}

// check refuses what no saved model says. text is the file that the manifest was read from.
func (l *manifest) check(text []byte) error {
	switch l.Format {
	case formatVersion, formatPlain:
	default:
		return &FormatError{l.Format}
	}
	if len(l.Classes) == 0 || len(l.Classes) > maxClasses {
		return fmt.Errorf("it has %d classes; 1 to %d make sense", len(l.Classes), maxClasses)
	}
	seen := map[string]bool{}
	for _, class := range l.Classes {
		if class == "" || len(class) > 1024 || !utf8.ValidString(class) || seen[class] {
			return fmt.Errorf("its classes hold %.100q, which is empty, too long, no text, or there twice", class)
		}
		seen[class] = true
	}
	if !slices.Contains(recipe.Tasks(), l.Task) {
		return fmt.Errorf("its task must be one of single, multi, regression; got %.100q", l.Task)
	}
	if l.Selection != nil && (l.Selection.Chosen < 0 || l.Selection.Chosen >= len(l.Selection.Scores)) { // whoever reads the choice relies on it
		return fmt.Errorf("its choice is number %d of %d candidates", l.Selection.Chosen, len(l.Selection.Scores))
	}
	if l.SHA256[headFile] == "" {
		return fmt.Errorf("%s has no hash of %s", modelFile, headFile)
	}
	for name := range l.SHA256 {
		if name != headFile && name != backboneFile {
			return fmt.Errorf("%s lists the file %.100q, which is no part of a model", modelFile, name)
		}
	}
	if err := l.Backbone.Geometry.Validate(); err != nil {
		return err
	}
	return l.checkSeal(text)
}

// ErrEdited marks a saved model whose description is not the one that was saved.
var ErrEdited = errors.New("its description was edited after it was saved: what it says of classes, task or preprocessing may no longer fit its weights; save the model again")

func (l *manifest) checkSeal(text []byte) error {
	if l.Format == formatPlain || l.Digest == sealOf(text, l.Digest) {
		return nil
	}
	digest, err := l.seal() // of a file that another program laid out anew
	if err != nil {
		return err
	}
	if digest != l.Digest {
		return fmt.Errorf("%s: %w", modelFile, ErrEdited)
	}
	return nil
}

// A NoBackboneError is a model that was saved without its backbone, whose weights are in a file of their own.
type NoBackboneError struct {
	Weights resnet.Origin
	Base    bool // that on which the stages were compared is meant
}

func (e *NoBackboneError) Error() string {
	if e.Base {
		return fmt.Sprintf("it was saved without the backbone that its stages were compared on: load it with the file of the weights %s (SHA-256 %s)",
			e.Weights, e.Weights.SHA256)
	}
	return fmt.Sprintf("it was saved without its backbone: give the file with the weights %s (SHA-256 %s)", e.Weights, e.Weights.SHA256)
}

// openBackbone finds the backbone's weights: in the folder, or where the options say, then with the recorded hash.
func (l *manifest) openBackbone(ctx context.Context, dir string, options LoadOptions) (*features.Backbone, error) {
	id := l.Backbone
	if digest := l.SHA256[backboneFile]; digest != "" { // readManifest's caller has checked it
		id.Weights = id.Weights.Saved(filepath.Join(dir, backboneFile), digest)
		return id.Open(ctx)
	}
	return OpenBackbone(ctx, id, options.Weights)
}

// OpenBackbone opens the backbone that a folder describes and does not hold. weights is a file of the user's with its weights, which the
// hash of the description proves; empty: none.
func OpenBackbone(ctx context.Context, id features.Identity, weights string) (*features.Backbone, error) {
	switch {
	case weights != "": // the same weights, which the digest proves, at another path
		id.Weights.Path = weights
		if id.Weights.Kind != resnet.KindSaved {
			id.Weights.Kind = resnet.KindFile
		}
	case id.Weights.Kind == resnet.KindFile || id.Weights.Kind == resnet.KindSaved:
		// The folder may be a stranger's: its paths are not opened.
		return nil, &NoBackboneError{Weights: id.Weights}
	}
	if id.Weights.SHA256 == "" {
		return nil, errors.New("the description has no hash of the backbone's weights")
	}
	backbone, err := id.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the backbone that the head was trained on: %w", err)
	}
	return backbone, nil
}

// OpenBase opens the backbone on which the stages of the model were compared; it is nil where none were. That of a model that may be a
// stranger's is not opened from a path in its record: the file is the model's own, or the one that it was loaded with.
func (m *Model) OpenBase(ctx context.Context) (*features.Backbone, error) {
	base := m.Provenance.Base
	if base == nil {
		return nil, nil //nolint:nilnil // none were compared
	}
	if !m.foreign {
		return base.Open(ctx)
	}
	file := m.given
	if own := m.Backbone().Identity().Weights; file == "" && own.SHA256 == base.Weights.SHA256 {
		file = own.Path
	}
	backbone, err := OpenBackbone(ctx, *base, file)
	if missing, ok := errors.AsType[*NoBackboneError](err); ok {
		missing.Base = true
	}
	return backbone, err
}

// readState reads the tensors of a file. The file may be a stranger's: the tensors of a safetensors file take no more than the file does.
func readState(path string) (stepper.State, error) {
	source, err := weights.OpenSafetensors(path)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	state := stepper.State{}
	for name := range source.Names() {
		if state[name], err = stepper.ReadArray(source, name); err != nil {
			return nil, fmt.Errorf("%s: %w", headFile, err)
		}
	}
	return state, nil
}

// open builds the network for predictions and fills it, strictly: no weight may be missing, unknown or of another shape.
func (m *Model) open(home string, state stepper.State) error {
	// The batch that it was trained with gives the same last bits; a record that makes no sense gets the default.
	trained := m.Provenance.Recipe
	batch := trained.BatchSize
	if batch < 1 || batch > maxLoadedBatch {
		batch = recipe.DefaultRecipe().BatchSize
	}
	options := m.network.Options(batch, 0, stepper.CrossEntropy)
	options.Inference, options.Rate = true, m.network.Rate(1, trained.TrainNorm)
	var err error
	if m.stepper, err = stepper.New(m.device.Backend, options); err != nil {
		return err
	}
	if err := m.fill(state); err != nil {
		m.stepper.Close()
		return err
	}
	if m.network.Frozen == nil {
		return nil
	}
	if m.frozen, err = features.Open(m.network.Frozen, m.device, home, 0); err != nil {
		m.stepper.Close()
	}
	return err
}

func (m *Model) fill(state stepper.State) error {
	expected, err := m.stepper.Weights()
	if err != nil {
		return err
	}
	for name := range state {
		if _, ok := expected[name]; !ok {
			return fmt.Errorf("there is no weight %.100q in this model", name)
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
	if m.Changes, err = m.network.Changes(expected, state); err != nil {
		return err
	}
	return m.stepper.SetWeights(state)
}
