package baseline

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// The markers that are understood; ITU-T T.81, table B.1.
const (
	markerSOF0 = 0xc0 // baseline frame
	markerSOF2 = 0xc2 // progressive frame
	markerDHT  = 0xc4
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
	markerDRI  = 0xdd
	markerAPP0 = 0xe0
	markerAdob = 0xee
	markerCOM  = 0xfe
)

// headers reads from a marker up to the next scan, and returns where that one's entropy-coded data begins.
func (d *decoder) headers(at int) (scan int, err error) {
	for at+4 <= len(d.data) {
		if d.data[at] != 0xff {
			return 0, errOther
		}
		marker := d.data[at+1]
		end := at + 2 + int(binary.BigEndian.Uint16(d.data[at+2:]))
		if marker < markerSOF0 || end < at+4 || end > len(d.data) {
			return 0, errOther
		}
		body := d.data[at+4 : end]
		ok := false
		switch {
		case marker == markerSOF0:
			ok = d.frame(body)
		case marker == markerSOF2:
			d.inPasses = true
			ok = d.frame(body)
		case marker == markerDHT:
			ok = d.huffman(body)
		case marker == markerDQT:
			ok = d.pass.planes == nil && d.quantization(body) // one set for all passes
		case marker == markerDRI:
			ok = len(body) == 2
			if ok {
				d.interval = int(binary.BigEndian.Uint16(body))
			}
		case marker == markerAdob:
			if ok = !bytes.HasPrefix(body, []byte("Adobe")); !ok && len(body) >= 12 {
				d.adobe, ok = &body[11], true
			}
		case marker >= markerAPP0 && marker <= 0xef || marker == markerCOM:
			ok = true
		case marker == markerSOS:
			header := d.scanHeader
			if d.inPasses {
				header = d.passHeader
			}
			if !header(body) || !d.known() {
				return 0, errOther
			}
			return end, nil
		}
		if !ok {
			return 0, errOther
		}
		at = end
	}
	return 0, errOther
}

func (d *decoder) frame(body []byte) bool {
	if d.framed || len(body) < 6 || body[0] != 8 || !slices.Contains([]uint8{1, 3, 4}, body[5]) || len(body) != 6+3*int(body[5]) {
		return false
	}
	d.framed = true
	d.height, d.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	for c := range slices.Chunk(body[6:], 3) {
		if c[2] > 3 {
			return false
		}
		d.planes = append(d.planes, plane{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), quant: &d.quant[c[2]]})
	}
	if d.width == 0 || d.height == 0 {
		return false
	}
	if len(d.planes) > 1 {
		return d.colors()
	}
	luma := &d.planes[0]
	usual := luma.h > 0 && luma.h <= 4 && luma.v > 0 && luma.v <= 4
	d.h, d.v, luma.h, luma.v = 1, 1, 1, 1 // a block is a unit, whatever the file says
	return usual
}

// colors says whether the planes have names of their own, and units that the standard allows; four planes, whether they are of one size.
func (d *decoder) colors() bool {
	blocks := 0 // of a unit; ITU-T T.81, B.2.3, allows 10
	var ids []uint8
	for _, p := range d.planes {
		d.h, d.v = max(d.h, p.h), max(d.v, p.v)
		blocks += p.h * p.v
		if slices.Contains(ids, p.id) {
			return false
		}
		ids = append(ids, p.id)
	}
	usual := d.h <= 4 && d.v <= 4 && blocks <= 10 && (len(d.planes) == 3 || blocks == 4)
	for _, p := range d.planes {
		usual = usual && p.h > 0 && p.v > 0 && d.h%p.h == 0 && d.v%p.v == 0
	}
	return usual && string(ids) != "RGB"
}

// known says whether the planes are coded as their number makes likely.
func (d *decoder) known() bool {
	switch len(d.planes) {
	case 3:
		return d.adobe == nil || *d.adobe == 1
	case 4:
		return d.adobe != nil && *d.adobe == 0
	}
	return true
}

func (d *decoder) quantization(body []byte) bool {
	for len(body) > 0 {
		target, wide := body[0]&15, int(body[0]>>4)
		size := 64 * (1 + wide)
		if target > 3 || wide > 1 || len(body) < 1+size {
			return false
		}
		for i := range 64 {
			if wide == 1 {
				d.quant[target][i] = int32(binary.BigEndian.Uint16(body[1+2*i:]))
			} else {
				d.quant[target][i] = int32(body[1+i])
			}
		}
		d.quantSet[target] = true
		body = body[1+size:]
	}
	return true
}

func (d *decoder) huffman(body []byte) bool {
	for len(body) > 0 {
		class, target := body[0]>>4, body[0]&15
		if class > 1 || target > 3 || len(body) < 17 {
			return false
		}
		total := 0
		for _, n := range body[1:17] {
			total += int(n)
		}
		if total > 256 || len(body) < 17+total {
			return false
		}
		t, ok := d.table(body[1:17], body[17:17+total])
		if !ok {
			return false
		}
		d.tables[class][target] = t
		body = body[17+total:]
	}
	return true
}

// scanHeader takes a scan of all planes in the frame's order.
func (d *decoder) scanHeader(body []byte) bool {
	n := len(d.planes)
	if !d.framed || len(body) != 1+2*n+3 || int(body[0]) != n || !bytes.Equal(body[1+2*n:], []byte{0, 63, 0}) {
		return false
	}
	for i := range d.planes {
		id, tables := body[1+2*i], body[2+2*i]
		p := &d.planes[i]
		if id != p.id || tables>>4 > 3 || tables&15 > 3 {
			return false
		}
		p.dc, p.ac = d.tables[0][tables>>4], d.tables[1][tables&15]
		if p.dc == nil || p.ac == nil {
			return false
		}
	}
	return d.quantized()
}

// quantized says whether every plane has its quantizers.
func (d *decoder) quantized() bool {
	for i := range d.quant {
		for _, p := range d.planes {
			if p.quant == &d.quant[i] && !d.quantSet[i] {
				return false
			}
		}
	}
	return true
}
