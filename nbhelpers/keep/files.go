package keep

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/headstart-nb/headstart/internal/safefile"
)

const (
	lockName     = "lock"
	manifestName = "manifest"
	tempName     = "manifest.tmp"
	graphEnding  = ".graph"
	flatEnding   = ".flat"

	lockWait = 10 * time.Second // a Save of some GB takes seconds

	magicFlat = "headstart kept data 1\n"
	// flatStart is where the data begin in a file that is mapped: a multiple of every page size that Go knows. The gap is a hole.
	flatStart = 64 << 10
	// flatHeader is the magic, the size and the checksum of the data.
	flatHeader = len(magicFlat) + 8 + checksumBytes

	pieceBytes = 1 << 20 // that are compared at once
)

func newEpoch() uint64 { return rand.Uint64() | 1 }

// newFileName returns a name that no file had before: programs may still have files mapped that were removed.
func newFileName() string { return strconv.FormatUint(rand.Uint64()|1<<63, 36) }

// lock takes the store's lock, shared or exclusive. It is an flock because the kernel drops that when a process dies,
// however it dies. (A lock file would stay behind. Locks of fcntl end when the process closes any descriptor of the file.)
func (s *Store) lock(exclusive bool) (unlock func(), err error) {
	if err := s.checkFolder(); err != nil {
		return nil, err
	}
	file, err := safefile.OpenUnlinked(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for start, pause := time.Now(), time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil // closing drops the lock
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			break
		}
		if time.Since(start) > s.wait {
			err = fmt.Errorf("another program has held the lock for %s", s.wait)
			break
		}
		time.Sleep(pause)
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", s.dir, err), file.Close())
}

// checkFolder refuses a folder that others can write to.
func (s *Store) checkFolder() error {
	info, err := os.Lstat(s.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("use %s for kept values: it is not a folder", s.dir)
	}
	return private(s.dir, info)
}

func private(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("use %s for kept values: it belongs to another user", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("use %s for kept values: its mode is %#o, so that others can use it", path, info.Mode().Perm())
	}
	return nil
}

