package baseline

import (
	"bytes"
	"encoding/binary"
)

// lookBits is the length of the codes that one look into a table decodes: nearly all, in 6 KB a table.
const lookBits = 10

// A table decodes the codes of one Huffman table.
type table struct {
	// whole holds, for the next lookBits bits, code and value together where both fit: the coefficient in the upper 16 bits, how many
	// coefficients further it is in the next 8, and the number of bits in the lowest. Where they do not fit, or where the block ends,
	// it leads out of the block, so that a coefficient costs one branch.
	whole [1 << lookBits]uint32
	// short holds the code's length << 8 | its symbol; 0 for longer codes.
	short [1 << lookBits]uint16
	// For longer codes: the first code beyond each length, aligned to 16 bits, and what to subtract for the symbol's index.
	limit  [17]int32
	offset [17]int32
	values []uint8
}

// Steps that lead out of a block from wherever they begin.
const (
	endOfBlock = 64
	unknown    = 128 // code and value have to be read one by one
)

// newTable builds a table from the number of codes of each length, 1 to 16, and their symbols; ITU-T T.81, annex C.
func newTable(counts, values []uint8) (*table, bool) {
	t := &table{values: bytes.Clone(values)}
	for i := range t.whole {
		t.whole[i] = unknown << 8
	}
	code, index := int32(0), 0
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		t.offset[length] = code - int32(index)
		for range n {
			if code >= 1<<length {
				return nil, false // more codes than there are
			}
			if length <= lookBits {
				t.enter(code, length, values[index])
			}
			code++
			index++
		}
		t.limit[length] = code << (16 - length)
		code <<= 1
	}
	return t, true
}

// enter fills the looks that begin with a code.
func (t *table) enter(code int32, length int, symbol uint8) {
	run, size := uint32(symbol>>4), int(symbol&15)
	spare := lookBits - length
	for rest := range int32(1) << spare {
		look := code<<spare | rest
		t.short[look] = uint16(length)<<8 | uint16(symbol)
		switch {
		case symbol == 0:
			t.whole[look] = endOfBlock<<8 | uint32(length)
		case size > 0 && size <= spare:
			value := extend(rest>>(spare-size), size)
			t.whole[look] = uint32(uint16(value))<<16 | (run+1)<<8 | uint32(length+size)
		}
	}
}

// extend gives a value its sign; ITU-T T.81, figure F.12.
func extend(value int32, size int) int32 {
	if value < 1<<(size-1) {
		return value - 1<<size + 1
	}
	return value
}

// bits reads entropy-coded data from the highest bit on. Beyond the end it reads zeros, and complete tells.
type bits struct {
	data  []byte // unstuffed, with padding
	size  int    // without padding
	at    int    // of the next byte to load
	next  uint64 // the highest bits are the next
	ready int    // how many of them count
}

// padding lets eight bytes be loaded anywhere in the data.
const padding = 8

func newBits(padded []byte) *bits { return &bits{data: padded, size: len(padded) - padding} }

// fill makes at least 56 bits ready: enough for two coefficients, which take 16 + 11 at the most.
func (r *bits) fill() {
	if r.at+8 <= len(r.data) {
		r.next |= binary.BigEndian.Uint64(r.data[r.at:]) >> r.ready
		r.at += (63 - r.ready) >> 3
	} else {
		r.at += (63 - r.ready) >> 3 // zeros
	}
	r.ready |= 56
}

func (r *bits) drop(n int) {
	r.next <<= n
	r.ready -= n
}

// complete says whether the data was read to its last byte and not beyond.
func (r *bits) complete() bool {
	left := 8*(r.size-r.at) + r.ready
	return left >= 0 && left < 8
}

// symbol decodes one code. It needs 16 bits ready.
func (r *bits) symbol(t *table) (symbol uint8, ok bool) {
	if entry := t.short[r.next>>(64-lookBits)]; entry != 0 {
		r.drop(int(entry >> 8))
		return uint8(entry), true
	}
	look := int32(r.next >> 48)
	for length := lookBits + 1; length <= 16; length++ {
		if look < t.limit[length] {
			index := look>>(16-length) - t.offset[length]
			if index < 0 || int(index) >= len(t.values) {
				return 0, false
			}
			r.drop(length)
			return t.values[index], true
		}
	}
	return 0, false
}

// value reads a signed value of a size from 1 to 15.
func (r *bits) value(size int) int32 {
	v := int32(r.next >> (64 - size))
	r.drop(size)
	return extend(v, size)
}

