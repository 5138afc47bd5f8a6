package transfer

import (
	"errors"
	"io"
	"strings"

	"github.com/headstart-nb/headstart/models/export"
	"github.com/headstart-nb/headstart/models/run"
	"github.com/headstart-nb/headstart/models/trainer"
	"github.com/headstart-nb/headstart/models/weights"
)

// ErrNotResNet marks a backbone whose architecture the exports do not know.
var ErrNotResNet = errors.New("only a model on a ResNet can be exported")

// outputs are what the tasks make of the logits.
var outputs = map[Task]export.Output{Single: export.Softmax, Multi: export.Sigmoid, Regression: export.Values}

// exported is what the exports write.
func (m *Model) exported() (export.Network, error) {
	network, ok := ResNetOf(m.Backbone)
	if !ok {
		return export.Network{}, ErrNotResNet
	}
	m.turn.Lock()
	state, err := m.network.Weights()
	m.turn.Unlock()
	if err != nil {
		return export.Network{}, err
	}
	n := export.Network{
		Name: m.Name, Version: m.Provenance.Versions["headstart"], Backbone: network, Head: m.shape.plan,
		Stages: map[string]weights.Float32{}, HeadWeights: map[string]weights.Float32{},
		Output: outputs[m.Task], Classes: m.Classes, Geometry: m.Backbone.Identity().Geometry,
	}
	for path, array := range state {
		if name, ok := trainer.BodyPath(path); ok {
			n.Stages[name] = weights.Float32(array)
		} else {
			n.HeadWeights[strings.TrimPrefix(path, "head/")] = weights.Float32(array)
		}
	}
	return n, nil
}

// ExportONNX writes the model as one ONNX file; see export.ONNX.
func (m *Model) ExportONNX(file string) error {
	n, err := m.exported()
	if err != nil {
		return err
	}
	return run.WriteFile(file, func(out io.Writer) error { return export.ONNX(out, n) })
}

// ExportTorch writes a safetensors state dict under torchvision's names and returns the PyTorch code that loads it.
func (m *Model) ExportTorch(file string) (code string, err error) {
	n, err := m.exported()
	if err != nil {
		return "", err
	}
	if code, err = export.TorchCode(n, file); err != nil {
		return "", err
	}
	return code, run.WriteFile(file, func(out io.Writer) error { return export.Torch(out, n) })
}
