package weights

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// A Float32 is the numbers of one tensor to write.
type Float32 struct {
	Shape  []int
	Values []float32
}

// Write writes tensors in the safetensors format, sorted by name, so that the same tensors give the same bytes. The
// metadata may be nil.
func Write(w io.Writer, tensors map[string]Float32, metadata map[string]string) error {
	names := slices.Sorted(maps.Keys(tensors))
	shapes := make([][]int, len(names))
	for i, name := range names {
		tensor := tensors[name]
		shapes[i] = tensor.Shape
		if size := sizeOf(tensor.Shape); size != int64(len(tensor.Values)) {
			return fmt.Errorf("write tensor %s: the shape %v does not fit %d numbers", name, tensor.Shape, len(tensor.Values))
		}
	}
	out := bufio.NewWriterSize(w, 1<<20)
	if err := writeHeader(out, names, shapes, metadata); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	for _, name := range names {
		if err := WriteNumbers(out, tensors[name].Values); err != nil {
			return fmt.Errorf("write tensor %s: %w", name, err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	return nil
}

// WriteRows writes one tensor whose rows come one at a time, so that it need not fit in memory. The bytes are those of Write.
func WriteRows(w io.Writer, name string, shape []int, metadata map[string]string, rows iter.Seq2[[]float32, error]) error {
	out := bufio.NewWriterSize(w, 1<<20)
	if err := writeHeader(out, []string{name}, [][]int{shape}, metadata); err != nil {
		return fmt.Errorf("write tensor %s: %w", name, err)
	}
	var written int64
	for row, err := range rows {
		if err == nil {
			err = WriteNumbers(out, row)
		}
		if err != nil {
			return fmt.Errorf("write tensor %s: %w", name, err)
		}
		written += int64(len(row))
	}
	if written != sizeOf(shape) {
		return fmt.Errorf("write tensor %s: the shape %v does not fit %d numbers", name, shape, written)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write tensor %s: %w", name, err)
	}
	return nil
}

func sizeOf(shape []int) int64 {
	size := int64(1)
	for _, d := range shape {
		size *= int64(d)
	}
	return size
}

// writeHeader writes what stands before the numbers of tensors that follow each other.
func writeHeader(out io.Writer, names []string, shapes [][]int, metadata map[string]string) error {
	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	header := map[string]any{}
	if len(metadata) > 0 {
		header["__metadata__"] = metadata
	}
	var end int64
	for i, name := range names {
		start := end
		end += sizeOf(shapes[i]) * 4
		header[name] = entry{"F32", append([]int{}, shapes[i]...), [2]int64{start, end}}
	}
	raw, err := json.Marshal(header) // sorts the names
	if err != nil {
		return err
	}
	for len(raw)%8 != 0 { // the format's padding
		raw = append(raw, ' ')
	}
	prefix := binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))
	_, err = out.Write(append(prefix, raw...))
	return err
}