// block decodes the 64 coefficients of a block, multiplied by their quantizers, in natural order. last is the zigzag index of
// the last that is not zero.
func (r *bits) block(coefficients *[64]int32, p *plane) (last int, ok bool) {
	if last, ok := r.fastBlock(coefficients, p); ok {
		return last, true
	}
	return r.plainBlock(coefficients, p)
}

// plainBlock is block on any processor, and for any damage.
func (r *bits) plainBlock(coefficients *[64]int32, p *plane) (last int, ok bool) {
	*coefficients = [64]int32{}
	r.fill()
	if whole := p.dc.whole[r.next>>(64-lookBits)]; whole>>8&255 == 1 {
		p.last += int32(whole) >> 16
		r.drop(int(whole & 63))
	} else {
		size, ok := r.symbol(p.dc)
		if !ok || size > 11 {
			return 0, false
		}
		if size > 0 {
			p.last += r.value(int(size))
		}
	}
	coefficients[0] = p.last * p.quant[0]
	return r.others(coefficients, p.ac, p.quant)
}

// others decodes the coefficients after the first.
func (r *bits) others(block *[64]int32, ac *table, quant *[64]int32) (last int, ok bool) {
	for k := uint(0); ; {
		entry, reached := r.run(block, ac, quant, k)
		if reached > k {
			last, k = int(reached), reached
		}
		switch step := uint(entry >> 8 & 255); {
		case step == endOfBlock:
			r.drop(int(entry & 63))
			return last, true
		case step == unknown:
			value, further, ok := r.other(ac)
			if k += further; !ok || k > 63 {
				return last, ok && value == 0 // zeros may reach beyond a block, as its end does
			}
			if value != 0 {
				last = int(k)
				block[natural[k]&63] = value * quant[k]
			}
			if k == 63 {
				return last, true
			}
		case k+step == 63:
			r.drop(int(entry & 63))
			block[63] = (int32(entry) >> 16) * quant[63]
			return 63, true
		default:
			return 0, false // beyond the block
		}
	}
}

// run decodes coefficients from the one after from on, as long as one look into the table is enough for each, up to the last but one
// of the block. It returns the table's entry for what follows, which is not read yet, and the index of the last coefficient that it has read.
func (r *bits) run(block *[64]int32, t *table, quant *[64]int32, from uint) (entry uint32, k uint) {
	next, ready, k := r.next, r.ready, from // stay in registers here
	for {
		r.next, r.ready = next, ready
		r.fill()
		next, ready = r.next, r.ready
		for range 56 / lookBits { // so many looks are there
			entry = t.whole[next>>(64-lookBits)]
			after := k + uint(entry>>8&255)
			if after >= 63 {
				r.next, r.ready = next, ready
				return entry, k
			}
			k = after
			next, ready = next<<(entry&63), ready-int(entry&63)
			block[natural[k]&63] = (int32(entry) >> 16) * quant[k]
		}
	}
}

// other decodes one code and its value, and how many coefficients further it is; without a value, zeros up to there.
func (r *bits) other(ac *table) (value int32, step uint, ok bool) {
	r.fill()
	symbol, ok := r.symbol(ac)
	if !ok {
		return 0, 0, false
	}
	run, size := uint(symbol>>4), int(symbol&15)
	switch {
	case size > 10 || size == 0 && run != 0 && run != 15:
		return 0, 0, false // the end of several blocks: not in baseline
	case size > 0:
		return r.value(size), run + 1, true
	case run == 15:
		return 0, 16, true
	}
	return 0, endOfBlock, true
}

// natural is the place of each zigzag index in a block by rows; ITU-T T.81, figure A.6.
var natural = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// unstuff fills the buffer, which is as long as the file at first, so that it is made once. It returns the marker after the data, and where
// what follows it begins.
func (d *decoder) unstuff(at int) (marker uint8, next int) {
	if d.buffer == nil {
		d.buffer = make([]byte, 0, len(d.data)-at+padding)
	}
	d.buffer, marker, next = unstuff(d.buffer[:0], d.data, at)
	return marker, next
}

// unstuff copies entropy-coded data up to the next marker without the zero that follows each 0xff, and pads it. It returns the
// marker, 0 where there is none, and where the data after it begins.
func unstuff(to, data []byte, at int) (padded []byte, marker uint8, next int) {
	for {
		n := bytes.IndexByte(data[at:], 0xff)
		if n < 0 || at+n+1 >= len(data) {
			return append(to, make([]byte, padding)...), 0, len(data)
		}
		to = append(to, data[at:at+n]...)
		following := data[at+n+1]
		at += n + 2
		if following != 0 {
			return append(to, make([]byte, padding)...), following, at
		}
		to = append(to, 0xff)
	}
}
