package warm

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math"
)

// Image is a file, or pixels. Exactly one of File and RGB is set.
type Image struct {
	Name string `json:"name,omitempty"` // what to call it in a figure; "" means the file's name
	// File is an absolute path on the machine that both ends run on, or "@name" for images that put named.
	File string `json:"file,omitempty"`
	// RGB is [height, width, 3], 8 bits a channel.
	RGB    []byte `json:"rgb,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// maxSide is the longest side that an image may have in pixels, so that a product of two cannot overflow.
const maxSide = 1 << 16

// Check reports an image that is neither a file nor well-formed pixels.
func (p Image) Check() error {
	switch {
	case p.File != "" && p.RGB == nil:
		return nil
	case p.File != "":
		return fmt.Errorf("image %q: it has both a file and pixels; set one of them", p.File)
	case p.Width <= 0 || p.Height <= 0 || p.Width > maxSide || p.Height > maxSide:
		return fmt.Errorf("image %q: %d x %d pixels: each side must be between 1 and %d", p.Name, p.Width, p.Height, maxSide)
	case len(p.RGB) != 3*p.Width*p.Height:
		return fmt.Errorf("image %q: %d bytes for %d x %d pixels; want %d, 3 per pixel", p.Name, len(p.RGB), p.Width, p.Height, 3*p.Width*p.Height)
	}
	return nil
}

// FromImage copies an image's pixels. A transparent image is composited over white, as on a white page.
func FromImage(name string, img image.Image) (Image, error) {
	if img == nil {
		return Image{}, fmt.Errorf("image %q: the image is nil", name)
	}
	r := img.Bounds()
	p := Image{Name: name, Width: r.Dx(), Height: r.Dy()}
	if p.Width <= 0 || p.Height <= 0 || p.Width > maxSide || p.Height > maxSide {
		return Image{}, fmt.Errorf("image %q: %d x %d pixels: each side must be between 1 and %d", name, p.Width, p.Height, maxSide)
	}
	p.RGB = make([]byte, 0, 3*p.Width*p.Height)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			red, green, blue, alpha := img.At(x, y).RGBA() // 16 bits, premultiplied
			white := 0xffff - alpha
			p.RGB = append(p.RGB, byte((red+white)>>8), byte((green+white)>>8), byte((blue+white)>>8))
		}
	}
	return p, nil
}

// Image returns the pixels. It fails for a file, and where Check fails.
func (p Image) Image() (image.Image, error) {
	if p.File != "" {
		return nil, fmt.Errorf("image %q: it is a file, without pixels", p.File)
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	img := image.NewNRGBA(image.Rect(0, 0, p.Width, p.Height))
	for i := range p.Width * p.Height {
		img.SetNRGBA(i%p.Width, i/p.Width, color.NRGBA{R: p.RGB[3*i], G: p.RGB[3*i+1], B: p.RGB[3*i+2], A: 255})
	}
	return img, nil
}

// Tensor is float32 values in row-major order, as little-endian bytes (base64 in JSON, which is exact and a
// third as long as decimal digits).
type Tensor struct {
	Shape []int  `json:"shape"`
	Data  []byte `json:"data"`
}

// NewTensor packs values under a shape.
func NewTensor(values []float32, shape ...int) (Tensor, error) {
	t := Tensor{Shape: shape, Data: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t, t.check()
}

func (t Tensor) check() error {
	size := 1
	for _, n := range t.Shape {
		if n < 0 || (n > 0 && size > MaxLine/n) {
			return fmt.Errorf("tensor of shape %v: its size does not fit in a line", t.Shape)
		}
		size *= n
	}
	if len(t.Data) != 4*size {
		return fmt.Errorf("tensor of shape %v: %d bytes; want %d", t.Shape, len(t.Data), 4*size)
	}
	return nil
}

// Floats unpacks the values. It fails where the data does not have the size of the shape.
func (t Tensor) Floats() ([]float32, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values, nil
}

// Rows unpacks a tensor of at least one axis into one slice for each index of the first.
func (t Tensor) Rows() ([][]float32, error) {
	values, err := t.Floats()
	if err != nil {
		return nil, err
	}
	if len(t.Shape) == 0 {
		return nil, fmt.Errorf("tensor of shape %v: a scalar has no rows", t.Shape)
	}
	rows := make([][]float32, t.Shape[0])
	for i := range rows {
		n := len(values) / len(rows)
		rows[i] = values[i*n : (i+1)*n]
	}
	return rows, nil
}
