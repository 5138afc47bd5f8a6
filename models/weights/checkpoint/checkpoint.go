// Package checkpoint reads the tensors of PyTorch's checkpoints: what torch.save writes, which is a pickle with the tensors' bytes beside
// it. It runs nothing of the pickle, and reads no tensor before it is asked for.
package checkpoint

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

const (
	// maxPickle bounds the part of a checkpoint that says which tensors it has, in bytes: ResNet152's has 120 kB.
	maxPickle = 16 << 20
	// zipMagic begins what torch.save has written since PyTorch 1.6.
	zipMagic = "PK\x03\x04"
	// maxShared is how often the tensors may hold what their storages have, on average: tied weights are two tensors of one storage.
	maxShared = 2
	// maxSpanned is how often what the storages have may be read for the tensors: columns of a matrix lie as far apart as the matrix.
	maxSpanned = 16
	// freeShared is what small tensors may share beyond that, in bytes.
	freeShared = 4 << 20
)

// ErrUnknown is a file that torch.save has not written.
var ErrUnknown = errors.New("not a checkpoint of PyTorch")

// An UnsupportedError is a checkpoint that PyTorch may read, and this package does not.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What }

// A File is an open checkpoint. Reading it is safe for concurrent use where reading its data is.
type File struct {
	data    io.ReaderAt
	tensors map[string]tensor
	part    string
	parts   []string
}

// Read reads which tensors a checkpoint of size bytes has, and checks that all of them lie within it.
func Read(data io.ReaderAt, size int64) (*File, error) {
	var (
		root root
		err  error
		head = make([]byte, len(zipMagic))
	)
	if _, err := data.ReadAt(head, 0); err == nil && bytes.Equal(head, []byte(zipMagic)) {
		root, err = readZip(data, size)
		if err != nil {
			return nil, err
		}
	} else if root, err = readLegacy(data, size); err != nil {
		return nil, err
	}
	f := &File{data: data, tensors: map[string]tensor{}}
	dict, err := f.choose(root.value)
	if err != nil {
		return nil, err
	}
	for _, entry := range dict.Entries {
		name, ok := entry.Key.(string)
		if call := tensorCall(entry.Value); ok && call != nil {
			if f.tensors[name], err = root.tensor(call); err != nil {
				return nil, fmt.Errorf("tensor %.100q: %w", name, err)
			}
		}
	}
	if err := f.checkShared(); err != nil {
		return nil, err
	}
	return f, nil
}

// checkShared refuses tensors that share their storages so often that reading them takes memory or time out of proportion to the file: one
// more tensor of a storage takes six bytes.
func (f *File) checkShared() error {
	held, spanned, stored := int64(0), int64(0), int64(0)
	seen := map[int64]bool{} // where storages lie
	for _, t := range f.tensors {
		held += t.count() * t.storage.kind.size()
		spanned += t.span()
		if !seen[t.place] {
			seen[t.place] = true
			stored += t.storage.bytes()
		}
	}
	if held > maxShared*stored+freeShared || spanned > maxSpanned*stored+freeShared {
		return &UnsupportedError{fmt.Sprintf("its %d tensors share storages: they have %d bytes, which lie across %d, and the storages only %d",
			len(f.tensors), held, spanned, stored)}
	}
	return nil
}

// root is what a checkpoint's pickle holds, and where the storages that it names lie.
type root struct {
	value pickle.Value
	// find returns where the bytes of a storage begin.
	find func(s storage) (int64, error)
}

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.tensors)) }

// Tensor tells a tensor's type and dimensions without reading it; false where there is no such tensor.
func (f *File) Tensor(name string) (Type, []int, bool) {
	t, ok := f.tensors[name]
	return t.storage.kind, slices.Clone(t.shape), ok
}

// Part is the key of the state dict, as "checkpoint.state_dict" where dictionaries hold dictionaries; empty where the file is one. Parts are
// the keys of those that it was chosen from, where there are several.
func (f *File) Part() (part string, parts []string) { return f.part, slices.Clone(f.parts) }

// Bytes reads a tensor: its elements one by one in little-endian order, the last dimension's next to one another.
func (f *File) Bytes(name string) ([]byte, error) {
	t, ok := f.tensors[name]
	if !ok {
		return nil, fmt.Errorf("read tensor %.100q: the file has no tensor of that name", name)
	}
	raw := make([]byte, t.span()) // within the file's size: Read saw to it
	if len(raw) > 0 {
		if _, err := f.data.ReadAt(raw, t.begin()); err != nil {
			return nil, fmt.Errorf("read tensor %.100q: %w", name, err)
		}
	}
	return t.gather(raw), nil
}

// globals are the functions and classes that a state dict needs. To name or call them here does nothing.
func globals() map[pickle.Global]pickle.Use {
	list := map[pickle.Global]pickle.Use{
		{Module: "collections", Name: "OrderedDict"}: pickle.Dictionary,
		{Module: "torch", Name: "Size"}:              pickle.Function,
		rebuildTensor:                                pickle.Function,
		rebuildTensor2:                               pickle.Function,
		rebuildParameter:                             pickle.Function,
	}
	for g := range storageTypes() {
		list[g] = pickle.Name
	}
	return list
}
