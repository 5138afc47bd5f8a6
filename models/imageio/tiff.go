package imageio

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/tiff"
	"golang.org/x/image/tiff/lzw"
)

// The tags and values of TIFF 6.0 that are used here.
const (
	tagWidth, tagLength               = 256, 257
	tagBits                           = 258
	tagCompression                    = 259
	tagPhotometric                    = 262
	tagFillOrder                      = 266
	tagStripOffsets, tagStripCounts   = 273, 279
	tagSamples                        = 277
	tagRowsPerStrip                   = 278
	tagPlanar                         = 284
	tagT4Options                      = 292
	tagPredictor                      = 317
	tagTileWidth, tagTileLength       = 322, 323
	tagTileOffsets, tagTileByteCounts = 324, 325
	tagExtraSamples                   = 338
	tagSampleFormat                   = 339
	tagJPEGTables                     = 347

	photoWhiteIsZero = 0
	photoBlackIsZero = 1
	photoRGB         = 2
	photoCMYK        = 5
	photoYCbCr       = 6

	premultipliedAlpha, straightAlpha = 1, 2 // of tagExtraSamples

	tiffNone, tiffCCITT, tiffG3, tiffG4, tiffLZW, tiffOldJPEG, tiffJPEG, tiffDeflate, tiffPackBits, tiffOldDeflate = 1, 2, 3, 4, 5, 6, 7, 8,
		32773, 32946
)

// A tiffFile is the first directory of a TIFF, for what x/image/tiff does not read: JPEG inside, CMYK, and planes apart.
type tiffFile struct {
	data          []byte
	order         binary.ByteOrder
	entries       map[int][]uint32
	tables        []byte // of the JPEGs inside
	width, height int
}

var errTIFF = errors.New("its directory cannot be")

func configTIFF(data []byte) (image.Config, error) {
	t, err := parseTIFF(data)
	if err == nil && t.ours() {
		return image.Config{Width: t.width, Height: t.height, ColorModel: color.RGBAModel}, t.check()
	}
	return tiff.DecodeConfig(bytes.NewReader(data))
}

func decodeTIFF(data []byte) (image.Image, error) {
	t, err := parseTIFF(data)
	if err == nil {
		if err := t.bounded(); err != nil {
			return nil, err
		}
	}
	if err == nil && t.ours() {
		return t.decode()
	}
	decoded, decodeErr := tiff.Decode(bytes.NewReader(data))
	if gray, ok := decoded.(*image.Gray); ok && decodeErr == nil && err == nil && t.invertedFax() {
		invert(gray.Pix)
	}
	return decoded, decodeErr
}

func invert(samples []uint8) {
	for i, v := range samples {
		samples[i] = ^v
	}
}

func (t *tiffFile) first(tag int, missing uint32) uint32 {
	if list := t.entries[tag]; len(list) > 0 {
		return list[0]
	}
	return missing
}

func (t *tiffFile) samples() int {
	return int(t.first(tagSamples, uint32(max(1, len(t.entries[tagBits])))))
}

func parseTIFF(data []byte) (*tiffFile, error) {
	if len(data) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	t := &tiffFile{data: data, order: binary.LittleEndian, entries: map[int][]uint32{}}
	if data[0] == 'M' {
		t.order = binary.BigEndian
	}
	at := int64(t.order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return nil, io.ErrUnexpectedEOF
	}
	n := int64(t.order.Uint16(data[at:]))
	if at+2+12*n > int64(len(data)) {
		return nil, io.ErrUnexpectedEOF
	}
	for i := range n {
		t.entry(data[at+2+12*i:][:12])
	}
	width, height := t.first(tagWidth, 0), t.first(tagLength, 0)
	if width < 1 || height < 1 || width > 1<<24 || height > 1<<24 {
		return nil, errTIFF
	}
	t.width, t.height = int(width), int(height)
	return t, nil
}

// entry keeps the numbers of one entry. An entry that points out of the file is left out.
func (t *tiffFile) entry(e []byte) {
	tag, kind, count := int(t.order.Uint16(e)), t.order.Uint16(e[2:]), int64(t.order.Uint32(e[4:]))
	size := map[uint16]int64{1: 1, 3: 2, 4: 4, 7: 1}[kind] // bytes, shorts, longs and undefined
	if size == 0 || count*size > int64(len(t.data)) {
		return
	}
	values := e[8:12]
	if count*size > 4 {
		at := int64(t.order.Uint32(values))
		if at+count*size > int64(len(t.data)) {
			return
		}
		values = t.data[at : at+count*size]
	}
	if tag == tagJPEGTables {
		t.tables = values[:count*size]
		return
	}
	list := make([]uint32, count)
	for i := range list {
		switch size {
		case 1:
			list[i] = uint32(values[i])
		case 2:
			list[i] = uint32(t.order.Uint16(values[2*i:]))
		case 4:
			list[i] = t.order.Uint32(values[4*i:])
		}
	}
	t.entries[tag] = list
}

