package resnet

import (
	"context"
	"fmt"

	"github.com/headstart-nb/headstart/models/weights"
)

// ImageNetOrigin is the Origin of the weights that WeightsImageNet names.
func ImageNetOrigin() string { return imageNet.String() }

// imageNet is torchvision's first ResNet50 (the IMAGENET1K_V1 weights, 76.1 % top-1), as timm publishes it.
var imageNet = weights.HubFile{
	Repository: "timm/resnet50.tv_in1k",
	Revision:   "78f3ecfdb38e06d9b8397f662e7ab8fee96026fa",
	Name:       "model.safetensors",
	Size:       102469840,
	SHA256:     "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
}

const imageNetLicense = "BSD-3-Clause"

// fetchImageNet returns the path of the pretrained weights in the cache, and fetches them first where they are not there.
func fetchImageNet(ctx context.Context, o Options) (string, error) {
	if o.Depth != 50 {
		return "", fmt.Errorf("weights imagenet: the published weights are a ResNet50's; for a ResNet%d give a safetensors file", o.Depth)
	}
	options := weights.FetchOptions{CacheDir: o.CacheDir, Offline: o.Offline, Progress: o.Progress}
	path, err := imageNet.Fetch(ctx, options)
	if err != nil {
		return "", fmt.Errorf("weights imagenet: %w; to do without the network, put the file at %s (SHA-256 %s) or give its path; "+
			"weights random would be an untrained network, whose features mean little",
			err, imageNet.CachePath(options), imageNet.SHA256)
	}
	return path, nil
}
