package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// stripedTIFF is a gray image of one column, each of whose rows is a strip of its own in PackBits, with so many bytes that mean nothing
// before its pixel. All strips are the same bytes where one is shared.
func stripedTIFF(rows, nothing int, shared bool) []byte {
	strip := append(bytes.Repeat([]byte{0x80}, nothing), 0, 0x55)
	order := binary.LittleEndian
	var strips, offsets, counts []byte
	for i := range rows {
		if i == 0 || !shared {
			strips = append(strips, strip...)
		}
		offsets = order.AppendUint32(offsets, uint32(8+len(strips)-len(strip)))
		counts = order.AppendUint32(counts, uint32(len(strip)))
	}
	file := order.AppendUint32([]byte("II*\x00"), uint32(8+len(strips)+len(offsets)+len(counts)))
	places := uint32(8 + len(strips))
	file = append(append(append(file, strips...), offsets...), counts...)
	entries := [][4]uint32{ // tag, type, count and value
		{tagWidth, 4, 1, 1}, {tagLength, 4, 1, uint32(rows)}, {tagBits, 4, 1, 8}, {tagCompression, 4, 1, tiffPackBits},
		{tagPhotometric, 4, 1, photoBlackIsZero}, {tagStripOffsets, 4, uint32(rows), places}, {tagSamples, 4, 1, 1}, {tagRowsPerStrip, 4, 1, 1},
		{tagStripCounts, 4, uint32(rows), places + uint32(len(offsets))},
	}
	file = order.AppendUint16(file, uint16(len(entries)))
	for _, e := range entries {
		file = order.AppendUint16(order.AppendUint16(file, uint16(e[0])), uint16(e[1]))
		file = order.AppendUint32(order.AppendUint32(file, e[2]), e[3])
	}
	return append(file, 0, 0, 0, 0)
}

// Strips that are the same bytes are unpacked each: 1 MB with 65,535 of them took minutes, and a request to a server hours.
func TestStripsThatOverlap(t *testing.T) {
	if _, err := Decode(stripedTIFF(200, 1<<20, true), Limits{}); !errors.Is(err, errOverlap) {
		t.Errorf("200 strips of the same megabyte: %v", err)
	}
	for _, c := range []struct {
		rows, nothing int
		shared        bool
	}{{65_535, 4, false}, {65_535, 4, true}, {30, 1 << 20, false}} {
		p, err := Decode(stripedTIFF(c.rows, c.nothing, c.shared), Limits{})
		if err != nil || p.Height != c.rows || p.Pix[len(p.Pix)-1] != 0x55 {
			t.Errorf("%+v: %d rows, %v", c, p.Height, err)
		}
	}
	// More strips than an image is cut into: 4 bytes each would buy a decoder for each.
	many := &tiffFile{width: 1000, height: 1000, entries: map[int][]uint32{tagTileOffsets: make([]uint32, 1<<18+1)}}
	if err := many.bounded(); !errors.Is(err, errTIFF) {
		t.Errorf("%d tiles for a million pixels: %v", 1<<18+1, err)
	}
}
