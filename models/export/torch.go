package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
	"github.com/headstart-nb/headstart/models/weights"
)

// ErrPool is a backbone that does not end in the mean of its feature maps, which torchvision's ResNet does.
var ErrPool = errors.New("torchvision's ResNet needs pool avg")

// Torch writes a safetensors state dict under torchvision's names. TorchCode is the code that loads it.
func Torch(out io.Writer, n Network) error {
	state, _, err := n.torch()
	if err != nil {
		return fmt.Errorf("export PyTorch: %w", err)
	}
	classes, err := json.Marshal(n.Classes)
	if err != nil {
		return fmt.Errorf("export PyTorch: %w", err)
	}
	return weights.Write(out, state, map[string]string{"format": "pt", "classes": string(classes)})
}

// torch makes the state dict and the modules of the head.
func (n Network) torch() (state map[string]weights.Float32, modules []string, err error) {
	if err := n.check(); err != nil {
		return nil, nil, err
	}
	if pool := n.Backbone.Architecture().Pool; pool != resnet.PoolAvg {
		return nil, nil, fmt.Errorf("%w; got pool %s", ErrPool, pool)
	}
	t := torchEngine{names: resnet.Convolution.TorchNames, tensors: n.backboneTensors(), state: map[string]weights.Float32{}}
	backbone.Forward(n.Backbone, t, nothing{})
	modules, err = t.head(n)
	return t.state, modules, err
}

// nothing stands for feature maps: a state dict has layers alone.
type nothing struct{}

// torchEngine collects the layers that it runs.
type torchEngine struct {
	names   func(resnet.Convolution) (convolution, norm string)
	tensors map[string]weights.Float32 // by our names
	state   map[string]weights.Float32 // by theirs
}

var _ resnet.Engine[nothing] = torchEngine{}

// Stem is the first convolution.
func (t torchEngine) Stem(x nothing, c resnet.Convolution) nothing { return t.Convolve(x, c) }

// Convolve writes a convolution with its norm. torchvision's convolutions have no bias: the norm's mean takes it.
func (t torchEngine) Convolve(x nothing, c resnet.Convolution) nothing {
	convolution, norm := t.names(c)
	t.state[convolution+".weight"] = outputFirst(t.tensors[c.Name+"/kernel"])
	for ours, theirs := range map[string]string{"gamma": "weight", "beta": "bias", "moving_variance": "running_var"} {
		t.state[norm+"."+theirs] = t.tensors[c.Norm+"/"+ours]
	}
	mean := t.tensors[c.Norm+"/moving_mean"]
	if c.Biased {
		bias := t.tensors[c.Name+"/bias"]
		moved := weights.Float32{Shape: mean.Shape, Values: make([]float32, len(mean.Values))}
		for i, v := range mean.Values {
			moved.Values[i] = v - bias.Values[i]
		}
		mean = moved
	}
	t.state[norm+".running_mean"] = mean
	return x
}

// Relu has no weights.
func (torchEngine) Relu(x nothing) nothing { return x }

// Merge has no weights.
func (torchEngine) Merge(x, _ nothing) nothing { return x }

// activations are PyTorch's modules.
var activations = map[string]string{
	"relu": "ReLU()", "gelu": "GELU()", "silu": "SiLU()", "tanh": "Tanh()", "sigmoid": "Sigmoid()", "elu": "ELU()", "selu": "SELU()",
	"leakyrelu": fmt.Sprintf("LeakyReLU(%g)", head.LeakySlope),
}

// head writes the head's weights and returns its modules.
func (t torchEngine) head(n Network) (modules []string, err error) {
	for _, step := range n.Head.Steps {
		weight := func(suffix string) weights.Float32 { return n.HeadWeights[step.Name+"/"+suffix] }
		at := fmt.Sprintf("fc.%d.", len(modules))
		switch step.Kind {
		case head.Dense:
			t.state[at+"weight"], t.state[at+"bias"] = outputFirst(weight("kernel")), weight("bias")
			modules = append(modules, fmt.Sprintf("nn.Linear(%d, %d)", step.Input[0], step.Units))
		case head.LayerNorm:
			t.state[at+"weight"], t.state[at+"bias"] = weight("gamma"), weight("beta")
			modules = append(modules, fmt.Sprintf("nn.LayerNorm(%d, eps=%g)", step.Input[0], head.LayerNormEpsilon))
		case head.BatchNorm:
			t.state[at+"weight"], t.state[at+"bias"] = weight("gamma"), weight("beta")
			t.state[at+"running_mean"], t.state[at+"running_var"] = weight("moving_mean"), weight("moving_variance")
			modules = append(modules, fmt.Sprintf("nn.BatchNorm1d(%d, eps=%g)", step.Input[0], head.BatchNormEpsilon))
		case head.UnitNorm:
			modules = append(modules, fmt.Sprintf("L2Norm([%s])", integers(step.Blocks)))
		case head.Dropout:
			modules = append(modules, fmt.Sprintf("nn.Dropout(%g)", step.Rate))
		case head.Flatten, head.Activation: // an activation is written below
		default:
			return nil, fmt.Errorf("%w: a state dict has no layer for %s", ErrHead, step.Kind)
		}
		if step.Activation != "" {
			modules = append(modules, "nn."+activations[step.Activation])
		}
	}
	return modules, nil
}

