// Package baseline decodes the kinds of JPEG that nearly all photos are, twice as fast as image/jpeg and with libjpeg's
// arithmetic to the last bit.
//
// DecodeReduced gives half, a quarter or an eighth of the size, by transforms that make fewer pixels of a block. Stream hands on rows as
// they are decoded, so that the image is nowhere in memory as a whole.
//
// It takes 8-bit files of YCbCr, of luma alone or of CMYK without subsampling as Adobe's programs write it, baseline ones in one scan and
// progressive ones. It returns an error for anything else, damaged files included: the caller then asks image/jpeg, which knows the rest
// and has the last word on what is refused.
package baseline

import (
	"errors"
	"fmt"
	"image"
	"image/color"
)

// errOther is the answer to every file that is of no kind that is taken.
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
	blocks []coefficients // of a progressive file, by rows of blocks
}

type decoder struct {
	data          []byte
	width, height int
	h, v          int          // the most blocks of a plane in a unit, across and down
	planes        []plane      // YCbCr, luma alone, or the light that the inks of CMYK leave
	quant         [4][64]int32 // in zigzag order
	quantSet      [4]bool
	tables        [2][4]*table // DC, AC
	table         tableMaker
	interval      int // units between restarts; 0: none
	framed        bool
	adobe         *uint8 // how colors are coded: 1 is YCbCr, and of four planes 0 is CMYK; nil: not said
	reduction     int    // 1, 2, 4 or 8: how many times smaller the image becomes
	buffer        []byte // entropy-coded data up to a marker, unstuffed
	held          int    // rows of units in memory; 0: all
	taken         *taken
	inPasses      bool
	pass          pass // of a progressive file, the current one
}

// Decode decodes a file to an image.YCbCr, image.Gray or image.CMYK. The planes are padded to whole blocks beyond the image's bounds.
func Decode(data []byte) (image.Image, error) { return DecodeReduced(data, 1) }

// DecodeReduced decodes a file at 1/1, 1/2, 1/4 or 1/8 of its width and height, rounded up, as libjpeg's scale_denom does. All
// coefficients are read, so that damage is found as by Decode.
func DecodeReduced(data []byte, reduction int) (image.Image, error) {
	d, scan, err := open(data, reduction, tableOf)
	if err != nil {
		return nil, err
	}
	if err := d.decode(scan); err != nil {
		return nil, err
	}
	bounds := image.Rect(0, 0, ceil(d.width, reduction), ceil(d.height, reduction))
	switch len(d.planes) {
	case 1:
		return &image.Gray{Pix: d.planes[0].pix, Stride: d.planes[0].stride, Rect: bounds}, nil
	case 4:
		return d.inks(bounds), nil
	}
	ratio, ok := d.ratio()
	if !ok {
		ratio = image.YCbCrSubsampleRatio444
		for i := range d.planes {
			p := &d.planes[i]
			p.repeat(d.times(p))
		}
	}
	return &image.YCbCr{
		Y: d.planes[0].pix, Cb: d.planes[1].pix, Cr: d.planes[2].pix,
		YStride: d.planes[0].stride, CStride: d.planes[1].stride,
		SubsampleRatio: ratio, Rect: bounds,
	}, nil
}

// inks are the planes of CMYK.
func (d *decoder) inks(bounds image.Rectangle) *image.CMYK {
	img := image.NewCMYK(bounds)
	for i, p := range d.planes {
		for y := range bounds.Dy() {
			row := img.Pix[y*img.Stride+i:]
			for x, light := range p.pix[y*p.stride:][:bounds.Dx()] {
				row[4*x] = 255 - light
			}
		}
	}
	return img
}

// open reads the headers before the first scan, with tableOf, or noTable where nothing will be decoded.
func open(data []byte, reduction int, table tableMaker) (d *decoder, scan int, err error) {
	if reduction != 1 && reduction != 2 && reduction != 4 && reduction != 8 {
		return nil, 0, fmt.Errorf("baseline: a JPEG cannot be reduced %d times", reduction)
	}
	d = &decoder{data: data, reduction: reduction, table: table}
	if len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 {
		return nil, 0, errOther
	}
	scan, err = d.headers(2)
	return d, scan, err
}

