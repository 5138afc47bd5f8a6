package imageio

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"github.com/headstart-nb/headstart/models/imageio/resample"
)

// Background is what shows through where an image is transparent: white, as on the page that it was made for. (Pillow's
// convert("RGB") drops the alpha instead, and shows whatever color the invisible pixels happen to have.)
const Background = 255

// Decode decodes an image at its own size, upright.
func Decode(data []byte, limits Limits) (img RGB, err error) {
	defer recoverTo(&err)
	d, err := decode(data, limits, 1)
	if err != nil {
		return RGB{}, err
	}
	return d.upright(), nil
}

// A decoded is an image as its file stores it, before the orientation is applied.
type decoded struct {
	image.Image
	header       Header        // with the size of the pixels
	across, down resample.Span // the part of the pixels that is the image
}

func (d decoded) upright() RGB {
	out := upright(toRGB(d.Image, d.header), d.header.Orientation)
	out.Transparent = transparent(d.Image)
	return out
}

// decode runs the format's decoder behind the checks of the header. A JPEG may come smaller by a reduction.
func decode(data []byte, limits Limits, reduction int) (decoded, error) {
	header, c, model, err := readHeader(data, limits)
	if err != nil {
		return decoded{}, err
	}
	if c.name == "jpeg" {
		if err := checkScans(data); err != nil {
			return decoded{}, err
		}
		if d, ok := decodeReduced(data, header, reduction); ok {
			return d, nil
		}
	}
	pixels, err := c.decode(data)
	if err != nil {
		return decoded{}, damaged(c, data, err)
	}
	size := pixels.Bounds().Size()
	_, isFrame := pixels.(framed)
	canvas := c.name == "gif" || isFrame // the first frame may be smaller than the canvas
	if size.X < 1 || size.Y < 1 || !canvas && (size.X != header.Width || size.Y != header.Height) {
		return decoded{}, fmt.Errorf("damaged %s: it decodes to %d x %d pixels, and its header says %d x %d",
			c.title, size.X, size.Y, header.Width, header.Height)
	}
	if beyondPalette(model, pixels) {
		return decoded{}, fmt.Errorf("damaged %s: its pixels have colors that are not in its palette", c.title)
	}
	return decoded{pixels, header, resample.Whole(header.Width), resample.Whole(header.Height)}, nil
}

// beyondPalette says whether a decoder had to make the file's palette longer for the pixels that it found.
func beyondPalette(model color.Model, pixels image.Image) bool {
	declared, isPalette := model.(color.Palette)
	paletted, isPaletted := pixels.(*image.Paletted)
	return isPalette && isPaletted && len(declared) > 0 && len(paletted.Palette) > len(declared)
}

// transparent says whether every pixel is fully transparent.
func transparent(decoded image.Image) bool {
	switch source := decoded.(type) {
	case framed:
		return transparent(source.Image)
	case *image.NYCbCrA:
		return !slices.ContainsFunc(source.A, func(a uint8) bool { return a > 0 })
	case *image.Paletted:
		var clear [256]bool
		for i, c := range source.Palette[:min(len(source.Palette), len(clear))] {
			_, _, _, a := c.RGBA()
			clear[i] = a == 0
		}
		return !slices.ContainsFunc(source.Pix, func(i uint8) bool { return !clear[i] })
	case *image.NRGBA:
		return noAlpha(source.Pix, 4)
	case *image.NRGBA64:
		return noAlpha(source.Pix, 8)
	}
	return false
}

// noAlpha says whether the first byte of each pixel's alpha is 0; alpha comes last.
func noAlpha(pix []uint8, size int) bool {
	for i := 3 * size / 4; i < len(pix); i += size {
		if pix[i] > 0 {
			return false
		}
	}
	return len(pix) > 0
}

// toRGB brings any color model to RGB on a canvas of the header's size.
func toRGB(decoded image.Image, header Header) RGB {
	width, height := header.Width, header.Height
	out := RGB{Width: width, Height: height, Pix: make([]uint8, 3*width*height)}
	bounds := decoded.Bounds()
	if _, isFrame := decoded.(framed); isFrame || bounds.Dx() != width || bounds.Dy() != height || bounds.Min != (image.Point{}) {
		for i := range out.Pix {
			out.Pix[i] = Background
		}
	}
	switch source := decoded.(type) {
	case framed:
		source.paint(out, header)
		return out
	case *image.YCbCr:
		if header.Format == "webp" {
			planesToRGB(source, out, webpRow)
		} else {
			planesToRGB(source, out, jpegRow)
		}
		return out
	case *image.NYCbCrA: // WebP with alpha
		planesToRGB(&source.YCbCr, out, webpRow)
		for y := range height {
			row := out.Pix[3*width*y:][:3*width]
			for x := range width {
				a := source.A[source.AOffset(bounds.Min.X+x, bounds.Min.Y+y)]
				for c := range 3 {
					row[3*x+c] = over(row[3*x+c], a)
				}
			}
		}
		return out
	}
	convert := rowConverter(decoded)
	frame := bounds.Intersect(image.Rect(0, 0, width, height))
	for y := frame.Min.Y; y < frame.Max.Y; y++ {
		convert(out.Pix[3*(width*y+frame.Min.X):][:3*frame.Dx()], frame.Min.X, y)
	}
	return out
}

