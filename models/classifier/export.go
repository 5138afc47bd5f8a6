package classifier

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/models/export"
	"github.com/headstart-nb/headstart/models/features"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/stepper"
	"github.com/headstart-nb/headstart/models/weights"
)

// outputOf is what a task makes of the logits.
func outputOf(task recipe.Task) export.Output {
	switch task {
	case recipe.Multi:
		return export.Sigmoid
	case recipe.Regression:
		return export.Values
	}
	return export.Softmax
}

// exported is what the exports write.
func (m *Model) exported() (export.Network, error) {
	if m.Backbone().File() != nil {
		return export.Network{}, fmt.Errorf("export %s: %w", m.Name, features.ErrFile)
	}
	if err := m.whole(); err != nil {
		return export.Network{}, fmt.Errorf("export %s: %w", m.Name, err)
	}
	state, err := m.weights()
	if err != nil {
		return export.Network{}, fmt.Errorf("export %s: %w", m.Name, err)
	}
	n := export.Network{
		Name: m.Name, Version: m.Provenance.Versions["headstart"], Backbone: m.Backbone().Network(), Head: m.network.Plan,
		Stages: map[string]weights.Float32{}, HeadWeights: map[string]weights.Float32{},
		Output: outputOf(m.Task), Classes: m.Classes, Geometry: m.geometry(),
	}
	for path, array := range state {
		if name, ok := stepper.BodyPath(path); ok {
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
	return atomicfile.WriteResult(file, func(out io.Writer) error { return export.ONNX(out, n) })
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
	return code, atomicfile.WriteResult(file, func(out io.Writer) error { return export.Torch(out, n) })
}

// ExportHuggingFace writes a Hugging Face model folder, which must not exist or be empty: model.safetensors, config.json,
// preprocessor_config.json and README.md, the model card. transformers' AutoModelForImageClassification loads it.
func (m *Model) ExportHuggingFace(dir string) error {
	n, err := m.exported()
	if err != nil {
		return err
	}
	folder, err := export.ToHuggingFace(n)
	if err != nil {
		return err
	}
	return writeFolder("export the model", dir, func(dir string) error {
		err := atomicfile.WriteFile(filepath.Join(dir, export.HuggingFaceWeights), folder.WriteWeights)
		for name, text := range map[string][]byte{
			export.HuggingFaceConfig: folder.Config, export.HuggingFaceProcessor: folder.Processor, cardFile: []byte(hubHeader + m.Card(nil)),
		} {
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
			}
		}
		return err
	})
}

// hubHeader is what the Hugging Face hub reads of a card.
const hubHeader = "---\nlibrary_name: transformers\npipeline_tag: image-classification\ntags:\n- image-classification\n- headstart\n---\n\n"
