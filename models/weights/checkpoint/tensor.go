package checkpoint

import (
	"errors"
	"fmt"
	"math"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

// Type is the type of a tensor's elements.
type Type string

// The types.
const (
	Float64  Type = "float64"
	Float32  Type = "float32"
	Float16  Type = "float16"
	BFloat16 Type = "bfloat16"
	Int64    Type = "int64"
	Int32    Type = "int32"
	Int16    Type = "int16"
	Int8     Type = "int8"
	Uint8    Type = "uint8"
)

// size is how many bytes an element has.
func (t Type) size() int64 {
	switch t {
	case Float64, Int64:
		return 8
	case Float32, Int32:
		return 4
	case Float16, BFloat16, Int16:
		return 2
	}
	return 1
}

// storageTypes are PyTorch's classes of storages, with what their elements are.
func storageTypes() map[pickle.Global]Type {
	types := map[pickle.Global]Type{}
	for name, kind := range map[string]Type{
		"Double": Float64, "Float": Float32, "Half": Float16, "BFloat16": BFloat16,
		"Long": Int64, "Int": Int32, "Short": Int16, "Char": Int8, "Byte": Uint8,
	} {
		types[pickle.Global{Module: "torch", Name: name + "Storage"}] = kind
	}
	return types
}

// The functions that make a tensor of a storage.
var (
	// rebuildTensor was that of PyTorch 0.1: storage, offset, size, strides.
	rebuildTensor = pickle.Global{Module: "torch._utils", Name: "_rebuild_tensor"}
	// rebuildTensor2 has whether there is a gradient, and hooks, besides; since PyTorch 2 it may have a dictionary as well.
	rebuildTensor2 = pickle.Global{Module: "torch._utils", Name: "_rebuild_tensor_v2"}
	// rebuildParameter has a tensor, whether there is a gradient, and hooks.
	rebuildParameter = pickle.Global{Module: "torch._utils", Name: "_rebuild_parameter"}
)

const (
	// maxRank is how many dimensions a tensor may have.
	maxRank = 8
	// maxStorageKey bounds the key of a storage, in bytes: PyTorch's are numbers. One text may be the key of each of a million storages.
	maxStorageKey = 100
)

// A storage is a row of elements that tensors are made of.
type storage struct {
	kind  Type
	key   string
	count int64 // elements
}

// bytes is how many bytes a storage has. Its count was checked.
func (s storage) bytes() int64 { return s.count * s.kind.size() }

// storageOf reads the ID under which a pickle names a storage: ("storage", class, key, device, count), and a view of another storage in the
// format before PyTorch 1.6.
func storageOf(id pickle.Value) (storage, error) {
	list, ok := id.(pickle.Tuple)
	if !ok || len(list) < 5 || len(list) > 6 {
		return storage{}, errors.New("an object outside of the pickle is not named as PyTorch does")
	}
	if kind, _ := list[0].(string); kind != "storage" {
		return storage{}, &UnsupportedError{"it holds the code of a module, not only tensors"}
	}
	class, _ := list[1].(pickle.Global)
	kind, known := storageTypes()[class]
	key, isText := list[2].(string)
	count, isNumber := list[4].(int64)
	switch {
	case !known || !isText || !isNumber || len(key) > maxStorageKey:
		return storage{}, errors.New("a storage is not named as PyTorch does")
	case count < 0 || count > math.MaxInt64/8:
		return storage{}, fmt.Errorf("a storage cannot have %d elements", count)
	case len(list) == 6 && list[5] != nil:
		return storage{}, &UnsupportedError{"its storages are parts of other storages, as before PyTorch 0.4"}
	}
	return storage{kind, key, count}, nil
}

// tensor is a view of a storage.
type tensor struct {
	storage storage
	place   int64 // of the storage, in the file
	offset  int64 // elements of the storage before the first of the tensor
	shape   []int
	strides []int64 // elements from one index to the next, by dimension
}

// tensorCall is the call that makes a tensor, which a parameter wraps; nil for another value.
func tensorCall(v pickle.Value) *pickle.Call {
	call, ok := v.(*pickle.Call)
	if !ok {
		return nil
	}
	if call.Function == rebuildParameter && len(call.Arguments) == 3 {
		if call, ok = call.Arguments[0].(*pickle.Call); !ok {
			return nil
		}
	}
	if call.Function == rebuildTensor || call.Function == rebuildTensor2 {
		return call
	}
	return nil
}

// tensor reads the arguments that a tensor is made of, and checks that it lies within its storage, and the storage within the file.
func (r root) tensor(call *pickle.Call) (tensor, error) {
	args := call.Arguments
	if len(args) < 4 || len(args) > 7 {
		return tensor{}, fmt.Errorf("it is made of %d arguments", len(args))
	}
	if len(args) == 7 && args[6] != nil {
		if extra, ok := args[6].(*pickle.Dict); !ok || len(extra.Entries) > 0 {
			return tensor{}, &UnsupportedError{"it is negated or conjugated when it is read"}
		}
	}
	where, ok := args[0].(pickle.Persistent)
	offset, isNumber := args[1].(int64)
	shape, isShape := integers(args[2])
	strides, isStrides := integers(args[3])
	if !ok || !isNumber || !isShape || !isStrides {
		return tensor{}, errors.New("it is not made of a storage, an offset, a size and strides")
	}
	s, err := storageOf(where.ID)
	if err != nil {
		return tensor{}, err
	}
	t := tensor{storage: s, offset: offset, strides: strides}
	if err := t.check(shape); err != nil {
		return tensor{}, err
	}
	t.place, err = r.find(s)
	return t, err
}

// integers reads a tuple of integers.
func integers(v pickle.Value) ([]int64, bool) {
	list, ok := v.(pickle.Tuple)
	if !ok || len(list) > maxRank {
		return nil, false
	}
	numbers := make([]int64, len(list))
	for i, one := range list {
		if numbers[i], ok = one.(int64); !ok {
			return nil, false
		}
	}
	return numbers, true
}

// check holds a size, the offset and the strides against the storage.
func (t *tensor) check(shape []int64) error {
	if len(shape) != len(t.strides) {
		return fmt.Errorf("its size has %d dimensions, and it has %d strides", len(shape), len(t.strides))
	}
	if t.offset < 0 || t.offset > t.storage.count {
		return fmt.Errorf("its offset is %d, and its storage has %d elements", t.offset, t.storage.count)
	}
	count, last := int64(1), t.offset
	for i, n := range shape {
		stride := t.strides[i]
		if n < 0 || stride < 0 {
			return fmt.Errorf("its size %v or its strides %v are negative", shape, t.strides)
		}
		if n > math.MaxInt32 || n > 0 && count > math.MaxInt64/8/n {
			return fmt.Errorf("its size %v overflows", shape)
		}
		count *= n
		t.shape = append(t.shape, int(n))
	}
	if count == 0 {
		return nil
	}
	if count > t.storage.count {
		return &UnsupportedError{fmt.Sprintf("it has %d elements, and its storage %d: it repeats them", count, t.storage.count)}
	}
	for i, n := range shape {
		if n > 1 && t.strides[i] > (t.storage.count-1-last)/(n-1) {
			return fmt.Errorf("its size %v with the strides %v and the offset %d leaves its storage of %d elements",
				shape, t.strides, t.offset, t.storage.count)
		}
		if n > 1 {
			last += t.strides[i] * (n - 1)
		}
	}
	if last >= t.storage.count {
		return fmt.Errorf("its offset %d leaves its storage of %d elements", t.offset, t.storage.count)
	}
	return nil
}

// begin is where its first element lies in the file.
func (t tensor) begin() int64 { return t.place + t.offset*t.storage.kind.size() }

// span is how many bytes lie from its first element to its last.
func (t tensor) span() int64 {
	last := int64(0)
	for i, n := range t.shape {
		if n == 0 {
			return 0
		}
		last += t.strides[i] * int64(n-1)
	}
	return (last + 1) * t.storage.kind.size()
}

// count is how many elements it has.
func (t tensor) count() int64 {
	count := int64(1)
	for _, n := range t.shape {
		count *= int64(n)
	}
	return count
}

// contiguous tells whether the elements lie in the order of their indices.
func (t tensor) contiguous() bool {
	want := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] > 1 && t.strides[i] != want {
			return false
		}
		want *= int64(t.shape[i])
	}
	return true
}

// gather brings the elements of a span into the order of their indices.
func (t tensor) gather(raw []byte) []byte {
	if len(raw) == 0 || t.contiguous() {
		return raw
	}
	size, count := t.storage.kind.size(), t.count()
	result := make([]byte, 0, count*size)
	index, at := make([]int, len(t.shape)), int64(0)
	for range count {
		result = append(result, raw[at*size:(at+1)*size]...)
		for d := len(index) - 1; d >= 0; d-- { // the next index
			at += t.strides[d]
			if index[d]++; index[d] < t.shape[d] {
				break
			}
			at -= t.strides[d] * int64(t.shape[d])
			index[d] = 0
		}
	}
	return result
}