// TorchCode is the Python code that builds the network, loads the file that Torch wrote, and computes the outputs of x.
func TorchCode(n Network, file string) (string, error) {
	_, modules, err := n.torch()
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	classes, err := json.Marshal(n.Classes) // a JSON list of strings is a Python list
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	path, err := json.Marshal(file)
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	a := n.Backbone.Architecture()
	changes, err := torchChanges(a)
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("import torch, torchvision\nfrom torch import nn\nfrom safetensors.torch import load_file\n")
	if slices.ContainsFunc(n.Head.Steps, func(s head.Step) bool { return s.Kind == head.UnitNorm }) {
		line("%s", torchL2Norm)
	}
	line("classes = %s", classes)
	line("net = torchvision.models.resnet%d()", a.Depth)
	for i := len(n.Backbone.Stages()); i < len(resnet.Stages()); i++ {
		line("net.layer%d = nn.Identity()", i)
	}
	line("net.fc = nn.Sequential(%s)", strings.Join(modules, ", "))
	for _, change := range changes {
		line("%s", change)
	}
	if stages := a.Cut.Stages(); len(stages) > 1 {
		line("%s", torchForward(stages))
	}
	line("net.load_state_dict(load_file(%s), strict=True)\nnet.eval()\n", path)
	line("# x: [batch, 3, %d, %d], RGB from 0 to 255 as float; images are resized: %s", a.Size, a.Size, n.resizing())
	normalization, _ := a.Preprocess.Normalization() // check has seen it
	x := "x"
	if normalization.BGR {
		x = "x.flip(1)"
	}
	line("x = (%s - torch.tensor(%s).view(3, 1, 1)) / torch.tensor(%s).view(3, 1, 1)", x, list(normalization.Mean), list(normalization.Deviation))
	switch n.Output {
	case Softmax:
		line("probabilities = net(x).softmax(1) # [batch, %d], in the order of classes", n.Head.Outputs)
	case Sigmoid:
		line("probabilities = net(x).sigmoid() # [batch, %d], in the order of classes", n.Head.Outputs)
	default:
		line("values = net(x) # [batch, %d]", n.Head.Outputs)
	}
	return b.String(), nil
}

// torchL2Norm is the Python code of a layer that PyTorch has as a function alone.
var torchL2Norm = fmt.Sprintf(`class L2Norm(nn.Module): # each part of a row divided by its length
    def __init__(self, parts):
        super().__init__()
        self.parts = parts
    def forward(self, x):
        return torch.cat([nn.functional.normalize(part, eps=%g) for part in x.split(self.parts, 1)], 1)
`, head.UnitNormEpsilon)

// torchForward is the code that gives the head the averages of several stages. torchvision calls the stages after its stem
// layer1 to layer4.
func torchForward(stages []resnet.Stage) string {
	var taken []string
	for _, s := range stages {
		taken = append(taken, strconv.Itoa(slices.Index(resnet.Stages(), s)))
	}
	return fmt.Sprintf(`def forward(x):
    x, parts = net.maxpool(net.relu(net.bn1(net.conv1(x)))), []
    for i, layer in enumerate([nn.Identity(), net.layer1, net.layer2, net.layer3, net.layer4]):
        x = layer(x)
        if i in [%s]: parts.append(x.mean((2, 3))) # %s
    return net.fc(torch.cat(parts, 1))
net.forward = forward`, strings.Join(taken, ", "), resnet.CutAfter(stages...))
}

// integers are the elements of a Python list.
func integers(values []int) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = strconv.Itoa(v)
	}
	return strings.Join(words, ", ")
}

// torchChanges is the code that makes another variant of torchvision's ResNet, which is v1.5.
func torchChanges(a resnet.Architecture) ([]string, error) {
	ours, err := a.Convolutions()
	if err != nil {
		return nil, err
	}
	a.Variant = resnet.V15
	theirs, err := a.Convolutions()
	if err != nil {
		return nil, err
	}
	var lines []string
	if epsilon := ours[0].Epsilon; epsilon != theirs[0].Epsilon {
		lines = append(lines, fmt.Sprintf("for m in net.modules():\n    if isinstance(m, nn.BatchNorm2d): m.eps = %g", epsilon))
	}
	for i, c := range ours {
		if c.Stride != theirs[i].Stride {
			name, _ := c.TorchNames()
			lines = append(lines, fmt.Sprintf("net.get_submodule(%q).stride = (%d, %d)", name, c.Stride, c.Stride))
		}
	}
	return lines, nil
}

// list is a Python list.
func list(values [3]float32) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%g", v)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
