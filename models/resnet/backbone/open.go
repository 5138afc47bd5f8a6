package backbone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// Open builds the backbone and loads its weights, strictly: every tensor that is missing, unexpected or of the wrong shape
// is named in the error.
func Open(ctx context.Context, o resnet.Options) (*Backbone, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	defer timeline.Start(ctx, "read weights")()
	switch o.Weights.Kind {
	case resnet.KindRandom:
		return openRandom(o)
	case resnet.KindPublished:
		set, _ := resnet.FindSet(o.Weights.Name) // Validate has seen it
		if err := o.Weights.CheckDigest(set.File.Digest()); err != nil {
			return nil, fmt.Errorf("open weights %s: %w", set.Name, err)
		}
		return openSet(ctx, set, o)
	}
	if o.Weights.Kind == resnet.KindHub {
		return openHub(ctx, o)
	}
	path := o.Weights.Path
	sum, _, err := digest.File(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open weights %s: %w; weights must be one of %s, random, or the path of a safetensors file or of a checkpoint of "+
			"PyTorch, or hf:OWNER/NAME@REVISION", path, fs.ErrNotExist, strings.Join(resnet.SetNames(), ", "))
	}
	if err == nil {
		err = o.Weights.CheckDigest(sum)
	}
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	origin := o.Weights
	origin.SHA256 = sum
	return openFile(path, origin, resnet.Conv5, o)
}

// openSet loads published weights.
func openSet(ctx context.Context, set resnet.Set, o resnet.Options) (*Backbone, error) {
	if o.Top && set.NoTop { // said before anything is fetched
		return nil, &resnet.NoTopError{Weights: set.Name}
	}
	source, path, err := openSetFile(ctx, set, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // only read
	b, err := openSource(source, path, set.Origin(), set.Deepest, o)
	if err == nil && set.Newer {
		b.notes = append(b.notes, newerNote)
	}
	return b, err
}

// openSetFile opens a set's file, wherever it is; path is for errors.
func openSetFile(ctx context.Context, s resnet.Set, o resnet.Options) (source weights.Source, path string, err error) {
	if s.Embedded != nil {
		file := s.Embedded()
		source, err = weights.Read(file, file.Size())
		return source, s.Name, err
	}
	if path, err = fetchSet(ctx, s, o); err != nil {
		return nil, "", err
	}
	source, err = weights.Open(path)
	return source, path, err
}

// fetchSet returns the path of a set's file in the cache, and fetches it first where it is not there.
func fetchSet(ctx context.Context, s resnet.Set, o resnet.Options) (string, error) {
	options := weights.FetchOptions{CacheDir: o.CacheDir, Offline: o.Offline, Progress: o.Progress}
	path, err := s.File.Fetch(ctx, options)
	if err != nil {
		return "", &resnet.FetchError{Set: s, Path: s.File.CachePath(options), Err: err}
	}
	return path, nil
}

// openRandom makes an untrained backbone.
func openRandom(o resnet.Options) (*Backbone, error) {
	origin := resnet.RandomWeights(o.Weights.Seed)
	origin.Variant = resnet.V1
	a := o.Architecture(origin, resnet.Conv5)
	origin.Variant = a.Variant
	if a.Preprocess == "" {
		a.Preprocess = usual(a.Variant)
	}
	n, err := resnet.NewNetwork(a.Depth, a.Variant)
	if err != nil {
		return nil, fmt.Errorf("open a ResNet: %w", err)
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "random (seed %d) resnet%d %s %s he-fan-out calibrated pcg",
		origin.Seed, a.Depth, a.Variant, a.Preprocess))
	origin.SHA256 = hex.EncodeToString(digest[:])
	if err := o.Weights.CheckDigest(origin.SHA256); err != nil {
		return nil, fmt.Errorf("open weights %s: %w", origin, err)
	}
	return &Backbone{
		architecture: a, network: n, parameters: randomParameters(n, a.Cut.Last(), a.Top, a.Preprocess, origin.Seed), contents: &contents{}, origin: origin,
		notes: []string{untrained},
	}, nil
}

// untrained is the note of random weights.
const untrained = "untrained: the backbone's weights are random, and its features mean little"

