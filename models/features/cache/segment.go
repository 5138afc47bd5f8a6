package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// A segment file is, in little endian:
//
//	8 bytes "HSFEAT1\n", uint32 numbers in a row, uint32 rows,
//	rows x (32 bytes key, uint32 CRC-32C of the row),
//	uint32 CRC-32C of all of the above,
//	rows x numbers x float32.
const (
	segmentMagic    = "HSFEAT1\n"
	prefixSize      = len(segmentMagic) + 8
	entrySize       = len(Key{}) + 4
	temporaryEnding = ".tmp"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errDamaged = errors.New("the segment is damaged")

type segment struct {
	file    *os.File
	size    int64
	keys    []Key
	sums    []uint32
	length  int
	touched time.Time
}

// openSegment reads a segment's index. The file is not trusted: its counts are checked against its size first.
func openSegment(path string, length int) (*segment, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := readIndex(file, length, math.MaxInt64)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// openForeign reads the index of a segment that somebody else has written, of at most so many bytes. No link is followed.
func openForeign(path string, length int, most int64) (*segment, error) {
	file, err := safefile.OpenUnlinked(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	s, err := readIndex(file, length, most)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return s, nil
}

// readIndex reads an index of at most so many bytes.
func readIndex(file *os.File, length int, most int64) (*segment, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	prefix := make([]byte, prefixSize)
	if _, err := io.ReadFull(file, prefix); err != nil || string(prefix[:len(segmentMagic)]) != segmentMagic {
		return nil, errDamaged
	}
	columns := int64(binary.LittleEndian.Uint32(prefix[len(segmentMagic):]))
	rows := int64(binary.LittleEndian.Uint32(prefix[len(segmentMagic)+4:]))
	if columns != int64(length) || info.Size() != segmentSize(rows, columns) {
		return nil, errDamaged
	}
	if indexSize(rows) > most {
		return nil, errDamaged
	}
	index := make([]byte, indexSize(rows))
	if _, err := io.ReadFull(file, index); err != nil {
		return nil, errDamaged
	}
	entries := index[:len(index)-4]
	sum := crc32.Update(crc32.Checksum(prefix, castagnoli), castagnoli, entries)
	if sum != binary.LittleEndian.Uint32(index[len(entries):]) {
		return nil, errDamaged
	}
	s := &segment{file: file, size: info.Size(), length: length, touched: info.ModTime()}
	for ; len(entries) > 0; entries = entries[entrySize:] {
		s.keys = append(s.keys, Key(entries[:len(Key{})]))
		s.sums = append(s.sums, binary.LittleEndian.Uint32(entries[len(Key{}):]))
	}
	return s, nil
}

func segmentSize(rows, columns int64) int64 {
	return int64(prefixSize) + indexSize(rows) + rows*columns*4
}

// indexSize is how many bytes the entries of rows take, with their checksum.
func indexSize(rows int64) int64 { return rows*int64(entrySize) + 4 }

// read fills into with a row. Reading, unlike mapping, cannot kill the process when the file is cut short under it.
func (s *segment) read(row int, into []float32) error {
	raw := make([]byte, s.length*4)
	start := s.size - int64(len(s.keys)-row)*int64(len(raw))
	if _, err := s.file.ReadAt(raw, start); err != nil {
		return fmt.Errorf("read features: %w", err)
	}
	if crc32.Checksum(raw, castagnoli) != s.sums[row] {
		return errDamaged
	}
	for i := range into {
		into[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[i*4:]))
	}
	return nil
}

// touch notes the use for eviction, at most once a minute.
func (s *segment) touch(now time.Time) {
	if now.Sub(s.touched) < time.Minute {
		return
	}
	s.touched = now
	_ = os.Chtimes(s.file.Name(), now, now) // evicted by another process, or a read-only cache: nothing to note
}

// writeSegment writes rows as a new file with a name of its own.
func writeSegment(dir string, length int, keys []Key, rows []float32) (*segment, error) {
	var out bytes.Buffer
	out.WriteString(segmentMagic)
	le := binary.LittleEndian
	out.Write(le.AppendUint32(nil, uint32(length)))
	out.Write(le.AppendUint32(nil, uint32(len(keys))))
	raw := make([]byte, 0, len(rows)*4)
	for _, v := range rows {
		raw = le.AppendUint32(raw, math.Float32bits(v))
	}
	for i, key := range keys {
		out.Write(key[:])
		out.Write(le.AppendUint32(nil, crc32.Checksum(raw[i*length*4:(i+1)*length*4], castagnoli)))
	}
	out.Write(le.AppendUint32(nil, crc32.Checksum(out.Bytes(), castagnoli)))
	out.Write(raw)
	file, err := os.CreateTemp(dir, "*"+temporaryEnding)
	if err != nil {
		return nil, err
	}
	path := strings.TrimSuffix(file.Name(), temporaryEnding) + segmentEnding
	_, err = file.Write(out.Bytes())
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(file.Name()))
	}
	return openSegment(path, length)
}
