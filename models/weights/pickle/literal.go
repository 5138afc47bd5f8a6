package pickle

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// maxLong is the length of the longest integer, in bytes; PyTorch's magic number has 10.
const maxLong = 255

// number reads the instructions of numbers.
func (m *machine) number(code byte) (bool, error) {
	n := 0 // bytes of the number, or of its length
	switch code {
	case 'K', 0x8a: // BININT1, LONG1
		n = 1
	case 'M': // BININT2
		n = 2
	case 'J', 0x8b: // BININT, LONG4
		n = 4
	case 'G': // BINFLOAT, the highest byte first
		raw, err := m.take(8)
		if err != nil {
			return true, err
		}
		return true, m.push(math.Float64frombits(binary.BigEndian.Uint64(raw)))
	case 'I', 'L': // INT and LONG, as text
		line, err := m.line()
		if err != nil {
			return true, err
		}
		if line == "00" || line == "01" {
			return true, m.push(line == "01")
		}
		value, err := strconv.ParseInt(strings.TrimSuffix(line, "L"), 10, 64)
		if err != nil {
			return true, fmt.Errorf("%.20q is not an integer of 64 bits", line)
		}
		return true, m.push(value)
	default:
		return false, nil
	}
	value, err := m.unsigned(n)
	switch {
	case err != nil:
		return true, err
	case code == 'J': // BININT is signed
		return true, m.push(int64(int32(value)))
	case code == 0x8a, code == 0x8b: // LONG1, LONG4
		return true, m.long(value)
	}
	return true, m.push(int64(value))
}

// long reads an integer of so many bytes in two's complement.
func (m *machine) long(length uint64) error {
	if length > maxLong {
		return fmt.Errorf("an integer has %d bytes, and at most %d are read", length, maxLong)
	}
	raw, err := m.take(length)
	if err != nil {
		return err
	}
	if length > 8 {
		return m.push(Long(raw))
	}
	whole := [8]byte{}
	if length > 0 && raw[length-1]&0x80 != 0 {
		whole = [8]byte{255, 255, 255, 255, 255, 255, 255, 255}
	}
	copy(whole[:], raw)
	return m.push(int64(binary.LittleEndian.Uint64(whole[:])))
}

// text reads the instructions of texts and bytes. Those of Python 2 are texts.
func (m *machine) text(code byte) (bool, error) {
	n := 0 // bytes of the length
	switch code {
	case 0x8c, 'U', 'C': // SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES
		n = 1
	case 'X', 'T', 'B': // BINUNICODE, BINSTRING, BINBYTES
		n = 4
	case 0x8d: // BINUNICODE8
		n = 8
	default:
		return false, nil
	}
	text, err := m.sized(n)
	switch {
	case err != nil:
		return true, err
	case code == 'B', code == 'C':
		return true, m.push(Bytes(text))
	}
	return true, m.push(text)
}
