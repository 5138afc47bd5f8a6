package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"
	"math/bits"

	"golang.org/x/image/bmp"
)

// A bitmap is a BMP file of a kind that x/image/bmp does not read: with masks (565), run-length encoded, or with a header of
// another length. The layout is that of Microsoft's BITMAPINFOHEADER and its successors.
type bitmap struct {
	width, height int
	topDown       bool
	bpp           int
	compression   uint32
	masks         [4]uint32 // red, green, blue, alpha
	palette       color.Palette
	pixels        []byte
}

// The compressions of a bitmap.
const (
	bmpRGB       = 0
	bmpRLE8      = 1
	bmpRLE4      = 2
	bmpBitFields = 3
	bmpAlpha     = 6 // as bmpBitFields, with a mask for alpha
)

var errBitmap = errors.New("its header cannot be")

func configBMP(data []byte) (image.Config, error) {
	config, err := bmp.DecodeConfig(bytes.NewReader(data))
	if !errors.Is(err, bmp.ErrUnsupported) {
		return config, err
	}
	b, err := parseBitmap(data)
	return image.Config{Width: b.width, Height: b.height, ColorModel: color.NRGBAModel}, err
}

func decodeBMP(data []byte) (image.Image, error) {
	decoded, err := bmp.Decode(bytes.NewReader(data))
	if !errors.Is(err, bmp.ErrUnsupported) {
		return decoded, err
	}
	b, err := parseBitmap(data)
	if err != nil {
		return nil, err
	}
	return b.decode()
}

func parseBitmap(data []byte) (bitmap, error) {
	const fileHeader, info = 14, 40
	if len(data) < fileHeader+4 {
		return bitmap{}, io.ErrUnexpectedEOF
	}
	order := binary.LittleEndian
	offset, length := int64(order.Uint32(data[10:])), int64(order.Uint32(data[14:]))
	if length < info || length > 256 {
		return bitmap{}, unsupported("with the old header of OS/2")
	}
	if offset > int64(len(data)) || fileHeader+length > int64(len(data)) {
		return bitmap{}, io.ErrUnexpectedEOF
	}
	h := data[fileHeader:]
	b := bitmap{width: int(int32(order.Uint32(h[4:]))), height: int(int32(order.Uint32(h[8:]))), bpp: int(order.Uint16(h[14:])),
		compression: order.Uint32(h[16:]), pixels: data[offset:]}
	if b.height < 0 {
		b.height, b.topDown = -b.height, true
	}
	if b.width < 1 || b.height < 1 || b.width > 1<<24 || b.height > 1<<24 {
		return bitmap{}, errBitmap
	}
	if err := b.checkKind(); err != nil {
		return bitmap{}, err
	}
	tail := h[info:]
	switch {
	case b.compression == bmpBitFields || b.compression == bmpAlpha:
		if len(tail) < 16 {
			return bitmap{}, io.ErrUnexpectedEOF
		}
		for i := range b.masks {
			b.masks[i] = order.Uint32(tail[4*i:])
		}
		if b.compression == bmpBitFields && length < 56 {
			b.masks[3] = 0 // the alpha mask came with the header of 56 bytes
		}
	case b.bpp == 16:
		b.masks = [4]uint32{0x7c00, 0x3e0, 0x1f, 0}
	case b.bpp == 32:
		b.masks = [4]uint32{0xff0000, 0xff00, 0xff, 0}
	}
	if b.bpp <= 8 {
		return b, b.readPalette(h, length)
	}
	return b, nil
}

func (b *bitmap) checkKind() error {
	switch b.compression {
	case bmpRGB:
		if b.bpp == 1 || b.bpp == 2 || b.bpp == 4 || b.bpp == 8 || b.bpp == 16 || b.bpp == 24 || b.bpp == 32 {
			return nil
		}
	case bmpRLE8, bmpRLE4:
		if b.bpp == 8 && b.compression == bmpRLE8 || b.bpp == 4 && b.compression == bmpRLE4 {
			return nil
		}
	case bmpBitFields, bmpAlpha:
		if b.bpp == 16 || b.bpp == 32 {
			return nil
		}
	default:
		return unsupported("with an embedded JPEG or PNG")
	}
	return errBitmap
}

func (b *bitmap) readPalette(h []byte, length int64) error {
	n := int64(binary.LittleEndian.Uint32(h[32:]))
	if n == 0 {
		n = 1 << b.bpp
	}
	if n > 1<<b.bpp {
		return errBitmap
	}
	if length+4*n > int64(len(h)) {
		return io.ErrUnexpectedEOF
	}
	for i := range n {
		c := h[length+4*i:]
		b.palette = append(b.palette, color.NRGBA{c[2], c[1], c[0], 255})
	}
	return nil
}

