// Package pack is the encoding of numbers and texts in kept files, which may be damaged where they are read.
package pack

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"runtime"
	"strconv"
	"unsafe"
)

// problem carries an error from deep inside a walk to the function that catches it. It leaves none of the packages that keep
// values.
type problem struct{ err error }

// Fail ends a walk with an error, which Catch returns.
func Fail(err error) { panic(problem{err}) }

// Failf ends a walk with a new error.
func Failf(format string, args ...any) { panic(problem{fmt.Errorf(format, args...)}) }

// Catch ends a panic: a file or a value that is misjudged must not end the cell.
func Catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case problem:
		*err = p.err
	default:
		*err = fmt.Errorf("cannot be read or written: %v", p)
	}
}

// Platform is what the layout of values in memory depends on, besides their types.
func Platform() string {
	one := uint16(1)
	order := "be"
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		order = "le"
	}
	return runtime.GOARCH + "/" + order
}

// A Buffer is what is being encoded. Where its methods and those of Parser were inlined, they took a third of the code that keeps values,
// which is linked for each cell.
type Buffer struct {
	Data  []byte
	Limit int64
}

// Bounded fails when more was encoded than may be kept.
func (b *Buffer) Bounded() {
	if int64(len(b.Data)) > b.Limit {
		Fail(&QuotaError{Need: int64(len(b.Data)), Quota: b.Limit})
	}
}

// Number writes a number.
//
//go:noinline
func (b *Buffer) Number(n uint64) { b.Data = binary.AppendUvarint(b.Data, n) }

// Count writes a number of things, or one of them.
func (b *Buffer) Count(n int) { b.Number(uint64(n)) }

// Bytes writes bytes without their number.
func (b *Buffer) Bytes(p []byte) { b.Data = append(b.Data, p...) }

// Text writes a text.
//
//go:noinline
func (b *Buffer) Text(s string) {
	b.Count(len(s))
	b.Data = append(b.Data, s...)
}

// A Parser reads what a Buffer wrote. It fails on what does not fit.
type Parser struct {
	Data []byte
	At   int
}

// Left is the number of bytes that were not read.
func (p *Parser) Left() int { return len(p.Data) - p.At }

// Number reads a number.
//
//go:noinline
func (p *Parser) Number() uint64 {
	n, size := binary.Uvarint(p.Data[p.At:])
	if size <= 0 {
		Failf("damaged: a number is cut at byte %d", p.At)
	}
	p.At += size
	return n
}

// MaxSize is above the memory of any machine, and leaves room to multiply.
const MaxSize = 1 << 46

// Size reads a number that is used as one of bytes or elements in memory.
func (p *Parser) Size() int {
	n := p.Number()
	if n > MaxSize {
		Failf("damaged: a size of %d", n)
	}
	return int(n)
}

// Count reads the number of things that follow, of at least one byte each.
//
//go:noinline
func (p *Parser) Count() int {
	n := p.Number()
	if n > uint64(p.Left()) {
		Failf("damaged: %d entries in %d bytes", n, p.Left())
	}
	return int(n)
}

// Index reads a number below n.
func (p *Parser) Index(n int) int {
	i := p.Number()
	if i >= uint64(n) {
		Failf("damaged: entry %d of %d", i, n)
	}
	return int(i)
}

// Bytes returns the next bytes, which lie in the parser's data.
func (p *Parser) Bytes(n int) []byte {
	if n > p.Left() {
		Failf("damaged: %d bytes where %d are left", n, p.Left())
	}
	p.At += n
	return p.Data[p.At-n : p.At : p.At]
}

// Text returns a string that lies in the parser's data.
//
//go:noinline
func (p *Parser) Text() string {
	raw := p.Bytes(p.Count())
	return unsafe.String(unsafe.SliceData(raw), len(raw))
}

// End fails where data are left.
func (p *Parser) End() {
	if p.Left() != 0 {
		Failf("damaged: %d bytes too many", p.Left())
	}
}

// Begin checks the first part of a file.
func Begin(p *Parser, magic string) {
	if p.Left() < len(magic) || string(p.Bytes(len(magic))) != magic {
		Failf("it was written by another version")
	}
	if got := p.Text(); got != Platform() {
		Failf("it was written on %.20q, this is %s", got, Platform())
	}
}

// ChecksumBytes is the size of a checksum.
const ChecksumBytes = 4

// Checksum is the CRC-32C of some data.
func Checksum(data []byte) uint32 { return AddChecksum(0, data) }

// AddChecksum continues a checksum.
func AddChecksum(sum uint32, data []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), data)
}

// A QuotaError says that values need more than may be kept.
type QuotaError struct{ Need, Quota int64 }

func (e *QuotaError) Error() string {
	return fmt.Sprintf("kept values would take %s, and %s may be kept: remove some, or keep less", bytesText(e.Need), bytesText(e.Quota))
}

func bytesText(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(n, 10) + " bytes"
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
