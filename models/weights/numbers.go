package weights

import (
	"encoding/binary"
	"io"
	"math"
	"unsafe"
)

// littleEndian tells whether numbers lie in memory as they do in files of weights.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// inMemory are the bytes of numbers where they lie, not a copy.
func inMemory(values []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(values))), 4*len(values))
}

// WriteNumbers writes numbers as files of weights have them, as float32 in little-endian order: to a file, or to a hash.
func WriteNumbers(w io.Writer, values []float32) error {
	raw := inMemory(values) // to turn them one by one takes longer than to hash them
	if !littleEndian() {
		raw = make([]byte, 0, 4*len(values))
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
	}
	_, err := w.Write(raw)
	return err
}
