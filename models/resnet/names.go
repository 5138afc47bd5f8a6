package resnet

import (
	"fmt"
	"strings"
)

// scheme is a publisher's way to name the tensors of a ResNet.
type scheme struct {
	name       string
	variant    Variant // of the publisher's own models
	preprocess Preprocess
	// convolution names a convolution's kernel and bias, norm the four tensors of a batch norm, given the layer.
	convolution, norm func(n network, c convolution) string
	kernel, bias      string // the suffixes
	scale, offset     string
	mean, variance    string
	top               string // the classifier's layer
	// clean takes off what savers put around names.
	clean func(string) string
	// counters are tensors that are no weights: PyTorch counts the batches that a batch norm has seen.
	counters string
}

// schemes are in the order in which they are tried.
var schemes = []scheme{
	{
		name: "keras", variant: V1, preprocess: PreprocessCaffe,
		convolution: func(_ network, c convolution) string { return c.name },
		norm:        func(_ network, c convolution) string { return c.norm },
		kernel:      "/kernel", bias: "/bias",
		scale: "/gamma", offset: "/beta", mean: "/moving_mean", variance: "/moving_variance",
		top: "predictions",
		// "resnet50/conv1_conv/kernel:0" and "conv1_conv/conv1_conv/kernel:0" are conv1_conv/kernel.
		clean: func(name string) string {
			parts := strings.Split(strings.TrimSuffix(name, ":0"), "/")
			return strings.Join(parts[max(0, len(parts)-2):], "/")
		},
	},
	{
		name: "torchvision", variant: V15, preprocess: PreprocessTorch,
		convolution: func(n network, c convolution) string { return torchName(n, c, "conv", "downsample.0") },
		norm:        func(n network, c convolution) string { return torchName(n, c, "bn", "downsample.1") },
		kernel:      ".weight", bias: ".bias",
		scale: ".weight", offset: ".bias", mean: ".running_mean", variance: ".running_var",
		top:      "fc",
		clean:    func(name string) string { return strings.TrimPrefix(name, "module.") },
		counters: ".num_batches_tracked",
	},
	{
		name: "huggingface", variant: V15, preprocess: PreprocessTorch,
		convolution: func(n network, c convolution) string { return huggingFaceName(n, c) + ".convolution" },
		norm:        func(n network, c convolution) string { return huggingFaceName(n, c) + ".normalization" },
		kernel:      ".weight", bias: ".bias",
		scale: ".weight", offset: ".bias", mean: ".running_mean", variance: ".running_var",
		top:      "classifier.1",
		clean:    func(name string) string { return strings.TrimPrefix(name, "resnet.") },
		counters: ".num_batches_tracked",
	},
}

// position is where a convolution stands: stage and block from 0, i from 1 to 3 in the block's body, 0 for its projection;
// stem otherwise.
func position(n network, c convolution) (stage, block, i int, stem bool) {
	for s, one := range n.stages {
		for b, blk := range one.blocks {
			if !strings.HasPrefix(c.name, blk.name+"_") {
				continue
			}
			if _, err := fmt.Sscanf(c.name[len(blk.name):], "_%d_conv", &i); err != nil {
				panic(fmt.Sprintf("resnet: layer %q has no number", c.name)) // newNetwork gave it one
			}
			return s, b, i, false
		}
	}
	return 0, 0, 0, true
}

func torchName(n network, c convolution, layer, projection string) string {
	s, b, i, stem := position(n, c)
	switch {
	case stem:
		return layer + "1"
	case i == 0:
		return fmt.Sprintf("layer%d.%d.%s", s+1, b, projection)
	default:
		return fmt.Sprintf("layer%d.%d.%s%d", s+1, b, layer, i)
	}
}

func huggingFaceName(n network, c convolution) string {
	s, b, i, stem := position(n, c)
	switch {
	case stem:
		return "embedder.embedder"
	case i == 0:
		return fmt.Sprintf("encoder.stages.%d.layers.%d.shortcut", s, b)
	default:
		return fmt.Sprintf("encoder.stages.%d.layers.%d.layer.%d", s, b, i-1)
	}
}

// tensorNames are one layer's tensors in a scheme.
type tensorNames struct{ kernel, bias, scale, offset, mean, variance string }

func (s scheme) names(n network, c convolution) tensorNames {
	convolution, norm := s.convolution(n, c), s.norm(n, c)
	return tensorNames{
		kernel: convolution + s.kernel, bias: convolution + s.bias,
		scale: norm + s.scale, offset: norm + s.offset, mean: norm + s.mean, variance: norm + s.variance,
	}
}

// topNames are the classifier's kernel and bias.
func (s scheme) topNames() (kernel, bias string) { return s.top + s.kernel, s.top + s.bias }
