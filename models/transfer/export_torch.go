package transfer

import (
	"fmt"
	"io"
	"strings"

	"github.com/headstart-nb/headstart/models/head"
	"github.com/headstart-nb/headstart/models/run"
	"github.com/headstart-nb/headstart/models/weights"
)

// ExportTorch writes a safetensors state dict under torchvision's names and returns the PyTorch code that loads it.
func (m *Model) ExportTorch(file string) (snippet string, err error) {
	e, err := m.export()
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	id := m.Backbone.Identity()
	if id.Architecture.Pool != "avg" {
		return "", fmt.Errorf("export PyTorch: torchvision's ResNet pools by the mean, and this model by %s", id.Architecture.Pool)
	}
	t := &torchWriter{exported: e, state: map[string]weights.Float32{}}
	layers, err := t.head()
	if err != nil {
		return "", fmt.Errorf("export PyTorch: %w", err)
	}
	t.backbone()
	err = run.WriteFile(file, func(w io.Writer) error {
		return weights.Write(w, t.state, map[string]string{"format": "pt"})
	})
	return t.snippet(file, layers), err
}

type torchWriter struct {
	*exported
	state map[string]weights.Float32
}

// convolution writes a convolution with its norm. torchvision's convolutions have no bias: the norm's mean takes it.
func (t *torchWriter) convolution(layer, conv, norm string) {
	t.state[conv+".weight"] = outputFirst(t.weights[layer+"_conv/kernel"])
	for ours, theirs := range map[string]string{"gamma": "weight", "beta": "bias", "moving_variance": "running_var"} {
		t.state[norm+"."+theirs] = t.weights[layer+"_bn/"+ours]
	}
	mean := t.weights[layer+"_bn/moving_mean"]
	if bias, ok := t.weights[layer+"_conv/bias"]; ok {
		moved := weights.Float32{Shape: mean.Shape, Values: make([]float32, len(mean.Values))}
		for i, v := range mean.Values {
			moved.Values[i] = v - bias.Values[i]
		}
		mean = moved
	}
	t.state[norm+".running_mean"] = mean
}

func (t *torchWriter) backbone() {
	t.convolution("conv1", "conv1", "bn1")
	names, _ := t.blocks()
	for _, name := range names {
		var stage, block int
		_, _ = fmt.Sscanf(name, "conv%d_block%d", &stage, &block) // blocks made the name
		to := fmt.Sprintf("layer%d.%d.", stage-1, block-1)
		for i := 1; i <= 3; i++ {
			t.convolution(fmt.Sprintf("%s_%d", name, i), fmt.Sprintf("%sconv%d", to, i), fmt.Sprintf("%sbn%d", to, i))
		}
		if _, ok := t.weights[name+"_0_conv/kernel"]; ok {
			t.convolution(name+"_0", to+"downsample.0", to+"downsample.1")
		}
	}
}

// head writes the head's weights and returns its modules.
func (t *torchWriter) head() (modules []string, err error) {
	activations := map[string]string{
		"relu": "ReLU()", "gelu": "GELU()", "silu": "SiLU()", "tanh": "Tanh()", "sigmoid": "Sigmoid()", "elu": "ELU()", "selu": "SELU()",
		"leakyrelu": fmt.Sprintf("LeakyReLU(%g)", head.LeakySlope),
	}
	weight := func(name string) weights.Float32 { return t.weights["head/"+name] }
	for _, step := range t.model.shape.plan.Steps {
		at := fmt.Sprintf("fc.%d.", len(modules))
		switch step.Kind {
		case head.Dense:
			t.state[at+"weight"], t.state[at+"bias"] = transposed(weight(step.Name+"/kernel")), weight(step.Name+"/bias")
			modules = append(modules, fmt.Sprintf("nn.Linear(%d, %d)", step.Input[0], step.Units))
		case head.BatchNorm, head.LayerNorm:
			t.state[at+"weight"], t.state[at+"bias"] = weight(step.Name+"/gamma"), weight(step.Name+"/beta")
			if step.Kind == head.LayerNorm {
				modules = append(modules, fmt.Sprintf("nn.LayerNorm(%d, eps=%g)", step.Input[0], head.LayerNormEpsilon))
				break
			}
			t.state[at+"running_mean"] = weight(step.Name + "/moving_mean")
			t.state[at+"running_var"] = weight(step.Name + "/moving_variance")
			modules = append(modules, fmt.Sprintf("nn.BatchNorm1d(%d, eps=%g)", step.Input[0], head.BatchNormEpsilon))
		case head.Dropout:
			modules = append(modules, fmt.Sprintf("nn.Dropout(%g)", step.Rate))
		case head.Flatten, head.Activation: // an activation is written below
		default:
			return nil, fmt.Errorf("a head with %s cannot be exported", step.Kind)
		}
		if step.Activation != "" {
			modules = append(modules, "nn."+activations[step.Activation])
		}
	}
	return modules, nil
}

func transposed(kernel weights.Float32) weights.Float32 {
	in, out := kernel.Shape[0], kernel.Shape[1]
	t := weights.Float32{Shape: []int{out, in}, Values: make([]float32, len(kernel.Values))}
	for i := range in {
		for o := range out {
			t.Values[o*in+i] = kernel.Values[i*out+o]
		}
	}
	return t
}

// snippet is the code that builds the network and loads the file.
func (t *torchWriter) snippet(file string, modules []string) string {
	id := t.model.Backbone.Identity()
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("import torch, torchvision\nfrom torch import nn\nfrom safetensors.torch import load_file\n")
	line("net = torchvision.models.resnet%d()", id.Architecture.Depth)
	for i := len(t.model.Backbone.Stages()); i < 5; i++ {
		line("net.layer%d = nn.Identity()", i)
	}
	line("net.fc = nn.Sequential(%s)", strings.Join(modules, ", "))
	if !t.v15 {
		line("for m in net.named_modules():\n    if m[0].startswith((\"bn\", \"layer\")) and isinstance(m[1], nn.BatchNorm2d): m[1].eps = %g", t.epsilon)
		line("for layer in (net.layer2, net.layer3, net.layer4):\n" +
			"    if isinstance(layer, nn.Sequential): layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)")
	}
	line("net.load_state_dict(load_file(%q), strict=False)\nnet.eval()", file)
	mean, deviation, reversed, err := pixels(id.Architecture.Preprocess)
	if err == nil {
		line("# x: [batch, 3, %d, %d], RGB from 0 to 255, float", id.Geometry.Size, id.Geometry.Size)
		x := "x"
		if reversed {
			x = "x.flip(1)"
		}
		line("x = (%s - torch.tensor(%s).view(3, 1, 1)) / torch.tensor(%s).view(3, 1, 1)", x, list(mean), list(deviation))
	}
	switch t.model.Task {
	case Single:
		line("probabilities = net(x).softmax(1)")
	case Multi:
		line("probabilities = net(x).sigmoid()")
	default:
		line("values = net(x)")
	}
	return b.String()
}

func list(values []float32) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprintf("%g", v)
	}
	return "[" + strings.Join(words, ", ") + "]"
}
