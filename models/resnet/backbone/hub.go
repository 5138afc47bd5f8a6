package backbone

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// hubFileName is the file with the weights in a repository of timm's, torchvision's or Hugging Face's ResNets.
const hubFileName = "model.safetensors"

// openHub loads the weights of a repository, fetching them first where they are not cached.
func openHub(ctx context.Context, o resnet.Options) (*Backbone, error) {
	file, err := weights.ParseHub(o.Weights.Name, hubFileName)
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", o.Weights, err)
	}
	options := weights.FetchOptions{CacheDir: o.CacheDir, Offline: o.Offline, Progress: o.Progress}
	place := file.CachePath(options)
	if file, err = file.Describe(ctx, options); err != nil {
		return nil, fmt.Errorf("open weights %s: %w; to do without the network, put the file at %s", o.Weights, err, place)
	}
	if err := o.Weights.CheckDigest(file.SHA256); err != nil {
		return nil, fmt.Errorf("open weights %s: %w", o.Weights, err)
	}
	path, err := file.Fetch(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("open weights %s: %w", o.Weights, err)
	}
	origin := o.Weights
	origin.SHA256 = file.SHA256
	b, err := openFile(path, origin, resnet.Conv5, o)
	if err != nil {
		return nil, err
	}
	if newerRecipe(file.Repository) {
		b.notes = append(b.notes, newerNote)
	}
	return b, nil
}

// newerNote warns of weights of a newer recipe.
const newerNote = "these weights were trained by a newer recipe, with mixed images and smoothed labels: better on ImageNet and " +
	"for fine-tuning, but their frozen features transfer worse than those of the weights " + resnet.SetImageNet

// newerRecipe tells whether a repository's weights come from torchvision's second recipe or those of "ResNet strikes back"
// (arXiv:2110.00476). What such recipes cost frozen features: Kornblith et al., arXiv:2010.16402, and pytorch/vision issue 8382.
func newerRecipe(repository string) bool {
	return slices.ContainsFunc([]string{".tv2_in1k", ".a1_in1k", ".a1h_in1k", ".a2_in1k", ".a3_in1k"}, func(suffix string) bool {
		return strings.HasSuffix(repository, suffix)
	})
}
