package baseline

import (
	"bytes"
	"image"
)

// Planes are the rows of a JPEG's planes that are in memory.
type Planes struct {
	Width, Height    int
	Ratio            image.YCbCrSubsampleRatio
	Y, Cb, Cr        []uint8
	K                []uint8 // of CMYK, with the stride of Y; then the others are C, M and Y; all are inverted: 255 is no ink
	YStride, CStride int
	YHeld, CHeld     int // rows of luma and of chroma that are in memory: row y is in place y % YHeld
}

// Stream decodes a file as DecodeReduced does, with two rows of units in memory instead of the image. take gets the rows from from to to
// as soon as the chroma rows above and below each are there; the last call goes to the height. An error may come after rows were
// taken, and leaves the file to Decode, as does a sampling that image.YCbCr does not know.
func Stream(data []byte, reduction int, take func(p *Planes, from, to int)) error {
	d, scan, ratio, err := openStream(data, reduction, tableOf)
	if err != nil {
		return err
	}
	d.held = 2
	d.taken = &taken{take: take, planes: Planes{Width: ceil(d.width, reduction), Height: ceil(d.height, reduction), Ratio: ratio}}
	return d.decode(scan)
}

// openStream reads the headers, and what they say about the planes.
func openStream(data []byte, reduction int, table tableMaker) (d *decoder, scan int, ratio image.YCbCrSubsampleRatio, err error) {
	if d, scan, err = open(data, reduction, table); err != nil {
		return nil, 0, 0, err
	}
	for i := range d.planes {
		p := &d.planes[i]
		p.size = d.blockSize(p)
	}
	ratio, ok := d.ratio()
	if !ok {
		return nil, 0, 0, errOther
	}
	return d, scan, ratio, nil
}

// Held is how many bytes Stream takes for a file, as far as its headers say; an error where it does not take it, unless a
// table of it is damaged. The coefficients of a progressive file are all held.
func Held(data []byte, reduction int) (int64, error) {
	d, _, _, err := openStream(data, reduction, noTable)
	if err != nil {
		return 0, err
	}
	held := int64(len(data)) // without the bytes that were stuffed in
	across, down := int64(ceil(d.width, 8*d.h)), int64(ceil(d.height, 8*d.v))
	for _, p := range d.planes {
		blocks := across * int64(p.h*p.v)
		held += 2 * blocks * int64(p.size*p.size)
		if d.inPasses {
			held += down * blocks * coefficientsSize
		}
	}
	return held, nil
}

// taken is how far the rows of a Stream have gone.
type taken struct {
	planes Planes
	rows   int
	take   func(p *Planes, from, to int)
}

// row hands on what a row of units makes complete: all but its last row, which waits for the chroma below.
func (d *decoder) row(y int) {
	t := d.taken
	if t == nil {
		return
	}
	p := &t.planes
	if y == 0 {
		luma := &d.planes[0]
		p.Y, p.YStride, p.YHeld = luma.pix, luma.stride, len(luma.pix)/luma.stride
		if len(d.planes) == 1 {
			gray := bytes.Repeat([]byte{128}, luma.stride) // a row of no color, which is every row
			p.Cb, p.Cr, p.CStride, p.CHeld = gray, gray, luma.stride, 1
		} else {
			cb, cr := &d.planes[1], &d.planes[2]
			p.Cb, p.Cr, p.CStride, p.CHeld = cb.pix, cr.pix, cb.stride, len(cb.pix)/cb.stride
		}
		if len(d.planes) == 4 {
			p.K = d.planes[3].pix
		}
	}
	to := (y+1)*d.v*8/d.reduction - 1
	if to+1 >= p.Height {
		to = p.Height
	}
	if to > t.rows {
		t.take(p, t.rows, to)
		t.rows = to
	}
}

// ceil is a/b, rounded up.
func ceil(a, b int) int { return (a + b - 1) / b }
