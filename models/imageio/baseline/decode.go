// Package baseline decodes the kind of JPEG that nearly all photos are, twice as fast as image/jpeg and with libjpeg's
// arithmetic to the last bit.
//
// DecodeReduced gives half, a quarter or an eighth of the size, by transforms that make fewer pixels of a block, which takes a
// quarter of the time.
//
// It takes 8-bit baseline files with three YCbCr planes in one scan, reduced also progressive ones, and returns an error for anything else, damaged files
// included: the caller then asks image/jpeg, which knows the rest and has the last word on what is refused.
package baseline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
)

// errOther is the answer to every file that is not of the one kind.
var errOther = errors.New("baseline: another kind of JPEG, or a damaged one")

// A plane is one component while it is decoded.
type plane struct {
	id     uint8
	h, v   int // blocks in a unit, across and down
	quant  *[64]int32
	dc, ac *table
	last   int32 // DC of the block before
	size   int   // pixels of a block, across and down: 8, or fewer in a reduced image
	pix    []uint8
	stride int
	blocks [][64]int16 // coefficients of a progressive file, by rows of blocks
}

type decoder struct {
	data          []byte
	width, height int
	h, v          int // the most blocks of a plane in a unit, across and down
	planes        [3]plane
	quant         [4][64]int32 // in zigzag order
	quantSet      [4]bool
	tables        [2][4]*table // DC, AC
	interval      int          // units between restarts; 0: none
	framed        bool
	reduction     int // 1, 2, 4 or 8: how many times smaller the image becomes
	inPasses      bool
	pass          pass // of a progressive file, the current one
}

// Decode decodes a file. The image's planes are padded to whole blocks beyond its bounds.
func Decode(data []byte) (*image.YCbCr, error) { return DecodeReduced(data, 1) }

// DecodeReduced decodes a file at 1/1, 1/2, 1/4 or 1/8 of its width and height, rounded up, as libjpeg's scale_denom does. All
// coefficients are read, so that damage is found as by Decode.
func DecodeReduced(data []byte, reduction int) (*image.YCbCr, error) {
	if reduction != 1 && reduction != 2 && reduction != 4 && reduction != 8 {
		return nil, fmt.Errorf("baseline: a JPEG cannot be reduced %d times", reduction)
	}
	d := &decoder{data: data, reduction: reduction}
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return nil, errOther
	}
	scan, err := d.headers(2)
	if err != nil {
		return nil, err
	}
	if d.inPasses {
		err = d.progressive(scan)
	} else {
		err = d.scan(scan)
	}
	if err != nil {
		return nil, err
	}
	ratio := d.ratio()
	return &image.YCbCr{
		Y: d.planes[0].pix, Cb: d.planes[1].pix, Cr: d.planes[2].pix,
		YStride: d.planes[0].stride, CStride: d.planes[1].stride,
		SubsampleRatio: ratio, Rect: image.Rect(0, 0, ceil(d.width, reduction), ceil(d.height, reduction)),
	}, nil
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }

// Size reads the size in pixels of a file that Decode takes.
func Size(data []byte) (width, height int, err error) {
	d := &decoder{data: data, reduction: 1}
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return 0, 0, errOther
	}
	_, err = d.headers(2)
	return d.width, d.height, err
}

// Reducible tells whether DecodeReduced takes a file, as far as the headers before its first scan say, and whether it comes in passes,
// all of which are held until the last.
func Reducible(data []byte) (inPasses bool, err error) {
	d := &decoder{data: data, reduction: 2}
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return false, errOther
	}
	_, err = d.headers(2)
	return d.inPasses, err
}

