package resnet

import (
	"context"
	"fmt"
	"strings"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/sampleset/pretrained"
	"github.com/headstart-nb/headstart/models/weights"
)

// A Set is weights that a publisher gives to everyone, with all that belongs to them.
type Set struct {
	Name       string // by which people ask for it
	Summary    string // one line
	File       weights.Remote
	Embedded   func() *strings.Reader // reads the file where it is part of the program; nil: it is fetched
	Depth      int
	Variant    Variant
	Preprocess Preprocess
	Geometry   imageio.Geometry // how its publisher brings images to the size that it was evaluated with
	Deepest    Stage            // the last stage that the file has
	NoTop      bool             // it was trained without classes, and has no classifier
	Newer      bool             // of a newer recipe, with mixed images and smoothed labels: its frozen features transfer worse
	License    string           // SPDX identifier
}

const (
	// SetImageNet is the name of the default Set.
	SetImageNet = "imagenet"
	// SetImageNetV2 is the name of torchvision's Set of a newer recipe, for fine-tuning.
	SetImageNetV2 = "imagenet-v2"
	// SetImageNetA1 is the name of a Set of a newer recipe, for fine-tuning.
	SetImageNetA1 = "imagenet-a1"
	// SetDINO is the name of a Set that was trained without labels, for frozen features.
	SetDINO = "dino"
	// SetSample is the name of the Set that is part of the program. It was trained on generated shapes, not on photos.
	SetSample = "sample"
)

// Sets lists the published weights. A new one is one more value here.
func Sets() []Set {
	return []Set{
		{
			Name:    SetImageNet,
			Summary: "torchvision's first ResNet50 (IMAGENET1K_V1, 76.1 % top-1), as timm publishes it",
			File: weights.HubFile{
				Repository: "timm/resnet50.tv_in1k",
				Revision:   "78f3ecfdb38e06d9b8397f662e7ab8fee96026fa",
				Name:       "model.safetensors",
				Size:       102469840,
				SHA256:     "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
			},
			Depth: 50, Variant: V15, Preprocess: PreprocessTorch,
			Geometry: imageio.Geometry{Size: 224, Method: imageio.Crop}, Deepest: Conv5,
			License: "BSD-3-Clause",
		},
		{
			// torchvision/models/resnet.py, ResNet50_Weights.IMAGENET1K_V2. The file's name has the hash's first digits, which torch.hub
			// checks; the rest is as many projects have recorded it, with the size. torchvision evaluates it after a resize to 232 pixels;
			// here, as for the others, to 256.
			Name:    SetImageNetV2,
			Summary: "torchvision's second ResNet50 (IMAGENET1K_V2, 80.9 % top-1), for fine-tuning",
			File: weights.WebFile{
				Address: "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
				Size:    102540417,
				SHA256:  "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca",
			},
			Depth: 50, Variant: V15, Preprocess: PreprocessTorch,
			Geometry: imageio.Geometry{Size: 224, Method: imageio.Crop}, Deepest: Conv5, Newer: true,
			License: "BSD-3-Clause",
		},
		{
			// https://arxiv.org/abs/2110.00476
			Name:    SetImageNetA1,
			Summary: "ResNet50 of \"ResNet strikes back\" (recipe A1, 80.4 % top-1 at 224 pixels), for fine-tuning",
			File: weights.HubFile{
				Repository: "timm/resnet50.a1_in1k",
				Revision:   "767268603ca0cb0bfe326fa87277f19c419566ef",
				Name:       "model.safetensors",
				Size:       102469840,
				SHA256:     "773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
			},
			Depth: 50, Variant: V15, Preprocess: PreprocessTorch,
			Geometry: imageio.Geometry{Size: 224, Method: imageio.Crop}, Deepest: Conv5, Newer: true,
			License: "Apache-2.0",
		},
		{
			// https://arxiv.org/abs/2104.14294, hubconf.py and LICENSE of facebookresearch/dino. Its authors publish no hash: this one, and the
			// size, are as projects have recorded them that know nothing of each other (github.com/myjju08/I-Drift, experiments/dino, and one
			// that starts PROB, a detector, from it). Its evaluation, eval_knn.py, resizes to 256 pixels by bicubic interpolation; here it is
			// bilinear.
			Name:    SetDINO,
			Summary: "the ResNet50 of DINO, trained without labels (75.3 % top-1 of a linear classifier), for frozen features",
			File: weights.WebFile{
				Address: "https://dl.fbaipublicfiles.com/dino/dino_resnet50_pretrain/dino_resnet50_pretrain.pth",
				Size:    94345885,
				SHA256:  "156f8c4166a23dc2951ae811e39d76a06269c565932edf647c0187e65cd7aa7c",
			},
			Depth: 50, Variant: V15, Preprocess: PreprocessTorch,
			Geometry: imageio.Geometry{Size: 224, Method: imageio.Crop}, Deepest: Conv5, NoTop: true,
			License: "Apache-2.0",
		},
		{
			Name:    SetSample,
			Summary: "conv1 to conv3 of a ResNet50, pretrained on generated shapes, part of the program",
			File: weights.HubFile{
				Name: "resnet50_conv3.safetensors", Size: pretrained.Open().Size(), SHA256: pretrained.SHA256(),
			},
			Embedded: pretrained.Open,
			Depth:    50, Variant: V15, Preprocess: PreprocessTorch,
			Geometry: imageio.Geometry{Size: 96, Method: imageio.Bilinear}, Deepest: Conv3,
			License: "Apache-2.0",
		},
	}
}

// FindSet finds a set by its name.
func FindSet(name string) (Set, bool) {
	for _, s := range Sets() {
		if s.Name == name {
			return s, true
		}
	}
	return Set{}, false
}

// SetNames lists the names of the published weights.
func SetNames() []string {
	var names []string
	for _, s := range Sets() {
		names = append(names, s.Name)
	}
	return names
}

// A FetchError is published weights that could not be had.
type FetchError struct {
	Set  Set
	Path string // where the file may be put by hand
	Err  error
}

func (e *FetchError) Error() string {
	return fmt.Sprintf("%s; put the file at %s (SHA-256 %s), or use the weights %s, which are part of the program", e.Problem(), e.Path,
		e.Set.File.Digest(), SetSample)
}

// Problem is what failed, without what to do about it.
func (e *FetchError) Problem() string { return fmt.Sprintf("open weights %s: %v", e.Set.Name, e.Err) }

// Unwrap gives the reason.
func (e *FetchError) Unwrap() error { return e.Err }

// String is for people: the name, and where the weights are from.
func (s Set) String() string {
	if s.Embedded != nil {
		return s.Name + " (part of the program)"
	}
	return fmt.Sprintf("%s (%s)", s.Name, s.File)
}

// Origin is that of the set's weights, whose file was checked when it was fetched.
func (s Set) Origin() Origin {
	return Origin{
		Kind: KindPublished, Name: s.Name, SHA256: s.File.Digest(),
		Trained: true, Variant: s.Variant, Preprocess: s.Preprocess, Resize: s.Geometry.Method, License: s.License,
	}
}

// Presence says where the set can be had: what is part of the program counts as cached.
func (s Set) Presence(ctx context.Context, o Options) weights.Presence {
	if s.Embedded != nil {
		return weights.PresenceCached
	}
	return s.File.Presence(ctx, weights.FetchOptions{CacheDir: o.CacheDir, Offline: o.Offline})
}
