package transfer

import (
	"context"

	"github.com/headstart-nb/headstart/models/accel"
)

// SaveOptions say what goes into a saved model's folder.
type SaveOptions struct {
	HeadOnly bool              // leave the backbone's weights out; their hash is recorded
	Figures  map[string][]byte // PNG by file name, shown in the model card
}

// Save writes the model as one folder, which must not exist or be empty: head.safetensors, backbone.safetensors,
// model.json (classes, preprocessing, provenance, history) and README.md, the model card.
func (m *Model) Save(dir string, options SaveOptions) error { return errNotYet }

// LoadOptions say where to find what a folder does not hold.
type LoadOptions struct {
	Weights string // the backbone's weights for a model that was saved with HeadOnly
}

// Load reads a folder that Save wrote. It trusts nothing in it: no code runs, sizes and hashes are checked, and what does
// not belong is refused by name.
func Load(ctx context.Context, device *accel.Device, dir string, options LoadOptions) (*Model, error) {
	return nil, errNotYet
}

// ExportONNX writes the model, pictures to probabilities, as one ONNX file.
func (m *Model) ExportONNX(file string) error { return errNotYet }

// ExportTorch writes a safetensors state dict and returns the PyTorch code that loads it.
func (m *Model) ExportTorch(file string) (snippet string, err error) { return "", errNotYet }
