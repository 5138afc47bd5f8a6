package resnet

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
	"github.com/headstart-nb/headstart/models/weights"
)

// Open builds the backbone and loads its weights, strictly: every tensor that is missing, unexpected or of the wrong shape
// is named in the error.
func Open(ctx context.Context, o Options) (*Backbone, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	defer timeline.Start(ctx, "read weights")()
	switch o.Weights.Kind {
	case KindRandom:
		return openRandom(o)
	case KindPublished:
		set, _ := FindSet(o.Weights.Name) // Validate has seen it
		if err := o.Weights.checkDigest(set.File.SHA256); err != nil {
			return nil, fmt.Errorf("open weights %s: %w", set.Name, err)
		}
		return openSet(ctx, set, o)
	}
	if o.Weights.Kind == KindHub {
		return openHub(ctx, o)
	}
	path := o.Weights.Path
	sum, _, err := digest.File(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open weights %s: %w; weights must be one of %s, random, or the path of a safetensors file, or hf:OWNER/NAME@REVISION", path,
			fs.ErrNotExist, strings.Join(SetNames(), ", "))
	}
	if err == nil {
		err = o.Weights.checkDigest(sum)
	}
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", path, err)
	}
	origin := o.Weights
	origin.SHA256 = sum
	return openFile(path, origin, Conv5, o)
}

// openSet loads published weights.
func openSet(ctx context.Context, set Set, o Options) (*Backbone, error) {
	source, path, err := set.open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // only read
	b, err := openSource(source, path, set.origin(), set.Deepest, o)
	if err == nil && set.newer() {
		b.notes = append(b.notes, newerNote)
	}
	return b, err
}

// openRandom makes an untrained backbone.
func openRandom(o Options) (*Backbone, error) {
	origin := RandomWeights(o.Weights.Seed)
	origin.Variant = V1
	a := o.architecture(origin, Conv5)
	origin.Variant = a.Variant
	if a.Preprocess == "" {
		a.Preprocess = usual(a.Variant)
	}
	n, err := newNetwork(a.Depth, a.Variant)
	if err != nil {
		return nil, fmt.Errorf("open a ResNet: %w", err)
	}
	digest := sha256.Sum256(fmt.Appendf(nil, "random (seed %d) resnet%d %s %s he-fan-out calibrated pcg",
		origin.Seed, a.Depth, a.Variant, a.Preprocess))
	origin.SHA256 = hex.EncodeToString(digest[:])
	if err := o.Weights.checkDigest(origin.SHA256); err != nil {
		return nil, fmt.Errorf("open weights %s: %w", origin, err)
	}
	return &Backbone{
		architecture: a, network: n, parameters: randomParameters(n, a.Cut.Last(), a.Top, a.Preprocess, origin.Seed), origin: origin,
		notes: []string{untrained},
	}, nil
}

// untrained is the note of random weights.
const untrained = "untrained: the backbone's weights are random, and its features mean little"

// usual is the preprocessing of the variant's publishers.
func usual(v Variant) Preprocess {
	if v == V15 {
		return PreprocessTorch
	}
	return PreprocessCaffe
}

// openFile loads the safetensors file at path, which has the stages up to deepest.
func openFile(path string, origin Origin, deepest Stage, o Options) (*Backbone, error) {
	source, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // only read
	return openSource(source, path, origin, deepest, o)
}

// openSource loads the weights of a source that was found at path.
func openSource(source weights.Source, path string, origin Origin, deepest Stage, o Options) (*Backbone, error) {
	s, stored, doubles, ok := findScheme(source)
	if !ok {
		return nil, fmt.Errorf("load weights %s: it lacks a ResNet's first convolution, conv1_conv/kernel by Keras's names, conv1.weight "+
			"by torchvision's and timm's, or resnet.embedder.embedder.convolution.weight by Hugging Face's; it begins with %s",
			path, strings.Join(firstNames(source, 3), ", "))
	}
	if origin.Kind == KindFile || origin.Kind == KindHub {
		if err := s.complete(&origin, path, stored, o); err != nil {
			return nil, err
		}
	}
	if o.Top && deepest != Conv5 {
		return nil, &NoTopError{Weights: origin.String()}
	}
	a := o.architecture(origin, deepest)
	if a.Preprocess == "" { // saved with a model that had random weights
		a.Preprocess = usual(a.Variant)
	}
	if err := a.Validate(); err != nil {
		return nil, fmt.Errorf("load weights %s: %w", path, err)
	}
	n, err := newNetwork(a.Depth, a.Variant)
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
	return &Backbone{architecture: a, network: n, parameters: p, origin: origin, notes: notes}, nil
}

// complete fills in what a file's names tell of its weights.
func (s scheme) complete(origin *Origin, path string, stored map[string]string, o Options) error {
	variant, err := s.inferVariant(path, stored, o)
	if err != nil {
		return err
	}
	origin.Trained, origin.Variant, origin.Preprocess, origin.Resize = true, variant, s.preprocess, s.resize
	return nil
}

// inferVariant tells v1 from v1.5 by whose names a file has, and asks where its biases contradict them: Keras's ResNet
// has biases (Caffe's in the stem alone), torchvision's has none. The two variants' shapes are the same.
func (s scheme) inferVariant(path string, stored map[string]string, o Options) (Variant, error) {
	if o.Variant != VariantAuto {
		return o.Variant, nil
	}
	n, err := newNetwork(o.Depth, s.variant)
	if err != nil {
		return "", err
	}
	_, biased := stored[s.names(n.stem).bias]
	if biased != n.biases {
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