// paint converts a frame, and copies as much as lies on the canvas.
func (f framed) paint(out RGB, header Header) {
	size := f.Bounds().Size()
	header.Width, header.Height = size.X, size.Y
	frame := toRGB(f.Image, header)
	place := image.Rectangle{f.at, f.at.Add(size)}.Intersect(image.Rect(0, 0, out.Width, out.Height))
	for y := place.Min.Y; y < place.Max.Y; y++ {
		copy(out.Pix[3*(out.Width*y+place.Min.X):][:3*place.Dx()], frame.Pix[3*frame.Width*(y-f.at.Y):])
	}
}

// over lays a value with straight alpha over the background, rounded.
func over(value, alpha uint8) uint8 {
	return uint8((uint32(value)*uint32(alpha) + Background*(255-uint32(alpha)) + 127) / 255)
}

// rowConverter returns a function that fills dst (three bytes a pixel) from the pixels that begin at x, y. Samples of 16 bits
// give their high byte, as in Pillow.
func rowConverter(decoded image.Image) func(dst []uint8, x, y int) {
	switch source := decoded.(type) {
	case *image.Gray:
		return func(dst []uint8, x, y int) {
			for i, v := range source.Pix[source.PixOffset(x, y):][:len(dst)/3] {
				dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
			}
		}
	case *image.Gray16:
		return func(dst []uint8, x, y int) {
			row := source.Pix[source.PixOffset(x, y):][:len(dst)/3*2]
			for i := range len(dst) / 3 {
				v := row[2*i]
				dst[3*i], dst[3*i+1], dst[3*i+2] = v, v, v
			}
		}
	case *image.RGBA: // the decoders use it where every pixel is opaque
		return func(dst []uint8, x, y int) {
			row := source.Pix[source.PixOffset(x, y):][:len(dst)/3*4]
			for i := range len(dst) / 3 {
				a := row[4*i+3] // premultiplied
				dst[3*i] = row[4*i] + (Background - a)
				dst[3*i+1] = row[4*i+1] + (Background - a)
				dst[3*i+2] = row[4*i+2] + (Background - a)
			}
		}
	case *image.NRGBA:
		return func(dst []uint8, x, y int) {
			row := source.Pix[source.PixOffset(x, y):][:len(dst)/3*4]
			for i := range len(dst) / 3 {
				a := row[4*i+3]
				dst[3*i], dst[3*i+1], dst[3*i+2] = over(row[4*i], a), over(row[4*i+1], a), over(row[4*i+2], a)
			}
		}
	case *image.CMYK:
		return func(dst []uint8, x, y int) {
			row := source.Pix[source.PixOffset(x, y):][:len(dst)/3*4]
			for i := range len(dst) / 3 {
				light := 255 - row[4*i+3]
				for c := range 3 {
					dst[3*i+c] = printedColor(row[4*i+c], light)
				}
			}
		}
	case *image.Paletted:
		palette := rgbPalette(source.Palette)
		return func(dst []uint8, x, y int) {
			for i, v := range source.Pix[source.PixOffset(x, y):][:len(dst)/3] {
				copy(dst[3*i:3*i+3], palette[v][:])
			}
		}
	}
	return func(dst []uint8, x, y int) {
		for i := range len(dst) / 3 {
			rgb := overBackground(decoded.At(x+i, y))
			copy(dst[3*i:3*i+3], rgb[:])
		}
	}
}

// printedColor is what an ink leaves of the light that black leaves.
func printedColor(ink, light uint8) uint8 {
	return light - uint8(divide255(uint32(ink)*uint32(light)))
}

// divide255 is x/255 rounded, exact for products of two bytes; Pillow's MULDIV255.
func divide255(x uint32) uint32 {
	x += 128
	return (x>>8 + x) >> 8
}

// rgbPalette lays a palette over the background; indices that a broken file takes from beyond its end show as black.
func rgbPalette(colors color.Palette) (palette [256][3]uint8) {
	for i, c := range colors[:min(len(colors), 256)] {
		palette[i] = overBackground(c)
	}
	return palette
}

func overBackground(c color.Color) [3]uint8 {
	var n color.NRGBA
	switch c := c.(type) {
	case color.NRGBA64:
		n = color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), uint8(c.A >> 8)}
	case color.RGBA64:
		n = color.NRGBA{uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8), 255}
		if c.A != 0xffff {
			n = color.NRGBAModel.Convert(c).(color.NRGBA)
		}
	default:
		n = color.NRGBAModel.Convert(c).(color.NRGBA)
	}
	return [3]uint8{over(n.R, n.A), over(n.G, n.A), over(n.B, n.A)}
}
