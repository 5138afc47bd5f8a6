package imagefolder

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/safefile"
)

// The file of a memory is its magic, records sorted by path, a record without a path as their end, and the CRC-32C of all that. It is read
// and written record by record: of 100,000 images it has 16 MB.
//
// A record is the length of the path (2 bytes), the path, and recordSize bytes. Numbers are little-endian.

// memoryMagic goes up when a verdict may come out differently for the same file.
const memoryMagic = "HSCHECK3"

const (
	recordSize = 4*8 + 32 + 2*4 + 4*8 + 48 + 1 // stamp, SHA-256, size, fingerprint, clear
	maxPath    = 1<<16 - 1
)

var errMemory = errors.New("the kept checks are damaged")

// appendTo encodes all but the path.
func (r *remembered) appendTo(out []byte) []byte {
	le := binary.LittleEndian
	for _, n := range []uint64{uint64(r.stamp.Size), uint64(r.stamp.Time), uint64(r.stamp.Changed), r.stamp.Inode} {
		out = le.AppendUint64(out, n)
	}
	out = append(out, r.verdict.SHA256[:]...)
	out = le.AppendUint32(le.AppendUint32(out, uint32(r.verdict.Width)), uint32(r.verdict.Height))
	for _, word := range r.verdict.Print.Bits {
		out = le.AppendUint64(out, word)
	}
	out = append(out, r.verdict.Print.Colors[:]...)
	if r.verdict.Clear {
		return append(out, 1)
	}
	return append(out, 0)
}

// decode reads what appendTo has written.
func (r *remembered) decode(in []byte) {
	le := binary.LittleEndian
	number := func() uint64 {
		n := le.Uint64(in)
		in = in[8:]
		return n
	}
	r.stamp.Size, r.stamp.Time, r.stamp.Changed, r.stamp.Inode = int64(number()), int64(number()), int64(number()), number()
	in = in[copy(r.verdict.SHA256[:], in):]
	r.verdict.Width, r.verdict.Height = int(le.Uint32(in)), int(le.Uint32(in[4:]))
	in = in[8:]
	for w := range r.verdict.Print.Bits {
		r.verdict.Print.Bits[w] = number()
	}
	in = in[copy(r.verdict.Print.Colors[:], in):]
	r.verdict.Clear = in[0] != 0
}

// writeMemory writes what next returns, whole or not at all.
func writeMemory(file string, next func() (*remembered, bool)) error {
	return atomicfile.WriteFile(file, func(w io.Writer) error {
		sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
		buffered := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)
		_, _ = buffered.WriteString(memoryMagic) // Flush returns the error
		var out []byte
		for {
			r, ok := next()
			if !ok {
				break
			}
			if r.path == "" || len(r.path) > maxPath {
				continue // checked again by the next load
			}
			out = append(binary.LittleEndian.AppendUint16(out[:0], uint16(len(r.path))), r.path...)
			_, _ = buffered.Write(r.appendTo(out))
		}
		_, _ = buffered.Write([]byte{0, 0})
		if err := buffered.Flush(); err != nil {
			return err
		}
		_, err := w.Write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
		return err
	})
}

// readMemory calls each with the records. The record is valid during the call. No file is an empty one.
func readMemory(file string, each func(*remembered)) error {
	f, err := safefile.Open(file)
	if err != nil {
		return nil //nolint:nilerr // it is not there, or cannot be read: nothing is known
	}
	defer f.Close() // only read
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	buffered := bufio.NewReaderSize(f, 1<<16)
	in := make([]byte, 0, 1<<10)
	take := func(n int) error {
		in = append(in[:0], make([]byte, n)...)
		_, err := io.ReadFull(buffered, in)
		_, _ = sum.Write(in) // a hash takes all
		return err
	}
	if err := take(len(memoryMagic)); err != nil || string(in) != memoryMagic {
		return errMemory
	}
	var r remembered
	for last := ""; ; last = r.path {
		if err := take(2); err != nil {
			return fmt.Errorf("%w: %w", errMemory, err)
		}
		length := int(binary.LittleEndian.Uint16(in))
		if length == 0 {
			break
		}
		if err := take(length + recordSize); err != nil {
			return fmt.Errorf("%w: %w", errMemory, err)
		}
		r.path = string(in[:length])
		if r.path <= last {
			return errMemory
		}
		r.decode(in[length:])
		each(&r)
	}
	want := sum.Sum32()
	if err := take(4); err != nil || binary.LittleEndian.Uint32(in) != want {
		return errMemory
	}
	return nil
}