// A tiffGrid is how an image is cut into strips or tiles.
type tiffGrid struct {
	width, height   int // of a block
	across, down    int // blocks
	offsets, counts []uint32
}

func (t *tiffFile) grid() (tiffGrid, error) {
	g := tiffGrid{width: t.width, height: int(min(t.first(tagRowsPerStrip, uint32(t.height)), uint32(t.height))), offsets: t.entries[tagStripOffsets],
		counts: t.entries[tagStripCounts]}
	if t.first(tagTileWidth, 0) > 0 {
		const usual, padding = 1024, 16 // a tile that is larger than both the image and the usual size is an attack
		g = tiffGrid{width: int(t.first(tagTileWidth, 0)), height: int(t.first(tagTileLength, 0)), offsets: t.entries[tagTileOffsets],
			counts: t.entries[tagTileByteCounts]}
		if g.width > max(usual, t.width+padding) || g.height > max(usual, t.height+padding) {
			return g, errTIFF
		}
	}
	if g.height < 1 {
		return g, errTIFF
	}
	g.across, g.down = (t.width+g.width-1)/g.width, (t.height+g.height-1)/g.height
	return g, nil
}

func (t *tiffFile) decode() (image.Image, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	g, err := t.grid()
	if err != nil {
		return nil, err
	}
	planes := 1
	if t.first(tagPlanar, 1) == 2 {
		planes = t.samples()
	}
	if n := g.across * g.down * planes; len(g.offsets) < n || len(g.counts) < n {
		return nil, io.ErrUnexpectedEOF
	}
	out := newTIFFCanvas(t)
	for plane := range planes {
		for i := range g.across * g.down {
			from, n := int64(g.offsets[plane*g.across*g.down+i]), int64(g.counts[plane*g.across*g.down+i])
			if from+n > int64(len(t.data)) {
				return nil, io.ErrUnexpectedEOF
			}
			at := image.Pt(i%g.across*g.width, i/g.across*g.height)
			size := image.Pt(g.width, g.height)
			if t.first(tagTileWidth, 0) == 0 {
				size.Y = min(g.height, t.height-at.Y)
			}
			if t.first(tagCompression, tiffNone) == tiffJPEG {
				err = t.jpegBlock(out, t.data[from:from+n], at, size)
			} else {
				err = t.plainBlock(out, t.data[from:from+n], at, size, plane, planes)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return out.image(), nil
}

// A tiffCanvas collects samples: one, three or four bytes a pixel; four are CMYK or RGB with alpha.
type tiffCanvas struct {
	t       *tiffFile
	samples int
	pix     []uint8
}

func newTIFFCanvas(t *tiffFile) *tiffCanvas {
	c := &tiffCanvas{t: t, samples: 3}
	switch t.first(tagPhotometric, 0) {
	case photoWhiteIsZero, photoBlackIsZero:
		c.samples = 1
	case photoRGB:
		if t.samples() > 3 && t.alpha() != 0 {
			c.samples = 4
		}
	case photoCMYK:
		c.samples = 4
	}
	if t.first(tagCompression, tiffNone) == tiffJPEG {
		c.samples = 3
	}
	c.pix = make([]uint8, c.samples*t.width*t.height)
	return c
}

func (c *tiffCanvas) image() image.Image {
	bounds := image.Rect(0, 0, c.t.width, c.t.height)
	if c.t.first(tagPhotometric, 0) == photoWhiteIsZero {
		invert(c.pix)
	}
	switch c.samples {
	case 1:
		return &image.Gray{Pix: c.pix, Stride: c.t.width, Rect: bounds}
	case 4:
		if c.t.first(tagPhotometric, 0) == photoRGB {
			if c.t.alpha() == straightAlpha {
				return &image.NRGBA{Pix: c.pix, Stride: 4 * c.t.width, Rect: bounds}
			}
			return &image.RGBA{Pix: c.pix, Stride: 4 * c.t.width, Rect: bounds}
		}
		return &image.CMYK{Pix: c.pix, Stride: 4 * c.t.width, Rect: bounds}
	}
	out := image.NewNRGBA(bounds)
	for i := range c.t.width * c.t.height {
		copy(out.Pix[4*i:4*i+3], c.pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// plainBlock copies one strip or tile that is not a JPEG. Samples beyond those of the color and its alpha are left out.
func (t *tiffFile) plainBlock(out *tiffCanvas, data []byte, at, size image.Point, plane, planes int) error {
	samples := t.samples()
	if planes > 1 {
		samples = 1
	}
	row := samples * size.X
	pixels, err := t.unpack(data, row*size.Y)
	if err != nil {
		return err
	}
	if len(pixels) < row*min(size.Y, t.height-at.Y) {
		return io.ErrUnexpectedEOF
	}
	for y := range min(size.Y, t.height-at.Y) {
		line := pixels[y*row:][:row]
		if t.first(tagPredictor, 1) == 2 {
			for i := samples; i < row; i++ {
				line[i] += line[i-samples]
			}
		}
		to := out.pix[out.samples*((at.Y+y)*t.width+at.X):]
		for x := range min(size.X, t.width-at.X) {
			if planes > 1 {
				if plane < out.samples {
					to[out.samples*x+plane] = line[x]
				}
				continue
			}
			copy(to[out.samples*x:out.samples*x+out.samples], line[samples*x:samples*x+samples])
		}
	}
	return nil
}

// unpack undoes the compression of a block of at most limit bytes.
func (t *tiffFile) unpack(data []byte, limit int) ([]byte, error) {
	var r io.Reader = bytes.NewReader(data)
	switch t.first(tagCompression, tiffNone) {
	case tiffNone:
		return bytes.Clone(data[:min(len(data), limit)]), nil // the predictor changes it
	case tiffLZW:
		r = lzw.NewReader(r, lzw.MSB, 8)
	case tiffDeflate, tiffOldDeflate:
		inflated, err := zlib.NewReader(r)
		if err != nil {
			return nil, err
		}
		r = inflated
	case tiffPackBits:
		return unpackBits(data, limit)
	}
	return io.ReadAll(io.LimitReader(r, int64(limit)))
}

// unpackBits undoes PackBits; TIFF 6.0, section 9.
func unpackBits(data []byte, limit int) ([]byte, error) {
	var out []byte
	for len(data) > 0 && len(out) < limit {
		n := int(int8(data[0]))
		data = data[1:]
		switch {
		case n == -128:
		case n >= 0 && n+1 <= len(data):
			out, data = append(out, data[:n+1]...), data[n+1:]
		case n < 0 && len(data) > 0:
			out, data = append(out, bytes.Repeat(data[:1], 1-n)...), data[1:]
		default:
			return nil, io.ErrUnexpectedEOF
		}
	}
	return out[:min(len(out), limit)], nil
}

// jpegBlock decodes one strip or tile that is a JPEG, whose tables may be in the directory; TIFF Technical Note 2.
func (t *tiffFile) jpegBlock(out *tiffCanvas, data []byte, at, size image.Point) error {
	if len(data) < 4 {
		return io.ErrUnexpectedEOF
	}
	file := []byte{0xff, 0xd8}
	if p := t.first(tagPhotometric, 0); p == photoRGB || p == photoCMYK {
		// Adobe's marker says that the planes are not YCbCr.
		file = append(file, adobe...)
	}
	if len(t.tables) >= 4 {
		file = append(file, t.tables[2:len(t.tables)-2]...)
	}
	file = append(file, data[2:]...)
	config, err := configJPEG(file)
	if err != nil {
		return err
	}
	if config.Width > size.X || config.Height > size.Y+16 { // the decoder must not make more of it than the header said
		return errTIFF
	}
	if err := checkScans(file); err != nil {
		return err
	}
	decoded, err := decodeJPEG(file)
	if err != nil {
		return err
	}
	if cmyk, ok := decoded.(*image.CMYK); ok {
		invert(cmyk.Pix) // Adobe's inks are the wrong way round, TIFF's are not
	}
	header := Header{Format: "jpeg", Width: config.Width, Height: config.Height}
	pixels := toRGB(decoded, header)
	for y := range min(pixels.Height, t.height-at.Y) {
		n := min(pixels.Width, t.width-at.X)
		copy(out.pix[3*((at.Y+y)*t.width+at.X):][:3*n], pixels.Pix[3*pixels.Width*y:])
	}
	return nil
}
