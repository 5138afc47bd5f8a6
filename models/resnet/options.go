package resnet

import "fmt"

// Options choose a backbone. The zero value is ResNet50 with the pretrained ImageNet weights, cut after conv5, averaged.
type Options struct {
	// Depth is 50 (also 0), 101 or 152.
	Depth int
	// Weights is "imagenet" (also the empty string: fetched once, then cached), "random", or the path of a safetensors
	// file under torchvision's, timm's, Hugging Face's or Keras's names.
	Weights string
	// Variant is "v1" (Keras, Caffe), "v1.5" (torchvision, timm, Hugging Face), or "auto" (also the empty string):
	// known from the names in the file; v1 for random weights.
	Variant string
	// Cut is the last stage that runs: "conv1" to "conv5"; empty means conv5.
	Cut string
	// Pool is "avg" (also the empty string), "max" or "none".
	Pool string
	// Top adds the classifier that the weights were trained with: Features are then logits, [batch, 1000].
	Top bool
	// Preprocess is "auto" (also the empty string: what the weights were trained with), "caffe", "torch" or "rescale".
	Preprocess string
	// Size is the height and width of the images in pixels; 0 means 224.
	Size int
	// Seed makes the random weights.
	Seed uint64

	// CacheDir holds the fetched weights; empty means the Hugging Face cache, which Python programs share.
	CacheDir string
	// Offline forbids the network: what is not cached is an error.
	Offline bool
	// Progress is told how many of the total bytes are fetched; it may be nil.
	Progress func(done, total int64)
}

// Weights that are no file.
const (
	WeightsImageNet = "imagenet"
	WeightsRandom   = "random"
)

// auto leaves a choice to what is known of the weights.
const auto = "auto"

// Poolings of the last stage's maps.
const (
	PoolAvg  = "avg"
	PoolMax  = "max"
	PoolNone = "none"
)

const (
	lastStage   = "conv5"
	defaultSize = 224
	// minSize leaves conv5 one pixel.
	minSize = 32
	maxSize = 2048
)

// withDefaults fills in what is empty and refuses what is no option.
func (o Options) withDefaults() (Options, error) {
	fill := func(value *string, fallback string) {
		if *value == "" {
			*value = fallback
		}
	}
	fill(&o.Weights, WeightsImageNet)
	fill(&o.Cut, lastStage)
	fill(&o.Pool, PoolAvg)
	fill(&o.Preprocess, auto)
	fill(&o.Variant, auto)
	if o.Depth == 0 {
		o.Depth = 50
	}
	if o.Size == 0 {
		o.Size = defaultSize
	}
	variant := o.Variant
	if variant == auto {
		variant = V1
	}
	n, err := newNetwork(o.Depth, variant)
	if err != nil {
		return o, err
	}
	if err := n.checkStage(o.Cut); err != nil {
		return o, err
	}
	if err := checkPool(o.Pool); err != nil {
		return o, err
	}
	if o.Preprocess != auto {
		if err := checkPreprocess(o.Preprocess); err != nil {
			return o, err
		}
	}
	switch {
	case o.Size < minSize || o.Size > maxSize:
		return o, fmt.Errorf("resnet: images of %d pixels do not fit the network; it takes %d to %d", o.Size, minSize, maxSize)
	case o.Top && (o.Cut != lastStage || o.Pool != PoolAvg):
		return o, fmt.Errorf("resnet: the top stands on conv5 and average pooling, not on %s and %s", o.Cut, o.Pool)
	}
	return o, nil
}

func checkPool(mode string) error {
	if mode != PoolAvg && mode != PoolMax && mode != PoolNone {
		return fmt.Errorf("resnet: there is no pooling %q; they are avg, max and none", mode)
	}
	return nil
}