func (b *bitmap) decode() (image.Image, error) {
	if b.compression == bmpRLE8 || b.compression == bmpRLE4 {
		return b.runLengths()
	}
	stride := (int64(b.width)*int64(b.bpp) + 31) / 32 * 4
	if stride*int64(b.height) > int64(len(b.pixels)) {
		return nil, io.ErrUnexpectedEOF
	}
	out := image.NewNRGBA(image.Rect(0, 0, b.width, b.height))
	for y := range b.height {
		row := b.pixels[int64(y)*stride:][:stride]
		to := out.Pix[b.line(y)*out.Stride:]
		for x := range b.width {
			c, err := b.pixel(row, x)
			if err != nil {
				return nil, err
			}
			to[4*x], to[4*x+1], to[4*x+2], to[4*x+3] = c.R, c.G, c.B, c.A
		}
	}
	return out, nil
}

// line is the place in the image of a line in the file, where the last one comes first.
func (b *bitmap) line(y int) int {
	if b.topDown {
		return y
	}
	return b.height - 1 - y
}

var errPalette = errors.New("its pixels have colors that are not in its palette")

func (b *bitmap) pixel(row []byte, x int) (color.NRGBA, error) {
	switch b.bpp {
	case 16:
		return b.masked(uint32(binary.LittleEndian.Uint16(row[2*x:]))), nil
	case 24:
		return color.NRGBA{row[3*x+2], row[3*x+1], row[3*x], 255}, nil
	case 32:
		return b.masked(binary.LittleEndian.Uint32(row[4*x:])), nil
	}
	at := x * b.bpp
	i := int(row[at/8]>>(8-b.bpp-at%8)) & (1<<b.bpp - 1)
	if i >= len(b.palette) {
		return color.NRGBA{}, errPalette
	}
	return b.palette[i].(color.NRGBA), nil
}

func (b *bitmap) masked(v uint32) color.NRGBA {
	c := color.NRGBA{sample(v, b.masks[0]), sample(v, b.masks[1]), sample(v, b.masks[2]), 255}
	if b.masks[3] != 0 {
		c.A = sample(v, b.masks[3])
	}
	return c
}

// sample scales the bits under a mask to 8. It rounds down, as Pillow does.
func sample(v, mask uint32) uint8 {
	if mask == 0 {
		return 0
	}
	shift := bits.TrailingZeros32(mask)
	top := uint64(mask >> shift)
	return uint8(uint64(v&mask>>shift) * 255 / top)
}

// runLengths decodes RLE8 and RLE4. Pixels that no run names have the first color, as in Pillow.
func (b *bitmap) runLengths() (image.Image, error) {
	out := image.NewPaletted(image.Rect(0, 0, b.width, b.height), b.palette)
	x, y, data := 0, 0, b.pixels
	put := func(index byte) error {
		if int(index) >= len(b.palette) {
			return errPalette
		}
		if x < b.width && y < b.height {
			out.Pix[b.line(y)*out.Stride+x] = index
		}
		x++
		return nil
	}
	for len(data) >= 2 && y < b.height {
		count, value := int(data[0]), data[1]
		data = data[2:]
		switch {
		case count > 0:
			for i := range count {
				if err := put(b.index([]byte{value}, i, true)); err != nil {
					return nil, err
				}
			}
		case value == 0: // end of line
			x, y = 0, y+1
		case value == 1: // end of image
			return out, nil
		case value == 2: // move
			if len(data) < 2 {
				return nil, io.ErrUnexpectedEOF
			}
			x, y, data = x+int(data[0]), y+int(data[1]), data[2:]
		default: // pixels as they are, padded to an even number of bytes
			n := (int(value)*b.bpp + 7) / 8
			if n+n%2 > len(data) {
				return nil, io.ErrUnexpectedEOF
			}
			for i := range int(value) {
				if err := put(b.index(data, i, false)); err != nil {
					return nil, err
				}
			}
			data = data[n+n%2:]
		}
	}
	if y < b.height-1 {
		return nil, io.ErrUnexpectedEOF
	}
	return out, nil
}

// index is the i-th index of a run; a run of RLE4 repeats two.
func (b *bitmap) index(data []byte, i int, repeat bool) byte {
	if b.bpp == 8 {
		if repeat {
			return data[0]
		}
		return data[i]
	}
	at := i / 2
	if repeat {
		at = 0
	}
	if i%2 == 0 {
		return data[at] >> 4
	}
	return data[at] & 15
}
