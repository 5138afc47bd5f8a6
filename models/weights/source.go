// Package weights reads the tensors of published models under their publishers' names.
package weights

import (
	"iter"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// Source yields tensors under their publisher's names. It is safe for concurrent use.
type Source interface {
	// Names yields every tensor's name, sorted.
	Names() iter.Seq[string]
	// Shape tells a tensor's type and dimensions without reading it; false where there is no such tensor.
	Shape(name string) (shapes.Shape, bool)
	// Tensor reads one tensor.
	Tensor(name string) (*tensors.Tensor, error)
	// Metadata are the publisher's own notes; it may be nil.
	Metadata() map[string]string
	// Close releases the file. Tensors already read stay valid.
	Close() error
}
