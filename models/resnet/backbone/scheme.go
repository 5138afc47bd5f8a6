package backbone

import (
	"strings"

	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
)

// scheme is a publisher's way to name the tensors of a ResNet.
type scheme struct {
	name       string
	variant    resnet.Variant // of the publisher's own models
	preprocess resnet.Preprocess
	resize     imageio.Method // of the publisher's evaluation
	// convolution names a convolution's kernel and bias, norm the four tensors of a batch norm, given the layer.
	convolution, norm func(c resnet.Convolution) string
	kernel, bias      string // the suffixes
	scale, offset     string
	mean, variance    string
	top               string // the classifier's layer
	// clean takes off what savers put around names.
	clean func(string) string
	// counters are tensors that are not weights: PyTorch counts the batches of a batch norm.
	counters string
}

// schemes are in the order in which they are tried.
var schemes = []scheme{
	{
		name: "keras", variant: resnet.V1, preprocess: resnet.PreprocessCaffe, resize: imageio.Bilinear, // the tutorials give the size to the loader

		convolution: func(c resnet.Convolution) string { return c.Name },
		norm:        func(c resnet.Convolution) string { return c.Norm },
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
		name: "torchvision", variant: resnet.V15, preprocess: resnet.PreprocessTorch, resize: imageio.Crop,
		convolution: func(c resnet.Convolution) string { name, _ := c.TorchNames(); return name },
		norm:        func(c resnet.Convolution) string { _, name := c.TorchNames(); return name },
		kernel:      ".weight", bias: ".bias",
		scale: ".weight", offset: ".bias", mean: ".running_mean", variance: ".running_var",
		top:      "fc",
		clean:    func(name string) string { return unwrapped(name) },
		counters: ".num_batches_tracked",
	},
	{
		name: "huggingface", variant: resnet.V15, preprocess: resnet.PreprocessTorch, resize: imageio.Crop,
		convolution: func(c resnet.Convolution) string { name, _ := c.HuggingFaceNames(); return name },
		norm:        func(c resnet.Convolution) string { _, name := c.HuggingFaceNames(); return name },
		kernel:      ".weight", bias: ".bias",
		scale: ".weight", offset: ".bias", mean: ".running_mean", variance: ".running_var",
		top:      "classifier.1",
		clean:    func(name string) string { return strings.TrimPrefix(unwrapped(name, "encoder."), "resnet.") }, // encoder. is its own
		counters: ".num_batches_tracked",
	},
}

// tensorNames are one layer's tensors in a scheme.
type tensorNames struct{ kernel, bias, scale, offset, mean, variance string }

func (s scheme) names(c resnet.Convolution) tensorNames {
	convolution, norm := s.convolution(c), s.norm(c)
	return tensorNames{
		kernel: convolution + s.kernel, bias: convolution + s.bias,
		scale: norm + s.scale, offset: norm + s.offset, mean: norm + s.mean, variance: norm + s.variance,
	}
}

// topNames are the classifier's kernel and bias.
func (s scheme) topNames() (kernel, bias string) { return s.top + s.kernel, s.top + s.bias }
