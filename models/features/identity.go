package features

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/onnxnet"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// Identity is all of a backbone that changes its features.
type Identity struct {
	Architecture resnet.Architecture  `json:"architecture"`
	Weights      resnet.Origin        `json:"weights"`
	Geometry     imagefolder.Geometry `json:"geometry"` // how images come to the architecture's size
	Precision    resnet.Precision     `json:"precision"`
	Fingerprint  string               `json:"fingerprint"`      // names all that an image's features depend on
	Output       string               `json:"output,omitempty"` // of an ONNX file, at which it is cut; empty for a ResNet
}

// Identity says which weights and which treatment of the images give these features.
func (b *Backbone) Identity() Identity {
	if b.file != nil {
		return b.fileIdentity()
	}
	a := b.network.Architecture()
	return Identity{
		Architecture: a, Weights: b.network.Weights(),
		Geometry:    imagefolder.Geometry{Size: a.Size, Method: b.options.Method, Decode: b.options.Decode},
		Precision:   b.options.Precision,
		Fingerprint: b.fingerprint(b.network.Fingerprint(), string(b.options.Method), string(b.options.Precision)),
	}
}

// contentFingerprint is the identity's Fingerprint with the weights by their numbers, not their file: it is a key for caches. Where the
// numbers are on a device alone, it is the same. That of a network of an ONNX file is the same unless an earlier version computed other
// features of it.
func (b *Backbone) contentFingerprint() string {
	if b.file != nil {
		return b.fingerprint(b.file.CacheKey(), string(b.options.Method))
	}
	network, ok := b.network.ContentFingerprint()
	if !ok {
		network = b.network.Fingerprint()
	}
	return b.fingerprint(network, string(b.options.Method), string(b.options.Precision))
}

// fingerprint joins what features depend on with the decoding.
func (b *Backbone) fingerprint(depends ...string) string {
	if b.options.Decode != imageio.Exact { // which has no word of its own: it was the only one once
		depends = append(depends, string(b.options.Decode))
	}
	return strings.Join(depends, "|")
}

// Name is for people: "ResNet50 v1.5", or "ONNX network".
func (id Identity) Name() string {
	if id.Output != "" {
		return "ONNX network"
	}
	return id.Architecture.Name()
}

// Cut is for people: the stages or the output at which the network is cut.
func (id Identity) Cut() string {
	if id.Output != "" {
		return id.Output
	}
	return string(id.Architecture.Cut)
}

// String is a sentence for people.
func (id Identity) String() string {
	a := id.Architecture
	return fmt.Sprintf("%s cut at %s with pool %s, %s preprocessing and weights %s (SHA-256 %.12s)", id.Name(), id.Cut(), a.Pool, a.Preprocess,
		id.Weights, id.Weights.SHA256)
}

// Open makes the backbone of an identity again, from where its weights are. Other weights are a resnet.DigestError.
func (id Identity) Open(ctx context.Context) (*Backbone, error) {
	if id.Output != "" {
		file, err := onnxnet.Open(ctx, id.Weights.Path, onnxnet.Options{
			Output: id.Output, Size: id.Architecture.Size, Preprocess: id.Architecture.Preprocess, SHA256: id.Weights.SHA256,
		})
		if err != nil {
			return nil, err
		}
		return OfFile(file, Options{Method: id.Geometry.Method, Decode: cmp.Or(id.Geometry.Decode, imageio.Exact)}), nil
	}
	network, err := backbone.Open(ctx, id.Architecture.Options(id.Weights))
	if err != nil {
		return nil, err
	}
	return New(network, Options{Precision: id.Precision, Method: id.Geometry.Method, Decode: cmp.Or(id.Geometry.Decode, imageio.Exact)}), nil
}
