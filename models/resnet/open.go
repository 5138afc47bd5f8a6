package resnet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/headstart-nb/headstart/models/weights"
)

// Open builds the backbone and loads its weights, strictly: every tensor that is missing, unexpected or of the wrong shape
// is named in the error.
func Open(ctx context.Context, options Options) (*Backbone, error) {
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	switch o.Weights {
	case WeightsRandom:
		return openRandom(o)
	case WeightsImageNet:
		path, err := fetchImageNet(ctx, o)
		if err != nil {
			return nil, err
		}
		b, err := openFile(path, imageNet.SHA256, o) // Fetch has checked it
		if err != nil {
			return nil, err
		}
		b.info.Origin, b.info.License = imageNet.String(), imageNetLicense
		return b, nil
	default:
		digest, err := weights.Digest(ctx, o.Weights)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open weights %s: there is no such file: give %q, %q or the path of a safetensors file", o.Weights, WeightsImageNet, WeightsRandom)
		}
		if err != nil {
			return nil, fmt.Errorf("open weights %s: %w", o.Weights, err)
		}
		return openFile(o.Weights, digest, o)
	}
}

// openRandom makes an untrained backbone.
func openRandom(o Options) (*Backbone, error) {
	if o.Variant == auto {
		o.Variant = V1
	}
	n, err := newNetwork(o.Depth, o.Variant)
	if err != nil {
		return nil, err
	}
	if o.Preprocess == auto {
		o.Preprocess = PreprocessCaffe
		if o.Variant == V15 {
			o.Preprocess = PreprocessTorch
		}
	}
	origin := fmt.Sprintf("random (seed %d)", o.Seed)
	digest := sha256.Sum256(fmt.Appendf(nil, "%s resnet%d %s %s he-fan-out calibrated pcg", origin, o.Depth, o.Variant, o.Preprocess))
	return &Backbone{
		network: n, parameters: randomParameters(n, o.Cut, o.Top, o.Preprocess, o.Seed),
		cut: o.Cut, pool: o.Pool, mode: o.Preprocess, size: o.Size,
		info: WeightsInfo{
			Origin: origin, SHA256: hex.EncodeToString(digest[:]),
			Notes: []string{"untrained: the backbone's weights are random, and its features mean little"},
		},
	}, nil
}

// openFile loads a safetensors file.
func openFile(path, digest string, o Options) (*Backbone, error) {
	source, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = source.Close() }() // only read
	return openSource(source, path, digest, o)
}

// openSource loads the weights of a source that was found at path.
func openSource(source weights.Source, path, digest string, o Options) (*Backbone, error) {
	s, stored, doubles, ok := findScheme(source)
	if !ok {
		return nil, fmt.Errorf("load weights %s: it has no ResNet's first convolution under the names of Keras (conv1_conv/kernel), "+
			"torchvision or timm (conv1.weight), or Hugging Face (resnet.embedder.embedder.convolution.weight); it begins with %s",
			path, strings.Join(firstNames(source, 3), ", "))
	}
	variant, err := inferVariant(path, s, stored, o)
	if err != nil {
		return nil, err
	}
	n, err := newNetwork(o.Depth, variant)
	if err != nil {
		return nil, err
	}
	if o.Preprocess == auto {
		o.Preprocess = s.preprocess
	}
	l := &loader{path: path, source: source, scheme: s, network: n, cut: o.Cut, top: o.Top, stored: stored, doubles: doubles}
	p, notes, err := l.load()
	if err != nil {
		return nil, err
	}
	if o.Preprocess != s.preprocess {
		notes = append(notes, fmt.Sprintf("preprocessing is %s as asked; weights with %s's names were trained with %s",
			o.Preprocess, s.name, s.preprocess))
	}
	return &Backbone{
		network: n, parameters: p, cut: o.Cut, pool: o.Pool, mode: o.Preprocess, size: o.Size,
		info: WeightsInfo{Origin: path, Names: s.name, SHA256: digest, Trained: true, Preprocess: s.preprocess, Notes: notes},
	}, nil
}

// inferVariant tells v1 from v1.5 by whose names a file has, and asks where its biases contradict them: Keras's ResNet
// has biases (Caffe's in the stem alone), torchvision's has none. The two variants' shapes are the same.
func inferVariant(path string, s scheme, stored map[string]string, o Options) (string, error) {
	if o.Variant != auto {
		return o.Variant, nil
	}
	n, err := newNetwork(o.Depth, s.variant)
	if err != nil {
		return "", err
	}
	_, biased := stored[s.names(n, n.stem).bias]
	if biased != n.biases {
		has := "no bias"
		if biased {
			has = "a bias"
		}
		return "", fmt.Errorf("load weights %s: it has %s's names and %s in its first convolution, which does not tell whether blocks "+
			"stride on their 1x1 (v1) or 3x3 convolution (v1.5); say which with the variant option, and the preprocessing with it",
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
