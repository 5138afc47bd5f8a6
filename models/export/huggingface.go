package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// ErrHuggingFace is a network that transformers' ResNetForImageClassification cannot be: it has the mean of one stage's feature maps,
// after conv1, and one linear layer.
var ErrHuggingFace = errors.New("transformers' ResNet cannot be this network")

// The files of a Hugging Face model folder.
const (
	HuggingFaceWeights   = "model.safetensors"
	HuggingFaceConfig    = "config.json"
	HuggingFaceProcessor = "preprocessor_config.json"
)

// torchEpsilon is that of PyTorch's batch norms, which transformers' ResNet takes without a choice.
const torchEpsilon = 1e-5

// HuggingFace is a network as the three files of a model folder, which transformers' AutoModelForImageClassification and
// AutoImageProcessor load.
type HuggingFace struct {
	Config, Processor []byte
	tensors           map[string]weights.Float32
}

// ToHuggingFace makes the files. What they cannot say is moved into the weights: the order of the colors into the first convolution, the
// epsilon of the batch norms into their variances, batch norms of the head into its linear layer.
func ToHuggingFace(n Network) (*HuggingFace, error) {
	h, err := n.huggingFace()
	if err != nil {
		return nil, fmt.Errorf("export for Hugging Face: %w", err)
	}
	return h, nil
}

// WriteWeights writes the weights in safetensors.
func (h *HuggingFace) WriteWeights(w io.Writer) error {
	return weights.Write(w, h.tensors, map[string]string{"format": "pt"})
}

func (n Network) huggingFace() (*HuggingFace, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	a := n.Backbone.Architecture()
	switch stages := a.Cut.Stages(); {
	case len(stages) != 1:
		return nil, fmt.Errorf("%w: its head gets the features of %d stages", ErrHuggingFace, len(stages))
	case stages[0] == resnet.Conv1:
		return nil, fmt.Errorf("%w: it is cut after conv1", ErrHuggingFace)
	case a.Pool != resnet.PoolAvg:
		return nil, fmt.Errorf("%w: it has pool %s", ErrHuggingFace, a.Pool)
	}
	convolutions, err := a.Convolutions()
	if err != nil {
		return nil, err
	}
	t := torchEngine{names: huggingFaceNames, tensors: n.backboneTensors(), state: map[string]weights.Float32{}}
	backbone.Forward(n.Backbone, t, nothing{})
	for _, c := range convolutions {
		_, norm := huggingFaceNames(c)
		name := norm + ".running_var"
		t.state[name] = shifted(t.state[name], c.Epsilon-torchEpsilon)
		t.state[norm+".num_batches_tracked"] = weights.Float32{Values: []float32{0}} // unused; without it transformers warns
	}
	normalization, _ := a.Preprocess.Normalization() // check has seen it
	stem, _ := huggingFaceNames(convolutions[0])
	if normalization.BGR {
		t.state[stem+".weight"] = reversedInputs(t.state[stem+".weight"])
		slices.Reverse(normalization.Mean[:])
		slices.Reverse(normalization.Deviation[:])
	}
	kernel, bias, err := n.linearHead()
	if err != nil {
		return nil, err
	}
	t.state["classifier.1.weight"], t.state["classifier.1.bias"] = kernel, bias
	h := &HuggingFace{tensors: t.state}
	if h.Config, err = json.MarshalIndent(n.huggingFaceConfig(a, convolutions), "", "  "); err != nil {
		return nil, err
	}
	h.Processor, err = json.MarshalIndent(n.huggingFaceProcessor(normalization), "", "  ")
	return h, err
}

// huggingFaceNames are the names in ResNetForImageClassification, which has the network below resnet.
func huggingFaceNames(c resnet.Convolution) (convolution, norm string) {
	convolution, norm = c.HuggingFaceNames()
	return "resnet." + convolution, "resnet." + norm
}

func shifted(w weights.Float32, by float64) weights.Float32 {
	moved := weights.Float32{Shape: w.Shape, Values: make([]float32, len(w.Values))}
	for i, v := range w.Values {
		moved.Values[i] = float32(float64(v) + by)
	}
	return moved
}

// reversedInputs reverses the input channels of a kernel [out, in, height, width].
func reversedInputs(kernel weights.Float32) weights.Float32 {
	in, pixels := kernel.Shape[1], kernel.Shape[2]*kernel.Shape[3]
	turned := weights.Float32{Shape: kernel.Shape, Values: make([]float32, len(kernel.Values))}
	for at := 0; at < len(kernel.Values); at += in * pixels {
		for c := range in {
			copy(turned.Values[at+(in-1-c)*pixels:][:pixels], kernel.Values[at+c*pixels:])
		}
	}
	return turned
}

