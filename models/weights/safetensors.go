package weights

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// The safetensors format (https://huggingface.co/docs/safetensors, section Format): 8 bytes little-endian with the length
// of the header, the header in JSON, then the tensors' bytes, back to back.
const (
	lengthBytes = 8
	// maxHeader is far above what a ResNet needs (30 kB) and keeps a hostile file from costing memory.
	maxHeader = 16 << 20
	maxRank   = 8
	// metadataKey is the header's only entry that is not a tensor.
	metadataKey = "__metadata__"
)

// safetensorsTypes are the format's element types that this library computes with.
var safetensorsTypes = map[string]dtypes.DType{
	"F64": dtypes.Float64, "F32": dtypes.Float32, "F16": dtypes.Float16, "BF16": dtypes.BFloat16,
	"I64": dtypes.Int64, "I32": dtypes.Int32, "I16": dtypes.Int16, "I8": dtypes.Int8,
	"U64": dtypes.Uint64, "U32": dtypes.Uint32, "U16": dtypes.Uint16, "U8": dtypes.Uint8,
	"BOOL": dtypes.Bool,
}

// span is where a tensor lies in the data behind the header.
type span struct {
	shape      shapes.Shape
	begin, end int64 // bytes
}

// safetensors is an open file. It reads with ReadAt and not through a memory map: a file that another program truncates
// would kill the process through a map, and gives an error here.
type safetensors struct {
	data     io.ReaderAt
	close    func() error
	origin   int64 // where the data begins
	spans    map[string]span
	metadata map[string]string
}

var _ Source = (*safetensors)(nil)

// Read reads a safetensors file of size bytes that is in memory or part of another file.
func Read(data io.ReaderAt, size int64) (Source, error) {
	s, err := readSafetensors(data, size, maxHeader)
	if err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	return s, nil
}

// openSafetensors opens a file whose header has at most so many bytes.
func openSafetensors(path string, largest uint64) (*safetensors, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s, err := readSafetensors(file, info.Size(), largest)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	s.close = file.Close
	return s, nil
}

// readSafetensors reads and checks the header of size bytes of data.
func readSafetensors(data io.ReaderAt, size int64, largest uint64) (*safetensors, error) {
	var prefix [lengthBytes]byte
	if _, err := data.ReadAt(prefix[:], 0); err != nil {
		return nil, fmt.Errorf("%w: it is shorter than the %d bytes that one begins with", ErrNotSafetensors, lengthBytes)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	// A length past the limit is the first bytes of another format; one past the end may be a file that was cut off.
	if length > largest {
		return nil, ErrNotSafetensors
	}
	if int64(length) > size-lengthBytes {
		return nil, fmt.Errorf("%w, or cut off: its header should have %d bytes, and the file has %d", ErrNotSafetensors, length, size)
	}
	s := &safetensors{data: data, close: func() error { return nil }, origin: lengthBytes + int64(length)}
	header := bufio.NewReader(io.NewSectionReader(data, lengthBytes, int64(length)))
	if first, err := header.Peek(1); err != nil || first[0] != '{' {
		return nil, ErrNotSafetensors
	}
	if err := s.parseHeader(header); err != nil {
		return nil, fmt.Errorf("read its header: %w", err)
	}
	if err := s.checkLayout(size - s.origin); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *safetensors) parseHeader(header io.Reader) error {
	s.spans = map[string]span{}
	decoder := json.NewDecoder(header)
	decoder.UseNumber()
	err := eachKey(decoder, func(name string) error {
		if name == metadataKey {
			return s.parseMetadata(decoder)
		}
		one, err := parseSpan(decoder)
		if err != nil {
			return fmt.Errorf("tensor %.100q: %w", name, err)
		}
		s.spans[name] = one
		return nil
	})
	if err != nil {
		return err
	}
	if token, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows its closing brace: %s", shown(token))
	}
	return nil
}

func (s *safetensors) parseMetadata(decoder *json.Decoder) error {
	s.metadata = map[string]string{}
	return eachKey(decoder, func(key string) error {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		text, ok := token.(string)
		if !ok {
			return fmt.Errorf("the metadata's %.100q must be text", key)
		}
		s.metadata[key] = text
		return nil
	})
}

