// Package mapped puts files of numbers and strings into memory, copy-on-write.
package mapped

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

const (
	// LargeBytes is the size from which numbers and strings are mapped instead of copied. Below it, copying costs less than the
	// system calls for a file.
	LargeBytes = 64 << 10

	// FlatEnding is that of the files' names.
	FlatEnding = ".flat"

	magicFlat = "headstart kept data 1\n"
	// flatStart is where the data begin in a file that is mapped: a multiple of every page size that Go knows. The gap is a hole.
	flatStart = 64 << 10
	// flatHeader is the magic, the size and the checksum of the data.
	flatHeader = len(magicFlat) + 8 + pack.ChecksumBytes

	pieceBytes = 1 << 20 // that are compared at once
)

// NewName returns a name that no file had before: programs may still have files mapped that were removed.
func NewName() string { return strconv.FormatUint(rand.Uint64()|1<<63, 36) }

// A Ref names a file that is mapped.
type Ref struct {
	Name string
	Size int64
}

// A Pending is a file that is not written yet: all large data of a group that are new or have changed.
type Pending struct {
	Ref
	Parts []Part
}

// A Part is a piece of memory at its place in a file.
type Part struct {
	Data unsafe.Pointer
	At   int64
	Size int64
}

// PartAlign is where parts of a file begin, so that few share a page of memory.
const PartAlign = 4096

// Write writes a file that is mapped later. Between its parts are holes. It calls pass after each part.
func (f *Pending) Write(file *os.File, pass func()) error {
	hole := make([]byte, PartAlign)
	sum, end := uint32(0), int64(0)
	for _, p := range f.Parts {
		data := unsafe.Slice((*byte)(p.Data), p.Size)
		sum = pack.AddChecksum(pack.AddChecksum(sum, hole[:p.At-end]), data)
		end = p.At + p.Size
		if _, err := file.WriteAt(data, flatStart+p.At); err != nil {
			return err
		}
		pass()
	}
	header := binary.LittleEndian.AppendUint64([]byte(magicFlat), uint64(f.Size))
	header = binary.LittleEndian.AppendUint32(header, sum)
	_, err := file.WriteAt(header, 0) // last: a file without it is not whole
	return err
}

// A File is a file in memory, copy-on-write. It stays for the life of the process, since strings and slices lie in it.
type File struct {
	Ref
	Data []byte
	file *os.File // to compare with
}

// Files are the files that a program has in memory.
type Files struct {
	Open func(name string) (file *os.File, size int64, err error) // a file of the folder
	list []*File
}

// Map puts a file into memory.
func (s *Files) Map(f Ref) (*File, error) {
	if strings.ContainsAny(f.Name, "/.") {
		return nil, fmt.Errorf("damaged: a file named %q", f.Name)
	}
	file, size, err := s.Open(f.Name + FlatEnding)
	if err != nil {
		return nil, err
	}
	m := &File{Ref: f, file: file}
	if err := m.check(size); err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", file.Name(), err), file.Close())
	}
	m.Data, err = syscall.Mmap(int(file.Fd()), flatStart, int(f.Size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil { // some file systems cannot map
		m.Data, err = m.readAll()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", file.Name(), err), file.Close())
	}
	s.list = append(s.list, m)
	return m, nil
}

func (m *File) check(size int64) error {
	header := make([]byte, flatHeader)
	if _, err := m.file.ReadAt(header, 0); err != nil {
		return err
	}
	if string(header[:len(magicFlat)]) != magicFlat || m.Size < LargeBytes || size != flatStart+m.Size ||
		binary.LittleEndian.Uint64(header[len(magicFlat):]) != uint64(m.Size) {
		return errors.New("damaged: its header or size differs")
	}
	return nil
}

func (m *File) readAll() ([]byte, error) {
	// Memory for numbers of up to 16 bytes has to be aligned for them.
	words := make([]complex128, (m.Size+15)/16)
	data := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), m.Size)
	if _, err := m.file.ReadAt(data, flatStart); err != nil {
		return nil, err
	}
	header := make([]byte, flatHeader)
	if _, err := m.file.ReadAt(header, 0); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(header[flatHeader-pack.ChecksumBytes:]) != pack.Checksum(data) {
		return nil, errors.New("damaged: its checksum differs")
	}
	return data, nil
}

// Of returns the file that some memory is a part of.
func (s *Files) Of(p unsafe.Pointer, size uintptr) (m *File, offset int) {
	for _, m := range s.list {
		start := uintptr(unsafe.Pointer(unsafe.SliceData(m.Data)))
		at := uintptr(p) - start
		if uintptr(p) >= start && at < uintptr(m.Size) && size <= uintptr(m.Size)-at {
			return m, int(at)
		}
	}
	return nil, 0
}

// A Change is a part of a file in memory that differs from the disk.
type Change struct{ At, Size int }

// Changes returns the pages of a part of the memory that differ from the file, up to most bytes; few is false where there
// are more. Only pages that were written to are read, where the system tells which.
func (m *File) Changes(at, size, most int) (list []Change, few bool) {
	page := os.Getpagesize()
	first, end := at/page*page, min((at+size+page-1)/page*page, len(m.Data))
	written, known := writtenPages(m.Data[first:end], page)
	buffer := make([]byte, pieceBytes)
	total := 0
	for low := first; low < end; {
		if known && !written[(low-first)/page] {
			low += page
			continue
		}
		high := low + page
		for high < end && high-low < pieceBytes && (!known || written[(high-first)/page]) {
			high += page
		}
		found, ok := m.different(max(low, at), min(high, at+size), page, buffer)
		if !ok {
			return nil, false
		}
		for _, d := range found {
			if total += d.Size; total > most {
				return nil, false
			}
			if last := len(list) - 1; last >= 0 && list[last].At+list[last].Size == d.At {
				list[last].Size += d.Size
				continue
			}
			list = append(list, d)
		}
		low = high
	}
	return list, true
}

// different are the pages between two places that differ from the file; ok is false where the file cannot be read.
func (m *File) different(low, high, page int, buffer []byte) (list []Change, ok bool) {
	if low >= high {
		return nil, true
	}
	buffer = buffer[:high-low]
	if _, err := m.file.ReadAt(buffer, flatStart+int64(low)); err != nil {
		return nil, false
	}
	for from := low; from < high; {
		to := min((from/page+1)*page, high)
		if !bytes.Equal(buffer[from-low:to-low], m.Data[from:to]) {
			list = append(list, Change{from, to - from})
		}
		from = to
	}
	return list, true
}

// Unmap gives back the memory of all files. Programs do not: values may lie there.
func (s *Files) Unmap() error {
	var problems []error
	for _, m := range s.list {
		problems = append(problems, syscall.Munmap(m.Data), m.file.Close())
	}
	s.list = nil
	return errors.Join(problems...)
}
