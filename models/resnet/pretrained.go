package resnet

import (
	"context"

	"github.com/headstart-nb/headstart/models/weights"
)

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
	return imageNet.Fetch(ctx, weights.FetchOptions{CacheDir: o.CacheDir, Offline: o.Offline, Progress: o.Progress})
}