// open opens one of the store's files.
func (s *Store) open(name string) (*os.File, int64, error) {
	path := filepath.Join(s.dir, name)
	file, err := safefile.OpenUnlinked(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil {
		err = private(path, info)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// read returns the content of a file with a checksum at its end, without it.
func (s *Store) read(name string, limit int64) ([]byte, error) {
	file, size, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	if size > limit || size < checksumBytes {
		return nil, fmt.Errorf("read %s: damaged: it has %d bytes", file.Name(), size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	content := data[:size-checksumBytes]
	if binary.LittleEndian.Uint32(data[size-checksumBytes:]) != checksum(content) {
		return nil, fmt.Errorf("read %s: damaged: its checksum differs", file.Name())
	}
	return content, nil
}

// create makes a file of the store.
func (s *Store) create(name string, write func(*os.File) error) error {
	path := filepath.Join(s.dir, name)
	file, err := safefile.OpenUnlinked(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, safefile.ErrLink) || errors.Is(err, safefile.ErrNotRegular) {
		if err = os.Remove(path); err == nil { // left behind by a program that was killed
			file, err = safefile.OpenUnlinked(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	if err != nil {
		return err
	}
	s.pass()
	err = write(file)
	if err == nil && s.durable {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	s.pass()
	return nil
}

func (s *Store) pass() {
	if s.step != nil {
		s.step()
	}
}

// writeFlat writes a file that is mapped later. Between its parts are holes.
func (s *Store) writeFlat(f *pendingFile) error {
	return s.create(f.name+flatEnding, func(file *os.File) error {
		hole := make([]byte, partAlign)
		sum, end := uint32(0), int64(0)
		for _, p := range f.parts {
			data := unsafe.Slice((*byte)(p.data), p.size)
			sum = addChecksum(addChecksum(sum, hole[:p.at-end]), data)
			end = p.at + p.size
			if _, err := file.WriteAt(data, flatStart+p.at); err != nil {
				return err
			}
			s.pass()
		}
		header := binary.LittleEndian.AppendUint64([]byte(magicFlat), uint64(f.size))
		header = binary.LittleEndian.AppendUint32(header, sum)
		_, err := file.WriteAt(header, 0) // last: a file without it is not whole
		return err
	})
}

// mapping is a file in memory, copy-on-write. It stays for the life of the process, since strings and slices lie in it.
type mapping struct {
	fileRef
	data []byte
	file *os.File // to compare with
}

// mapFile puts a file into memory.
func (s *Store) mapFile(f fileRef) (*mapping, error) {
	if strings.ContainsAny(f.name, "/.") {
		return nil, fmt.Errorf("damaged: a file named %q", f.name)
	}
	file, size, err := s.open(f.name + flatEnding)
	if err != nil {
		return nil, err
	}
	m := &mapping{fileRef: f, file: file}
	if err := m.check(size); err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", file.Name(), err), file.Close())
	}
	m.data, err = syscall.Mmap(int(file.Fd()), flatStart, int(f.size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil { // some file systems cannot map
		m.data, err = m.readAll()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("map %s: %w", file.Name(), err), file.Close())
	}
	s.files = append(s.files, m)
	return m, nil
}

func (m *mapping) check(size int64) error {
	header := make([]byte, flatHeader)
	if _, err := m.file.ReadAt(header, 0); err != nil {
		return err
	}
	if string(header[:len(magicFlat)]) != magicFlat || m.size < LargeBytes || size != flatStart+m.size ||
		binary.LittleEndian.Uint64(header[len(magicFlat):]) != uint64(m.size) {
		return errors.New("damaged: its header or size differs")
	}
	return nil
}

func (m *mapping) readAll() ([]byte, error) {
	// Memory for numbers of up to 16 bytes has to be aligned for them.
	words := make([]complex128, (m.size+15)/16)
	data := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), m.size)
	if _, err := m.file.ReadAt(data, flatStart); err != nil {
		return nil, err
	}
	header := make([]byte, flatHeader)
	if _, err := m.file.ReadAt(header, 0); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint32(header[flatHeader-checksumBytes:]) != checksum(data) {
		return nil, errors.New("damaged: its checksum differs")
	}
	return data, nil
}

// mappingOf returns the mapping that some memory is a part of.
func (s *Store) mappingOf(p unsafe.Pointer, size uintptr) (m *mapping, offset int) {
	for _, m := range s.files {
		start := uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))
		at := uintptr(p) - start
		if uintptr(p) >= start && at < uintptr(m.size) && size <= uintptr(m.size)-at {
			return m, int(at)
		}
	}
	return nil, 0
}

// changes returns the pages of a part of the memory that differ from the file, up to most bytes; few is false where there
// are more. Only pages that were written to are read, where the system tells which.
func (m *mapping) changes(at, size, most int) (list []span, few bool) {
	page := os.Getpagesize()
	first, end := at/page*page, min((at+size+page-1)/page*page, len(m.data))
	written, known := writtenPages(m.data[first:end], page)
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
			if total += int(d.size); total > most {
				return nil, false
			}
			if last := len(list) - 1; last >= 0 && list[last].at+list[last].size == d.at {
				list[last].size += d.size
				continue
			}
			list = append(list, d)
		}
		low = high
	}
	return list, true
}

// different are the pages between two places that differ from the file; ok is false where the file cannot be read.
func (m *mapping) different(low, high, page int, buffer []byte) (list []span, ok bool) {
	if low >= high {
		return nil, true
	}
	buffer = buffer[:high-low]
	if _, err := m.file.ReadAt(buffer, flatStart+int64(low)); err != nil {
		return nil, false
	}
	for from := low; from < high; {
		to := min((from/page+1)*page, high)
		if !bytes.Equal(buffer[from-low:to-low], m.data[from:to]) {
			list = append(list, span{uintptr(from), uintptr(to - from)})
		}
		from = to
	}
	return list, true
}

// collect removes files that the manifest does not name: replaced ones, and those of programs that were killed. It runs
// under the exclusive lock, when no other program is writing files or opening those of an older manifest.
func (s *Store) collect(m *manifest) error {
	used := m.files()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		ours := strings.HasSuffix(name, graphEnding) || strings.HasSuffix(name, flatEnding) || name == tempName
		if ours && !used[name] {
			s.pass()
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, name)))
		}
	}
	return err
}