// decode decodes all scans, beginning at one.
func (d *decoder) decode(scan int) error {
	if d.inPasses {
		return d.progressive(scan)
	}
	return d.scan(scan)
}

// Config reads the color model and the size of a file that Decode takes, unless a table of its is damaged.
func Config(data []byte) (image.Config, error) {
	d, _, err := open(data, 1, noTable)
	if err != nil {
		return image.Config{}, err
	}
	config := image.Config{ColorModel: color.YCbCrModel, Width: d.width, Height: d.height}
	switch len(d.planes) {
	case 1:
		config.ColorModel = color.GrayModel
	case 4:
		config.ColorModel = color.CMYKModel
	}
	return config, nil
}

// ratio is the number of luma samples for each chroma sample; not ok where image.YCbCr has no such ratio, or where libjpeg repeats samples
// instead of interpolating: all planes have to be brought to the size of the image then.
func (d *decoder) ratio() (ratio image.YCbCrSubsampleRatio, ok bool) {
	if len(d.planes) != 3 {
		return image.YCbCrSubsampleRatio444, true
	}
	y, cb, cr := &d.planes[0], &d.planes[1], &d.planes[2]
	across, down := d.times(cb)
	acrossY, downY := d.times(y)
	if acrossY != 1 || downY != 1 || cb.h != cr.h || cb.v != cr.v {
		return 0, false
	}
	ratio, ok = map[[2]int]image.YCbCrSubsampleRatio{
		{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422,
		{1, 2}: image.YCbCrSubsampleRatio440, {2, 2}: image.YCbCrSubsampleRatio420,
		{4, 1}: image.YCbCrSubsampleRatio411, {4, 2}: image.YCbCrSubsampleRatio410,
	}[[2]int{across, down}]
	// Of blocks of one pixel, libjpeg repeats the samples.
	return ratio, ok && (d.reduction < 8 || ratio == image.YCbCrSubsampleRatio444)
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

// layOut makes room for the pixels, and returns the number of units.
func (d *decoder) layOut() (across, down int) {
	across, down = ceil(d.width, 8*d.h), ceil(d.height, 8*d.v)
	if d.held == 0 {
		d.held = down
	}
	for i := range d.planes {
		p := &d.planes[i]
		p.size = d.blockSize(p)
		p.stride = across * p.size * p.h
		p.pix = make([]uint8, p.stride*d.held*p.size*p.v)
	}
	return across, down
}

// scan decodes the entropy-coded data, which has to be followed by the end of the image.
func (d *decoder) scan(at int) error {
	across, down := d.layOut()
	units := across * down
	for unit, restarts := 0, 0; unit < units; restarts++ {
		n := units - unit
		if d.interval > 0 {
			n = min(n, d.interval)
		}
		var marker uint8
		marker, at = d.unstuff(at)
		if want := uint8(0xd0 + restarts%8); unit+n < units && marker != want || unit+n == units && marker != markerEOI {
			return errOther
		}
		if err := d.segment(newBits(d.buffer), unit, n, across); err != nil {
			return err
		}
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
	x, y := unit%across, unit/across
	for place := y % d.held; n > 0; n-- {
		for i := range d.planes {
			p := &d.planes[i]
			for by := range p.v {
				to := p.pix[(place*p.v+by)*p.size*p.stride+x*p.h*p.size:]
				for bx := range p.h {
					last, ok := r.block(&coefficients, p)
					if !ok {
						return errOther
					}
					inverseReduced(&coefficients, last, p.size, to[bx*p.size:], p.stride)
				}
			}
		}
		if x++; x == across {
			d.row(y)
			x, y = 0, y+1
			place = y % d.held
		}
	}
	if !r.complete() {
		return errOther
	}
	return nil
}