// ratio is the number of luma samples for each chroma sample. Where image.YCbCr has no such ratio, it brings all planes to
// the size of the image.
func (d *decoder) ratio() image.YCbCrSubsampleRatio {
	y, cb, cr := &d.planes[0], &d.planes[1], &d.planes[2]
	across, down := d.times(cb)
	interpolated := d.reduction < 8 // libjpeg repeats the samples of the smallest blocks
	if acrossY, downY := d.times(y); interpolated && acrossY == 1 && downY == 1 && cb.h == cr.h && cb.v == cr.v {
		ratio, ok := map[[2]int]image.YCbCrSubsampleRatio{
			{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422,
			{1, 2}: image.YCbCrSubsampleRatio440, {2, 2}: image.YCbCrSubsampleRatio420,
			{4, 1}: image.YCbCrSubsampleRatio411, {4, 2}: image.YCbCrSubsampleRatio410,
		}[[2]int{across, down}]
		if ok {
			return ratio
		}
	}
	for i := range d.planes {
		p := &d.planes[i]
		p.repeat(d.times(p))
	}
	return image.YCbCrSubsampleRatio444
}

// times is how many pixels of the image, across and down, each sample of a plane stands for.
func (d *decoder) times(p *plane) (across, down int) {
	block := 8 / d.reduction
	return d.h * block / (p.h * p.size), d.v * block / (p.v * p.size)
}

// repeat brings a plane to the resolution of the image by repeating samples, as libjpeg does for ratios that are not usual.
func (p *plane) repeat(across, down int) {
	if across == 1 && down == 1 {
		return
	}
	stride, rows := p.stride*across, len(p.pix)/p.stride*down
	pix := make([]uint8, stride*rows)
	for y := range rows {
		from, to := p.pix[y/down*p.stride:], pix[y*stride:][:stride]
		for x := range to {
			to[x] = from[x/across]
		}
	}
	p.pix, p.stride = pix, stride
}

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
		case marker == markerSOF2 && d.reduction > 1:
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
			// Adobe's last byte says how the colors are coded: 1 is YCbCr.
			ok = !bytes.HasPrefix(body, []byte("Adobe")) || len(body) >= 12 && body[11] == 1
		case marker >= markerAPP0 && marker <= 0xef || marker == markerCOM:
			ok = true
		case marker == markerSOS:
			header := d.scanHeader
			if d.inPasses {
				header = d.passHeader
			}
			if !header(body) {
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
	if d.framed || len(body) != 6+3*3 || body[0] != 8 || body[5] != 3 {
		return false
	}
	d.framed = true
	d.height, d.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	for i := range d.planes {
		c := body[6+3*i:]
		if c[2] > 3 {
			return false
		}
		d.planes[i] = plane{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), quant: &d.quant[c[2]]}
	}
	y, cb, cr := d.planes[0], d.planes[1], d.planes[2]
	blocks := 0 // of a unit; ITU-T T.81, B.2.3, allows 10
	for _, p := range d.planes {
		d.h, d.v = max(d.h, p.h), max(d.v, p.v)
		blocks += p.h * p.v
	}
	usual := d.h <= 4 && d.v <= 4 && blocks <= 10
	for _, p := range d.planes {
		usual = usual && p.h > 0 && p.v > 0 && d.h%p.h == 0 && d.v%p.v == 0
	}
	different := y.id != cb.id && cb.id != cr.id && y.id != cr.id
	rgb := y.id == 'R' && cb.id == 'G' && cr.id == 'B'
	return usual && different && !rgb && d.width > 0 && d.height > 0
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
		t, ok := newTable(body[1:17], body[17:17+total])
		if !ok {
			return false
		}
		d.tables[class][target] = t
		body = body[17+total:]
	}
	return true
}

// scanHeader takes a scan of all three planes in the frame's order.
func (d *decoder) scanHeader(body []byte) bool {
	if !d.framed || len(body) != 1+2*3+3 || body[0] != 3 || body[7] != 0 || body[8] != 63 || body[9] != 0 {
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

// layOut makes room for the pixels, and returns the number of units.
func (d *decoder) layOut() (across, down int) {
	across, down = ceil(d.width, 8*d.h), ceil(d.height, 8*d.v)
	for i := range d.planes {
		p := &d.planes[i]
		p.size = d.blockSize(p)
		p.stride = across * p.size * p.h
		p.pix = make([]uint8, p.stride*down*p.size*p.v)
	}
	return across, down
}

// scan decodes the entropy-coded data, which has to be followed by the end of the image.
func (d *decoder) scan(at int) error {
	across, down := d.layOut()
	units := across * down
	var buffer []byte
	for unit, restarts := 0, 0; unit < units; restarts++ {
		n := units - unit
		if d.interval > 0 {
			n = min(n, d.interval)
		}
		var marker uint8
		buffer, marker, at = unstuff(buffer[:0], d.data, at)
		if want := uint8(0xd0 + restarts%8); unit+n < units && marker != want || unit+n == units && marker != markerEOI {
			return errOther
		}
		if err := d.segment(newBits(buffer), unit, n, across); err != nil {
			return err
		}
		buffer = buffer[:0]
		unit += n
	}
	return nil
}

// blockSize is how many pixels, across and down, a block of a plane becomes. A plane of fewer samples is reduced less where that
// saves widening it afterwards, as in libjpeg's jdmaster.c.
func (d *decoder) blockSize(p *plane) int {
	block := 8 / d.reduction
	size := block
	for size < 8 && d.h*block%(p.h*size*2) == 0 && d.v*block%(p.v*size*2) == 0 {
		size *= 2
	}
	return size
}

// segment decodes the units between two restarts.
func (d *decoder) segment(r *bits, unit, n, across int) error {
	for i := range d.planes {
		d.planes[i].last = 0
	}
	var coefficients [64]int32
	for ; n > 0; n-- {
		x, y := unit%across, unit/across
		unit++
		for i := range d.planes {
			p := &d.planes[i]
			for by := range p.v {
				for bx := range p.h {
					last, ok := r.block(&coefficients, p)
					if !ok {
						return errOther
					}
					to := (y*p.v+by)*p.size*p.stride + (x*p.h+bx)*p.size
					inverseReduced(&coefficients, last, p.size, p.pix[to:], p.stride)
				}
			}
		}
	}
	if !r.complete() {
		return errOther
	}
	return nil
}
