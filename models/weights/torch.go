package weights

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/weights/checkpoint"
	"github.com/headstart-nb/headstart/models/weights/pickle"
)

// The metadata of a checkpoint of PyTorch.
const (
	// PartKey has the key of the state dict, where the checkpoint holds more than one.
	PartKey = "state dict"
	// PartsKey has the keys of all that it was chosen from, separated by commas.
	PartsKey = "state dicts"
)

// maxParts is how many keys of state dicts are listed: a hostile checkpoint may have a hundred thousand.
const maxParts = 10

// torchFile is an open checkpoint of PyTorch.
type torchFile struct {
	file  *checkpoint.File
	close func() error
}

var _ Source = (*torchFile)(nil)

// openTorch opens a checkpoint. Nothing that it says is run.
func openTorch(path string) (*torchFile, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	content, err := checkpoint.Read(file, info.Size())
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &torchFile{file: content, close: file.Close}, nil
}

// convertible tells whether PyTorch may read a checkpoint that was refused.
func convertible(err error) bool {
	return errors.As(err, new(*pickle.GlobalError)) || errors.As(err, new(*pickle.CallError)) || errors.As(err, new(*pickle.StateError)) ||
		errors.As(err, new(*pickle.OpcodeError)) || errors.As(err, new(*pickle.LongKeyError)) ||
		errors.As(err, new(*checkpoint.UnsupportedError))
}

// torchTypes are the types of PyTorch's tensors here.
func torchType(t checkpoint.Type) dtypes.DType {
	return map[checkpoint.Type]dtypes.DType{
		checkpoint.Float64: dtypes.Float64, checkpoint.Float32: dtypes.Float32, checkpoint.Float16: dtypes.Float16,
		checkpoint.BFloat16: dtypes.BFloat16, checkpoint.Int64: dtypes.Int64, checkpoint.Int32: dtypes.Int32,
		checkpoint.Int16: dtypes.Int16, checkpoint.Int8: dtypes.Int8, checkpoint.Uint8: dtypes.Uint8,
	}[t]
}

func (f *torchFile) Names() iter.Seq[string] { return slices.Values(f.file.Names()) }

func (f *torchFile) Shape(name string) (shapes.Shape, bool) {
	t, dims, ok := f.file.Tensor(name)
	if !ok {
		return shapes.Shape{}, false
	}
	return shapes.Make(torchType(t), dims...), true
}

func (f *torchFile) Tensor(name string) (*tensors.Tensor, error) {
	data, err := f.file.Bytes(name)
	if err != nil {
		return nil, err
	}
	shape, _ := f.Shape(name)
	t, err := tensors.FromRaw(nil, 0, shape, data)
	if err != nil {
		return nil, fmt.Errorf("read tensor %.100q: %w", name, err)
	}
	return t, nil
}

func (f *torchFile) Metadata() map[string]string {
	part, parts := f.file.Part()
	if len(parts) == 0 {
		return nil
	}
	list := strings.Join(parts[:min(len(parts), maxParts)], ", ")
	if more := len(parts) - maxParts; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return map[string]string{PartKey: part, PartsKey: list}
}

func (f *torchFile) Close() error { return f.close() }
