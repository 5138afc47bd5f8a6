package keep

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"
)

// problem carries an error from deep inside a walk to the function that catches it. It never leaves the package.
type problem struct{ err error }

func fail(err error) { panic(problem{err}) }

func failf(format string, args ...any) { panic(problem{fmt.Errorf(format, args...)}) }

// catch ends a panic: a file or a value that this package misjudges must not end the cell.
func catch(err *error) {
	switch p := recover().(type) {
	case nil:
	case problem:
		*err = p.err
	default:
		*err = fmt.Errorf("cannot be read or written: %v", p)
	}
}

// platform is what the layout of values in memory depends on, besides their types.
func platform() string {
	one := uint16(1)
	order := "be"
	if *(*byte)(unsafe.Pointer(&one)) == 1 {
		order = "le"
	}
	return runtime.GOARCH + "/" + order
}

// buffer is what is being encoded. Where its methods and those of parser were inlined, they took a third of the package's code,
// which is linked for each cell.
type buffer struct {
	data  []byte
	limit int64
}

// bounded fails when more was encoded than may be kept.
func (b *buffer) bounded() {
	if int64(len(b.data)) > b.limit {
		fail(&quotaError{need: int64(len(b.data)), quota: b.limit})
	}
}

//go:noinline
func (b *buffer) number(n uint64) { b.data = binary.AppendUvarint(b.data, n) }

func (b *buffer) count(n int) { b.number(uint64(n)) }

func (b *buffer) bytes(p []byte) { b.data = append(b.data, p...) }

//go:noinline
func (b *buffer) text(s string) {
	b.count(len(s))
	b.data = append(b.data, s...)
}

// parser reads what buffer wrote. It fails on what does not fit.
type parser struct {
	data []byte
	at   int
}

func (p *parser) left() int { return len(p.data) - p.at }

//go:noinline
func (p *parser) number() uint64 {
	n, size := binary.Uvarint(p.data[p.at:])
	if size <= 0 {
		failf("damaged: a number is cut at byte %d", p.at)
	}
	p.at += size
	return n
}

// maxSize is above the memory of any machine, and leaves room to multiply.
const maxSize = 1 << 46

// size reads a number that is used as one of bytes or elements in memory.
func (p *parser) size() int {
	n := p.number()
	if n > maxSize {
		failf("damaged: a size of %d", n)
	}
	return int(n)
}

// count reads the number of things that follow, of at least one byte each.
//
//go:noinline
func (p *parser) count() int {
	n := p.number()
	if n > uint64(p.left()) {
		failf("damaged: %d entries in %d bytes", n, p.left())
	}
	return int(n)
}

// index reads a number below n.
func (p *parser) index(n int) int {
	i := p.number()
	if i >= uint64(n) {
		failf("damaged: entry %d of %d", i, n)
	}
	return int(i)
}

func (p *parser) bytes(n int) []byte {
	if n > p.left() {
		failf("damaged: %d bytes where %d are left", n, p.left())
	}
	p.at += n
	return p.data[p.at-n : p.at : p.at]
}

// text returns a string that lies in the parser's data.
//
//go:noinline
func (p *parser) text() string {
	raw := p.bytes(p.count())
	return unsafe.String(unsafe.SliceData(raw), len(raw))
}

func (p *parser) end() {
	if p.left() != 0 {
		failf("damaged: %d bytes too many", p.left())
	}
}