// linearHead is the head as one linear layer, [outputs, features] and [outputs]. A head with more than that is an ErrHuggingFace.
func (n Network) linearHead() (kernel, bias weights.Float32, err error) {
	var scale, offset []float64 // of the features, before the dense layer
	var matrix [][]float64      // [features][outputs]; nil before the dense layer
	var shift []float64
	for _, step := range n.Head.Steps {
		weight := func(suffix string) []float32 { return n.HeadWeights[step.Name+"/"+suffix].Values }
		switch {
		case step.Kind == head.Flatten, step.Kind == head.Dropout: // as it predicts, they do nothing
		case step.Kind == head.BatchNorm && matrix == nil && scale == nil:
			mean, variance, gamma, beta := weight("moving_mean"), weight("moving_variance"), weight("gamma"), weight("beta")
			for i := range mean {
				by := float64(gamma[i]) / math.Sqrt(float64(variance[i])+head.BatchNormEpsilon)
				scale, offset = append(scale, by), append(offset, float64(beta[i])-by*float64(mean[i]))
			}
		case step.Kind == head.Dense && step.Activation == "" && matrix == nil:
			values := weight("kernel")
			for at := 0; at < len(values); at += step.Units {
				row := make([]float64, step.Units)
				for o := range row {
					row[o] = float64(values[at+o])
				}
				matrix = append(matrix, row)
			}
			for _, v := range weight("bias") {
				shift = append(shift, float64(v))
			}
		default:
			return kernel, bias, fmt.Errorf("%w: its head has the layer %s", ErrHuggingFace, step.Name)
		}
	}
	if matrix == nil {
		return kernel, bias, fmt.Errorf("%w: its head has no dense layer", ErrHuggingFace)
	}
	outputs := len(shift)
	kernel = weights.Float32{Shape: []int{outputs, len(matrix)}, Values: make([]float32, outputs*len(matrix))}
	for i, row := range matrix {
		for o, v := range row {
			if scale != nil {
				shift[o] += offset[i] * v
				v *= scale[i]
			}
			kernel.Values[o*len(matrix)+i] = float32(v)
		}
	}
	bias = weights.Float32{Shape: []int{outputs}, Values: make([]float32, outputs)}
	for o, v := range shift {
		bias.Values[o] = float32(v)
	}
	return kernel, bias, nil
}

// huggingFaceConfig is config.json.
func (n Network) huggingFaceConfig(a resnet.Architecture, convolutions []resnet.Convolution) map[string]any {
	var depths, sizes []int
	layer := "basic"
	for _, c := range convolutions[1:] {
		stage := slices.Index(resnet.Stages(), c.Stage()) - 1
		if stage == len(depths) {
			depths, sizes = append(depths, 0), append(sizes, 0)
		}
		depths[stage], sizes[stage] = max(depths[stage], c.Block()+1), max(sizes[stage], c.Out)
		if c.Kernel == 1 && c.Stage() == resnet.Conv2 && sizes[0] > convolutions[0].Out {
			layer = "bottleneck"
		}
	}
	labels, ids := map[string]string{}, map[string]int{}
	for i, class := range n.Classes {
		labels[strconv.Itoa(i)], ids[class] = class, i
	}
	return map[string]any{
		"architectures": []string{"ResNetForImageClassification"}, "model_type": "resnet", "dtype": "float32",
		"num_channels": 3, "embedding_size": convolutions[0].Out, "depths": depths, "hidden_sizes": sizes, "layer_type": layer, "hidden_act": "relu",
		"downsample_in_first_stage": false, "downsample_in_bottleneck": a.Variant == resnet.V1,
		"id2label": labels, "label2id": ids, "problem_type": map[Output]string{
			Softmax: "single_label_classification", Sigmoid: "multi_label_classification", Values: "regression",
		}[n.Output],
	}
}

// convNextCrops is the size below which transformers' ConvNextImageProcessor crops. From it on, it squeezes the whole image.
const convNextCrops = 384

// huggingFaceProcessor is preprocessor_config.json. All processors take means and deviations of pixels from 0 to 1.
func (n Network) huggingFaceProcessor(normalization resnet.Normalization) map[string]any {
	mean, deviation := make([]float64, 3), make([]float64, 3)
	for i := range mean {
		mean[i], deviation[i] = float64(normalization.Mean[i])/255, float64(normalization.Deviation[i])/255
	}
	const nearest, bilinear = 0, 2 // Pillow's numbers
	size := n.Geometry.Size
	processor := map[string]any{
		"do_resize": true, "resample": bilinear, "do_rescale": true, "rescale_factor": 1.0 / 255, "do_normalize": true, "image_mean": mean, "image_std": deviation,
	}
	switch method := n.Geometry.Method; {
	case method == imageio.Crop && size >= convNextCrops:
		processor["image_processor_type"], processor["size"] = "BitImageProcessor", map[string]int{"shortest_edge": size * 256 / 224}
		processor["do_center_crop"], processor["crop_size"] = true, map[string]int{"height": size, "width": size}
	case method == imageio.Crop: // it resizes the shorter side to size / crop_pct, and takes the center
		processor["image_processor_type"], processor["size"], processor["crop_pct"] = "ConvNextImageProcessor", map[string]int{"shortest_edge": size}, 224.0/256
	case method == imageio.Nearest:
		processor["resample"] = nearest
		fallthrough
	default:
		processor["image_processor_type"], processor["size"] = "ViTImageProcessor", map[string]int{"height": size, "width": size}
	}
	return processor
}
