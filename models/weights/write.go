package weights

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
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
	type entry struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	header := map[string]any{}
	if len(metadata) > 0 {
		header["__metadata__"] = metadata
	}
	names := slices.Sorted(maps.Keys(tensors))
	var end int64
	for _, name := range names {
		tensor := tensors[name]
		size := 1
		for _, d := range tensor.Shape {
			size *= d
		}
		if size != len(tensor.Values) {
			return fmt.Errorf("write tensor %s: the shape %v does not fit %d numbers", name, tensor.Shape, len(tensor.Values))
		}
		start := end
		end += int64(size) * 4
		header[name] = entry{"F32", append([]int{}, tensor.Shape...), [2]int64{start, end}}
	}
	raw, err := json.Marshal(header) // sorts the names
	if err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	for len(raw)%8 != 0 { // the format's padding
		raw = append(raw, ' ')
	}
	out := bufio.NewWriterSize(w, 1<<20)
	prefix := binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))
	if _, err := out.Write(append(prefix, raw...)); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	var number [4]byte
	for _, name := range names {
		for _, v := range tensors[name].Values {
			binary.LittleEndian.PutUint32(number[:], math.Float32bits(v))
			if _, err := out.Write(number[:]); err != nil {
				return fmt.Errorf("write tensor %s: %w", name, err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write tensors: %w", err)
	}
	return nil
}
