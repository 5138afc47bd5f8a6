package features

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
)

// Identity is all of a backbone that changes its features.
type Identity struct {
	Architecture  string               `json:"architecture"`   // ResNet50 v1
	Weights       string               `json:"weights"`        // where they come from, for people
	WeightsDigest string               `json:"weights_digest"` // SHA-256, hexadecimal
	Trained       bool                 `json:"trained"`        // false for random weights
	Cut           string               `json:"cut"`            // last stage, such as conv5
	Pool          string               `json:"pool"`           // avg, max or none
	Preprocess    string               `json:"preprocess"`     // caffe, torch or rescale
	Belongs       string               `json:"belongs"`        // the preprocessing that the weights were trained with; empty: unknown
	Geometry      imagefolder.Geometry `json:"geometry"`
	Precision     string               `json:"precision"`   // float32, bfloat16 or float16
	Fingerprint   string               `json:"fingerprint"` // names all that an image's features depend on
}

// Identity says which weights and which treatment of the images give these features.
func (b *Backbone) Identity() Identity {
	n, info := b.network, b.network.Weights()
	geometry := imagefolder.Geometry{Size: n.Size(), Method: b.options.Method}
	return Identity{
		Architecture: n.Name(), Weights: info.Origin, WeightsDigest: n.WeightsDigest(), Trained: n.Trained() && !b.options.Untrained,
		Cut: n.Cut(), Pool: n.Pool(), Preprocess: n.Preprocess(), Belongs: info.Preprocess,
		Geometry: geometry, Precision: b.options.Precision,
		Fingerprint: strings.Join([]string{n.Fingerprint(), string(geometry.Method), b.options.Precision}, "|"),
	}
}

// A WeightsError is a backbone whose weights are not those that a record names.
type WeightsError struct{ Want, Got string } // SHA-256

func (e *WeightsError) Error() string {
	return fmt.Sprintf("the head was trained on a backbone with other weights: their SHA-256 is %s, and these have %s", e.Want, e.Got)
}

// Reopen makes the backbone of an identity again, from where its weights were.
func (id Identity) Reopen(ctx context.Context) (*Backbone, error) {
	file := ""
	switch _, err := os.Stat(id.Weights); {
	case err == nil:
		file = id.Weights
	case id.Weights == resnet.ImageNetOrigin():
		file = resnet.WeightsImageNet
	}
	return id.OpenWith(ctx, file)
}

// OpenWith makes the backbone of an identity again with the weights in file, which have to be those of the identity. An
// empty file is enough for random weights.
func (id Identity) OpenWith(ctx context.Context, file string) (*Backbone, error) {
	backbone, err := id.OpenSaved(ctx, file)
	if err != nil {
		return nil, err
	}
	if have := backbone.Identity().WeightsDigest; have != id.WeightsDigest {
		return nil, &WeightsError{Want: id.WeightsDigest, Got: have}
	}
	return backbone, nil
}

// OpenSaved makes the backbone of an identity again with the weights in a file that was saved from it. The file has a digest
// of its own, which the caller checks.
func (id Identity) OpenSaved(ctx context.Context, file string) (*Backbone, error) {
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
	return New(network, Options{Precision: id.Precision, Method: id.Geometry.Method, Untrained: !id.Trained}), nil
}