// usual is the preprocessing of the variant's publishers.
func usual(v resnet.Variant) resnet.Preprocess {
	if v == resnet.V15 {
		return resnet.PreprocessTorch
	}
	return resnet.PreprocessCaffe
}

// openFile loads the file at path, which has the stages up to deepest.
func openFile(path string, origin resnet.Origin, deepest resnet.Stage, o resnet.Options) (*Backbone, error) {
	open := weights.Open
	if origin.Kind == resnet.KindSaved { // whose format is known
		open = weights.OpenSafetensors
	}
	source, err := open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // only read
	return openSource(source, path, origin, deepest, o)
}

// openSource loads the weights of a source that was found at path.
func openSource(source weights.Source, path string, origin resnet.Origin, deepest resnet.Stage, o resnet.Options) (*Backbone, error) {
	s, stored, doubles, ok := findScheme(source)
	if !ok {
		return nil, fmt.Errorf("load weights %s: it lacks a ResNet's first convolution, conv1_conv/kernel by Keras's names, conv1.weight "+
			"by torchvision's and timm's, or resnet.embedder.embedder.convolution.weight by Hugging Face's; it begins with %s",
			path, listed(firstNames(source, 3)))
	}
	if origin.Kind == resnet.KindFile || origin.Kind == resnet.KindHub {
		if err := s.complete(&origin, path, stored, o); err != nil {
			return nil, err
		}
	}
	if o.Top && deepest != resnet.Conv5 {
		return nil, &resnet.NoTopError{Weights: origin.String()}
	}
	a := o.Architecture(origin, deepest)
	if a.Preprocess == "" { // saved with a model that had random weights
		a.Preprocess = usual(a.Variant)
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("load weights %s: %w", path, err)
	}
	n, err := resnet.NewNetwork(a.Depth, a.Variant)
	if err != nil {
		return nil, fmt.Errorf("load weights %s: %w", path, err)
	}
	l := &loader{path: path, source: source, scheme: s, network: n, architecture: a, stored: stored, doubles: doubles}
	p, notes, err := l.load()
	if err != nil {
		return nil, err
	}
	if origin.Preprocess != "" && a.Preprocess != origin.Preprocess {
		notes = append(notes, fmt.Sprintf("preprocessing is %s as asked; the weights were trained with %s", a.Preprocess, origin.Preprocess))
	}
	if !origin.Trained {
		notes = append(notes, untrained)
	}
	return &Backbone{architecture: a, network: n, parameters: p, contents: &contents{}, origin: origin, notes: notes}, nil
}

// complete fills in what a file's names tell of its weights.
func (s scheme) complete(origin *resnet.Origin, path string, stored map[string]string, o resnet.Options) error {
	variant, err := s.inferVariant(path, stored, o)
	if err != nil {
		return err
	}
	origin.Trained, origin.Variant, origin.Preprocess, origin.Resize = true, variant, s.preprocess, s.resize
	return nil
}

// inferVariant tells v1 from v1.5 by whose names a file has, and asks where its biases contradict them: Keras's ResNet
// has biases (Caffe's in the stem alone), torchvision's has none. The two variants' shapes are the same.
func (s scheme) inferVariant(path string, stored map[string]string, o resnet.Options) (resnet.Variant, error) {
	if o.Variant != resnet.VariantAuto {
		return o.Variant, nil
	}
	n, err := resnet.NewNetwork(o.Depth, s.variant)
	if err != nil {
		return "", err
	}
	_, biased := stored[s.names(n.Stem()).bias]
	if biased != n.Biased() {
		has := "no bias"
		if biased {
			has = "a bias"
		}
		return "", fmt.Errorf("load weights %s: it has %s's names and %s in its first convolution, which does not tell whether blocks "+
			"stride on their 1x1 (v1) or 3x3 convolution (v1.5); choose the variant, and the preprocessing with it",
			path, s.name, has)
	}
	return s.variant, nil
}

func firstNames(source weights.Source, n int) []string {
	var list []string
	for name := range source.Names() {
		if list = append(list, name); len(list) == n {
			break
		}
	}
	return list
}