// parseSpan reads {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]} and checks it against itself.
func parseSpan(decoder *json.Decoder) (span, error) {
	var (
		dtype   dtypes.DType
		dims    []int64
		offsets []int64
		seen    = map[string]bool{}
	)
	err := eachKey(decoder, func(key string) (err error) {
		seen[key] = true
		switch key {
		case "dtype":
			token, err := decoder.Token()
			if err != nil {
				return err
			}
			name, _ := token.(string)
			known := false
			if dtype, known = safetensorsTypes[name]; !known {
				return fmt.Errorf("its type %s is not among those that can be read: F64, F32, F16, BF16, BOOL and the integers", shown(token))
			}
			return nil
		case "shape":
			dims, err = integers(decoder, maxRank)
			return err
		case "data_offsets":
			offsets, err = integers(decoder, 2)
			return err
		default:
			return fmt.Errorf("the key must be one of dtype, shape, data_offsets; got %.100q", key)
		}
	})
	if err != nil {
		return span{}, err
	}
	if !seen["dtype"] || !seen["shape"] || len(offsets) != 2 {
		return span{}, errors.New("it needs a dtype, a shape and two data_offsets")
	}
	bytes, shape := int64(dtype.Size()), make([]int, len(dims))
	for i, dim := range dims {
		shape[i] = int(dim)
		if dim > 0 && bytes > math.MaxInt64/dim {
			return span{}, fmt.Errorf("the size of shape %v overflows", dims)
		}
		bytes *= dim
	}
	if offsets[1] < offsets[0] || offsets[1]-offsets[0] != bytes {
		return span{}, fmt.Errorf("shape %v takes %d bytes, and data_offsets %v do not hold as many", dims, bytes, offsets)
	}
	return span{shape: shapes.Make(dtype, shape...), begin: offsets[0], end: offsets[1]}, nil
}

// checkLayout checks that the tensors cover the data without overlap or hole.
func (s *safetensors) checkLayout(size int64) error {
	names := slices.SortedFunc(maps.Keys(s.spans), func(a, b string) int {
		x, y := s.spans[a], s.spans[b]
		if x.begin != y.begin {
			return compare(x.begin, y.begin)
		}
		return compare(x.end, y.end) // an empty tensor comes before the one that begins at the same byte
	})
	at := int64(0)
	for _, name := range names {
		one := s.spans[name]
		switch {
		case one.begin < at:
			return fmt.Errorf("tensor %.100q overlaps the one before it", name)
		case one.begin > at:
			return fmt.Errorf("there is a hole of %d bytes before tensor %.100q", one.begin-at, name)
		}
		at = one.end
	}
	if at != size {
		return fmt.Errorf("its tensors take %d bytes and the file has %d for them: it is cut off or damaged", at, size)
	}
	return nil
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// eachKey reads a JSON object and calls value at each key; value reads what stands there. A key that comes twice is refused.
func eachKey(decoder *json.Decoder, value func(key string) error) error {
	if err := delimiter(decoder, '{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return err
		}
		key := token.(string) // the decoder accepts nothing else here
		if seen[key] {
			return fmt.Errorf("the key %.100q occurs twice", key)
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return delimiter(decoder, '}')
}

// integers reads a JSON array of at most limit integers from 0 on.
func integers(decoder *json.Decoder, limit int) ([]int64, error) {
	if err := delimiter(decoder, '['); err != nil {
		return nil, err
	}
	var list []int64
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%s is not an integer", shown(token))
		}
		value, err := strconv.ParseInt(number.String(), 10, 64)
		if err != nil || value < 0 {
			return nil, fmt.Errorf("%s is not an integer of 0 or more", shown(number))
		}
		if list = append(list, value); len(list) > limit {
			return nil, fmt.Errorf("there are more than %d integers", limit)
		}
	}
	return list, delimiter(decoder, ']')
}

func delimiter(decoder *json.Decoder, want json.Delim) error {
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%s stands where %v belongs", shown(token), want)
	}
	return nil
}

// shown is what an error repeats of a file: its beginning, without what a terminal obeys.
func shown(token json.Token) string {
	if text, ok := token.(string); ok {
		return fmt.Sprintf("%.100q", text)
	}
	return fmt.Sprintf("%.100s", fmt.Sprint(token))
}

func (s *safetensors) Names() iter.Seq[string] {
	return slices.Values(slices.Sorted(maps.Keys(s.spans)))
}

func (s *safetensors) Shape(name string) (shapes.Shape, bool) {
	one, ok := s.spans[name]
	return one.shape, ok
}

func (s *safetensors) Metadata() map[string]string { return maps.Clone(s.metadata) }

func (s *safetensors) Tensor(name string) (*tensors.Tensor, error) {
	one, ok := s.spans[name]
	if !ok {
		return nil, fmt.Errorf("read tensor %.100q: the file has no tensor of that name", name)
	}
	data := make([]byte, one.end-one.begin) // within the file's size: checkLayout saw to it
	if _, err := s.data.ReadAt(data, s.origin+one.begin); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("read tensor %.100q: %w", name, err)
	}
	t, err := tensors.FromRaw(nil, 0, one.shape, data)
	if err != nil {
		return nil, fmt.Errorf("read tensor %.100q: %w", name, err)
	}
	return t, nil
}

func (s *safetensors) Close() error { return s.close() }
