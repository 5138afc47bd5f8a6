package features

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
)

// Identity is all of a backbone that changes its features.
type Identity struct {
	Architecture resnet.Architecture  `json:"architecture"`
	Weights      resnet.Origin        `json:"weights"`
	Geometry     imagefolder.Geometry `json:"geometry"` // how images come to the architecture's size
	Precision    resnet.Precision     `json:"precision"`
	Fingerprint  string               `json:"fingerprint"` // names all that an image's features depend on
}

// Identity says which weights and which treatment of the images give these features.
func (b *Backbone) Identity() Identity {
	a := b.network.Architecture()
	depends := []string{b.network.Fingerprint(), string(b.options.Method), string(b.options.Precision)}
	if b.options.Decode != imageio.Exact { // which has no word of its own: it was the only one once
		depends = append(depends, string(b.options.Decode))
	}
	return Identity{
		Architecture: a, Weights: b.network.Weights(),
		Geometry:  imagefolder.Geometry{Size: a.Size, Method: b.options.Method, Decode: b.options.Decode},
		Precision: b.options.Precision, Fingerprint: strings.Join(depends, "|"),
	}
}

// String is a sentence for people.
func (id Identity) String() string {
	a := id.Architecture
	return fmt.Sprintf("%s cut at %s with pool %s, %s preprocessing and weights %s (SHA-256 %.12s)", a.Name(), a.Cut, a.Pool, a.Preprocess,
		id.Weights, id.Weights.SHA256)
}

// Open makes the backbone of an identity again, from where its weights are. Other weights are a resnet.DigestError.
func (id Identity) Open(ctx context.Context) (*Backbone, error) {
	network, err := resnet.Open(ctx, id.Architecture.Options(id.Weights))
	if err != nil {
		return nil, err
	}
	return New(network, Options{Precision: id.Precision, Method: id.Geometry.Method, Decode: cmp.Or(id.Geometry.Decode, imageio.Exact)}), nil
}
