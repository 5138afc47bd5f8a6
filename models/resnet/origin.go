package resnet

import (
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imageio"
)

// HubPrefix begins what people give as weights of the hub: "hf:OWNER/NAME@REVISION".
const HubPrefix = "hf:"

// Kind says how weights came to be.
type Kind string

const (
	// KindPublished is a Set: Origin.Name names it.
	KindPublished Kind = "published"
	// KindFile is a file of the user's, in safetensors or a checkpoint of PyTorch: Origin.Path names it.
	KindFile Kind = "file"
	// KindHub is a repository of the Hugging Face hub at a fixed revision: Origin.Name is OWNER/NAME@REVISION.
	KindHub Kind = "hub"
	// KindRandom is drawn from Origin.Seed: an untrained network.
	KindRandom Kind = "random"
	// KindSaved is the file at Origin.Path that was saved with a model; the other fields are those of the weights that
	// the model was trained on.
	KindSaved Kind = "saved-with-model"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{KindPublished, KindFile, KindHub, KindRandom, KindSaved} }

// Origin is where weights come from. Options.Weights needs the kind with its name, path or seed; Backbone.Weights has the
// rest as well. It is enough to open the same weights again.
type Origin struct {
	Kind   Kind   `json:"kind"`
	Name   string `json:"name,omitempty"`   // of a published set, or of a repository of the hub
	Path   string `json:"path,omitempty"`   // of a file
	Seed   uint64 `json:"seed,omitempty"`   // of random weights
	SHA256 string `json:"sha256,omitempty"` // of the file, in hex; of the seed's description for random weights. Open checks one that is given

	// What follows belongs to the weights. Open fills it in.

	Trained    bool       `json:"trained"`              // false for random weights, and for those saved with a model that had random ones
	Variant    Variant    `json:"variant,omitempty"`    // that they were trained as
	Preprocess Preprocess `json:"preprocess,omitempty"` // that they were trained with; empty for random weights
	// Resize is how their publisher brings images to the size that they were evaluated with; empty where none is known. For
	// torchvision's it is Crop, the shorter side to 256 and the center 224. Against squeezing whole images it was measured with
	// an ImageNet ResNet50 and scikit-learn's logistic regression (C=1; 30 on L2-normalized conv4+conv5), mean accuracy of
	// three seeds of five-fold cross-validation: on 603 hand signs 92.3 against 91.0 % (conv4), 88.5 against 87.1 (conv5), 90.2
	// against 88.3 (both); on 480 photos of trash, 4:3, 82.8 against 84.7 (conv4), 85.1 against 83.8, 86.4 against 86.0.
	Resize  imageio.Method `json:"resize,omitempty"`
	License string         `json:"license,omitempty"` // SPDX identifier where the publisher states one
}

// PublishedWeights are those of the Set of a name.
func PublishedWeights(name string) Origin { return Origin{Kind: KindPublished, Name: name} }

// WeightsFile are those of a safetensors file, or of a checkpoint of PyTorch.
func WeightsFile(path string) Origin { return Origin{Kind: KindFile, Path: path} }

// HubWeights are those of a repository of the Hugging Face hub at a fixed revision, OWNER/NAME@REVISION.
func HubWeights(name string) Origin { return Origin{Kind: KindHub, Name: name} }

// RandomWeights are those of an untrained network. The same seed gives the same weights on every machine.
func RandomWeights(seed uint64) Origin { return Origin{Kind: KindRandom, Seed: seed} }

// ChooseWeights reads what people give as weights: the name of a published set, "random", "hf:OWNER/NAME@REVISION", or the path of a
// file.
func ChooseWeights(text string, seed uint64) Origin {
	if name, ok := strings.CutPrefix(text, HubPrefix); ok {
		return HubWeights(name)
	}
	if text == string(KindRandom) {
		return RandomWeights(seed)
	}
	if _, ok := FindSet(text); ok {
		return PublishedWeights(text)
	}
	return WeightsFile(text)
}

// String is for people: "imagenet (timm/resnet50.tv_in1k/model.safetensors at 78f3ecfd)".
func (o Origin) String() string {
	switch o.Kind {
	case KindPublished:
		if set, ok := FindSet(o.Name); ok {
			return set.String()
		}
		return o.Name
	case KindHub:
		return HubPrefix + o.Name
	case KindRandom:
		return fmt.Sprintf("random (seed %d)", o.Seed)
	case KindSaved:
		first := o.Name
		if !o.Trained {
			first = "random"
		}
		if first == "" {
			return o.Path
		}
		return fmt.Sprintf("%s (%s, saved with the model)", o.Path, first)
	}
	return o.Path
}

// Saved is the origin of these weights once they are in the file at path, which has the digest.
func (o Origin) Saved(path, digest string) Origin {
	o.Kind, o.Path, o.SHA256 = KindSaved, path, digest
	return o
}

// A DigestError is weights that are not those asked for.
type DigestError struct{ Want, Got string }

func (e *DigestError) Error() string {
	return fmt.Sprintf("the weights have the SHA-256 %s and must have %s", e.Got, e.Want)
}

// CheckDigest holds a digest against the one asked for, where one was.
func (o Origin) CheckDigest(got string) error {
	if o.SHA256 != "" && o.SHA256 != got {
		return &DigestError{Want: o.SHA256, Got: got}
	}
	return nil
}
