package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/weights/pickle"
)

// The zip format, as far as torch.save uses it: files that are stored, not compressed
// (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3). archive/zip makes room for as many files as a header claims.
const (
	endMagic       = "PK\x05\x06"
	endLength      = 22
	directoryMagic = "PK\x01\x02"
	directoryEntry = 46
	localEntry     = 30
	maxComment     = 1<<16 - 1
	// maxDirectory bounds the list of files, in bytes: ResNet152's has 90 kB.
	maxDirectory = 4 << 20
	encrypted    = 1 // the flag
	stored       = 0 // the method
	full16       = 1<<16 - 1
	full32       = 1<<32 - 1
)

// errZip is a damaged zip file.
var errZip = errors.New("its zip file is cut off or damaged")

// An entry is a file in a zip file.
type entry struct {
	name   string
	header int64 // where it begins
	begin  int64 // where its content begins
	size   int64
}

// storageKey is what PyTorch names storages.
var storageKey = regexp.MustCompile(`^[0-9]{1,19}$`)

// readZip reads the pickle of a zip file, and finds its storages.
func readZip(data io.ReaderAt, size int64) (root, error) {
	entries, err := readDirectory(data, size)
	if err != nil {
		return root{}, err
	}
	prefix, err := prefixOf(entries)
	if err != nil {
		return root{}, err
	}
	read := func(name string, limit int64) ([]byte, error) {
		e := entries[prefix+"/"+name]
		if e.size > limit {
			return nil, fmt.Errorf("its %s has %d bytes, and at most %d are read", name, e.size, limit)
		}
		content := make([]byte, e.size)
		if len(content) == 0 {
			return nil, nil
		}
		_, err := data.ReadAt(content, e.begin)
		return content, err
	}
	if _, ok := entries[prefix+"/byteorder"]; ok {
		order, err := read("byteorder", 16)
		if err != nil {
			return root{}, err
		}
		if string(order) != "little" {
			return root{}, &UnsupportedError{fmt.Sprintf("its numbers are in the order %q, and only little is read", order)}
		}
	}
	raw, err := read("data.pkl", maxPickle)
	if err != nil {
		return root{}, err
	}
	content, err := pickle.Load(raw, globals())
	if err != nil {
		return root{}, err
	}
	return root{value: content.Value, find: func(s storage) (int64, error) {
		e, ok := entries[prefix+"/data/"+s.key]
		if !storageKey.MatchString(s.key) || !ok {
			return 0, fmt.Errorf("the file has no storage %.20q", s.key)
		}
		if e.size != s.bytes() {
			return 0, fmt.Errorf("its storage %s should have %d bytes and has %d", s.key, s.bytes(), e.size)
		}
		return e.begin, nil
	}}, nil
}

