package imageio

import (
	"image"

	"github.com/headstart-nb/headstart/models/imageio/baseline"
	"github.com/headstart-nb/headstart/models/imageio/resample"
)

// feed shows a decoded image to views.
func (d decoded) feed(v views) {
	width, height := d.header.Width, d.header.Height
	f := v.feeder(width, height)
	defer v.finish()
	source, ok := d.Image.(*image.YCbCr)
	if !ok || d.header.Format != "jpeg" || source.Rect != image.Rect(0, 0, width, height) {
		toRGB(d.Image, d.header).feed(f)
		return
	}
	p := newPlaneRows(&baseline.Planes{Width: width, Height: height, Ratio: source.SubsampleRatio, Y: source.Y, Cb: source.Cb, Cr: source.Cr,
		YStride: source.YStride, CStride: source.CStride, YHeld: height, CHeld: height})
	p.feed(f, 0, height)
}

// feed shows pixels to a feeder.
func (p RGB) feed(f *resample.Feeder) {
	for y := range p.Height {
		f.Row(y, func(to []uint8, color int) {
			red, green, blue := to[:p.Width], to[color:][:p.Width], to[2*color:][:p.Width]
			row := p.Pix[3*p.Width*y:][:3*p.Width]
			for x := range red {
				red[x], green[x], blue[x] = row[3*x], row[3*x+1], row[3*x+2]
			}
		})
	}
}

// planeRows makes rows of colors out of the planes of a JPEG.
type planeRows struct {
	*baseline.Planes
	up     *upsampler
	cb, cr []uint8
}

func newPlaneRows(p *baseline.Planes) *planeRows {
	return &planeRows{p, newUpsampler(p.Ratio, p.CStride, p.CHeld, p.Width, p.Height), make([]uint8, p.Width+1), make([]uint8, p.Width+1)}
}

// feed shows some rows to a feeder.
func (p *planeRows) feed(f *resample.Feeder, from, to int) {
	for y := from; y < to; y++ {
		f.Row(y, func(to []uint8, color int) { p.fill(to, color, y) })
	}
}

// fill writes row y.
func (p *planeRows) fill(to []uint8, color, y int) {
	luma := p.Y[y%p.YHeld*p.YStride:][:p.Width]
	cb, cr := p.up.of(p.cb, p.Cb, y)[:p.Width], p.up.of(p.cr, p.Cr, y)[:p.Width]
	red, green, blue := to[:color], to[color:][:color], to[2*color:][:color]
	if p.K != nil {
		for i, row := range [][]uint8{luma, cb, cr} {
			printed(to[i*color:][:p.Width], row, p.K[y%p.YHeld*p.YStride:][:p.Width])
		}
		return
	}
	if !laned() {
		for x, base := range luma {
			red[x], green[x], blue[x] = jpegColor(base, cb[x], cr[x])
		}
		return
	}
	whole := p.Width &^ 31
	if whole > 0 {
		jpegColors(&red[0], &green[0], &blue[0], &luma[0], &cb[0], &cr[0], whole)
	}
	if whole == p.Width {
		return
	}
	var rest [3][32]uint8 // the planes may end here
	copy(rest[0][:], luma[whole:])
	copy(rest[1][:], cb[whole:])
	copy(rest[2][:], cr[whole:])
	jpegColors(&red[whole:][:32][0], &green[whole:][:32][0], &blue[whole:][:32][0], &rest[0][0], &rest[1][0], &rest[2][0], 32)
}

// printed makes one color of the light that its ink leaves and of what black leaves.
func printed(to, light, black []uint8) {
	for x, k := range black {
		to[x] = printedColor(255-light[x], k)
	}
}
