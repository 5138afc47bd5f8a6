package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"

	"github.com/gomlx/compute/dtypes"
)

// maxRowsHeader bounds the header of a file of rows, which lists what each row stands for; others' readers have this limit as well.
const maxRowsHeader = 100_000_000

// Rows are those of one tensor of float32 in a file, read in parts: the file may be larger than memory. Reading is safe for concurrent use.
type Rows struct {
	file   *safetensors
	begin  int64 // of the first row, in the file
	shape  []int
	length int // numbers in a row
}

// OpenRows opens a tensor of a safetensors file.
func OpenRows(path, name string) (*Rows, error) {
	file, err := openSafetensors(path, maxRowsHeader)
	if err != nil {
		return nil, fmt.Errorf("read rows of %s: %w", path, plain(err))
	}
	at, ok := file.spans[name]
	if !ok || at.shape.DType != dtypes.Float32 || at.shape.Rank() < 2 {
		return nil, errors.Join(fmt.Errorf("read rows of %s: it has no tensor %q of float32 with two dimensions or more", path, name), file.Close())
	}
	r := &Rows{file: file, begin: file.origin + at.begin, shape: at.shape.Dimensions, length: 1}
	for _, d := range r.shape[1:] {
		r.length *= d
	}
	return r, nil
}

// Shape is [rows, ...].
func (r *Rows) Shape() []int { return r.shape }

// Length is how many numbers a row has.
func (r *Rows) Length() int { return r.length }

// Metadata are the notes of whoever wrote the file.
func (r *Rows) Metadata() map[string]string { return maps.Clone(r.file.metadata) }

// Read fills into, [n, Length], with the rows from first on.
func (r *Rows) Read(into []float32, first int) error {
	if r.length == 0 || len(into)%r.length != 0 || first < 0 || first+len(into)/r.length > r.shape[0] {
		return fmt.Errorf("read rows: %d numbers from row %d on, of %v", len(into), first, r.shape)
	}
	if len(into) == 0 {
		return nil
	}
	// The numbers are read into their place: turning them one by one takes longer than reading them.
	raw := inMemory(into)
	if _, err := r.file.data.ReadAt(raw, r.begin+4*int64(first)*int64(r.length)); err != nil {
		return fmt.Errorf("read rows: %w", err)
	}
	if !littleEndian() {
		for i := range into {
			into[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
	return nil
}

// Close closes the file.
func (r *Rows) Close() error { return r.file.Close() }