// prefixOf is the folder of all files in a checkpoint, which has the name that the file was saved under.
func prefixOf(entries map[string]entry) (string, error) {
	var found []string
	for name := range entries {
		if prefix, ok := strings.CutSuffix(name, "/data.pkl"); ok && prefix != "" && !strings.Contains(prefix, "/") {
			found = append(found, prefix)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%w: its zip file has %d pickles of the name NAME/data.pkl", ErrUnknown, len(found))
	}
	if _, ok := entries[found[0]+"/constants.pkl"]; ok {
		return "", &UnsupportedError{"it is a program of TorchScript"}
	}
	return found[0], nil
}

// readDirectory reads the list of files, and checks that they are stored, have different names and do not overlap.
func readDirectory(data io.ReaderAt, size int64) (map[string]entry, error) {
	directory, begin, count, err := findDirectory(data, size)
	if err != nil {
		return nil, err
	}
	entries := map[string]entry{}
	var list []entry
	for range count {
		var e entry
		if e, directory, err = nextEntry(directory); err != nil {
			return nil, err
		}
		if err := e.locate(data, begin); err != nil {
			return nil, err
		}
		if _, twice := entries[e.name]; twice {
			return nil, fmt.Errorf("its zip file has two files %.100q", e.name)
		}
		entries[e.name] = e
		list = append(list, e)
	}
	if len(directory) > 0 {
		return nil, errZip
	}
	slices.SortFunc(list, func(a, b entry) int { return int(min(max(a.header-b.header, -1), 1)) })
	end := int64(0)
	for _, e := range list {
		if e.header < end {
			return nil, fmt.Errorf("its file %.100q overlaps another", e.name)
		}
		end = e.begin + e.size
	}
	return entries, nil
}

// findDirectory returns the list of files, where it begins, and how many files it has.
func findDirectory(data io.ReaderAt, size int64) (list []byte, begin int64, count int, err error) {
	tail := make([]byte, min(size, endLength+maxComment))
	if _, err := data.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, 0, err
	}
	at := len(tail) - endLength
	for ; at >= 0; at-- {
		if bytes.HasPrefix(tail[at:], []byte(endMagic)) && at+endLength+int(binary.LittleEndian.Uint16(tail[at+20:])) == len(tail) {
			break
		}
	}
	if at < 0 {
		return nil, 0, 0, errZip
	}
	end := tail[at:]
	count = int(binary.LittleEndian.Uint16(end[10:]))
	length, begin := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	switch {
	case count == full16 || length == full32 || begin == full32:
		return nil, 0, 0, &UnsupportedError{"it has more than 4 GB or 65,534 files"}
	case int(binary.LittleEndian.Uint16(end[8:])) != count || begin+length > size-int64(len(tail))+int64(at):
		return nil, 0, 0, errZip
	case length > maxDirectory:
		return nil, 0, 0, fmt.Errorf("its zip file's list of files has %d bytes, and at most %d are read", length, maxDirectory)
	}
	list = make([]byte, length)
	if _, err := data.ReadAt(list, begin); err != nil && length > 0 {
		return nil, 0, 0, err
	}
	return list, begin, count, nil
}

// nextEntry reads the first file of a list, and returns the rest.
func nextEntry(list []byte) (entry, []byte, error) {
	if len(list) < directoryEntry || !bytes.HasPrefix(list, []byte(directoryMagic)) {
		return entry{}, nil, errZip
	}
	flags, method := binary.LittleEndian.Uint16(list[8:]), binary.LittleEndian.Uint16(list[10:])
	packed, size := binary.LittleEndian.Uint32(list[20:]), binary.LittleEndian.Uint32(list[24:])
	name, extra := int(binary.LittleEndian.Uint16(list[28:])), int(binary.LittleEndian.Uint16(list[30:]))
	whole := directoryEntry + name + extra + int(binary.LittleEndian.Uint16(list[32:]))
	header := binary.LittleEndian.Uint32(list[42:])
	if whole > len(list) {
		return entry{}, nil, errZip
	}
	e := entry{name: string(list[directoryEntry : directoryEntry+name]), header: int64(header), size: int64(size)}
	switch {
	case flags&encrypted != 0 || method != stored || packed != size:
		return entry{}, nil, &UnsupportedError{fmt.Sprintf("its file %.100q is compressed or encrypted", e.name)}
	case size == full32 || header == full32:
		return entry{}, nil, &UnsupportedError{"it has more than 4 GB"}
	}
	return e, list[whole:], nil
}

// locate finds where a file's content begins, and that it ends before the list of files.
func (e *entry) locate(data io.ReaderAt, directory int64) error {
	local := make([]byte, localEntry+len(e.name))
	if e.header+int64(len(local)) > directory {
		return errZip
	}
	if _, err := data.ReadAt(local, e.header); err != nil {
		return err
	}
	name, extra := int(binary.LittleEndian.Uint16(local[26:])), int64(binary.LittleEndian.Uint16(local[28:]))
	if !bytes.HasPrefix(local, []byte(zipMagic)) || name != len(e.name) || string(local[localEntry:]) != e.name {
		return fmt.Errorf("its zip file names a file %.100q, which does not lie where it should", e.name)
	}
	e.begin = e.header + int64(len(local)) + extra
	if e.begin+e.size > directory {
		return errZip
	}
	return nil
}
