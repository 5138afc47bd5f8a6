package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

const (
	// legacyMagic is the first pickle of what torch.save wrote before PyTorch 1.6: the number 0x1950a86a20f9469cfc6c.
	legacyMagic = pickle.Long("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19")
	// legacyVersion is the second one.
	legacyVersion = 1001
)

// readLegacy reads the format before PyTorch 1.6: five pickles (a number, a version, facts of the machine, the object, the storages' keys),
// then the storages, each after its number of elements.
func readLegacy(data io.ReaderAt, size int64) (root, error) {
	head := make([]byte, min(size, maxPickle))
	if _, err := data.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return root{}, err
	}
	at, allowed := 0, globals()
	next := func() (pickle.Pickle, error) {
		p, err := pickle.Load(head[at:], allowed)
		at += p.Length
		return p, err
	}
	magic, err := next()
	if refused := (*pickle.GlobalError)(nil); errors.As(err, &refused) {
		return root{}, err
	}
	if err != nil || magic.Value != pickle.Value(legacyMagic) {
		return root{}, fmt.Errorf("%w: neither a zip file nor in the format before PyTorch 1.6", ErrUnknown)
	}
	version, err := next()
	if err == nil && version.Value != pickle.Value(int64(legacyVersion)) {
		err = &UnsupportedError{"its format has another version than 1001"}
	}
	if err != nil {
		return root{}, err
	}
	facts, err := next()
	if err != nil {
		return root{}, err
	}
	if dict, ok := facts.Value.(*pickle.Dict); ok {
		if little, ok := dict.Find("little_endian"); ok && little != pickle.Value(true) {
			return root{}, &UnsupportedError{"its numbers are in big-endian order"}
		}
	}
	object, err := next()
	if err != nil {
		return root{}, err
	}
	keys, err := next()
	if err != nil {
		return root{}, err
	}
	places, err := legacyPlaces(data, int64(at), size, object.Persistent, keys.Value)
	if err != nil {
		return root{}, err
	}
	return root{value: object.Value, find: func(s storage) (int64, error) {
		place, ok := places[s]
		if !ok {
			return 0, fmt.Errorf("the file has no storage %.20q", s.key)
		}
		return place, nil
	}}, nil
}

// legacyPlaces finds where the storages lie that follow one another from a byte on, in the order of their keys.
func legacyPlaces(data io.ReaderAt, from, size int64, named []pickle.Persistent, keys pickle.Value) (map[storage]int64, error) {
	storages := map[string]storage{}
	for _, one := range named {
		s, err := storageOf(one.ID)
		if err != nil {
			return nil, err
		}
		if other, ok := storages[s.key]; ok && other != s {
			return nil, fmt.Errorf("its storage %.20q is named as %d %s elements and as %d %s", s.key, s.count, s.kind, other.count, other.kind)
		}
		storages[s.key] = s
	}
	list, ok := keys.(*pickle.List)
	if !ok {
		return nil, errors.New("its storages are not listed")
	}
	places := map[storage]int64{}
	for _, one := range list.Items {
		key, _ := one.(string)
		s, ok := storages[key]
		if !ok {
			return nil, fmt.Errorf("it lists a storage %.20q, which nothing names", key)
		}
		if _, twice := places[s]; twice {
			return nil, fmt.Errorf("it lists its storage %.20q twice", key)
		}
		var count [8]byte
		if _, err := data.ReadAt(count[:], from); err != nil {
			return nil, fmt.Errorf("its storage %.20q: %w", key, io.ErrUnexpectedEOF)
		}
		if got := binary.LittleEndian.Uint64(count[:]); got != uint64(s.count) {
			return nil, fmt.Errorf("its storage %.20q should have %d elements and has %d", key, s.count, got)
		}
		from += int64(len(count))
		if s.bytes() > size-from {
			return nil, fmt.Errorf("its storage %.20q: %w", key, io.ErrUnexpectedEOF)
		}
		places[s] = from
		from += s.bytes()
	}
	return places, nil
}
