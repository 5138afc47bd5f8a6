// Package imageio turns an encoded image into RGB pixels, the way Pillow does.
//
// It reads JPEG, PNG, GIF and WebP (the first frame), BMP and TIFF, applies the EXIF orientation, and brings every color
// model (gray, palette, 16 bit, CMYK, alpha) to three bytes a pixel. It is written for untrusted files: the header is
// checked before anything is allocated, and no input makes it panic. A JPEG is resized while it is decoded. On amd64 with AVX2 the
// loops over samples take many at once; those of JPEGs that are decoded at a fraction of their size, or without being resized, do where it is
// built with GOEXPERIMENT=simd. The pixels are the same.
package imageio

import "fmt"

// DefaultMaxPixels is the cap on width x height where Limits gives none: 50 million, what the largest photo sensors in
// common use deliver. Decoding takes 2 to 12 bytes a pixel, depending on the format.
const DefaultMaxPixels = 50_000_000

// An RGB is a decoded image, upright: the EXIF orientation is already applied.
type RGB struct {
	Width, Height int
	Pix           []uint8 // [height, width, 3], red first, no padding
	// Transparent says that every pixel of the file is fully transparent: all of Pix is the background.
	Transparent bool
}

// A Header is what the first bytes of a file say about its image.
type Header struct {
	Format        string // "jpeg", "png", "gif", "bmp", "tiff", "webp"
	Width, Height int    // as stored, before the orientation is applied, in pixels
	Orientation   int    // the EXIF orientation, 1 to 8; 1 where there is none
}

// Upright returns the size after the orientation is applied.
func (h Header) Upright() (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}

// A Method is a way of bringing an image to a square.
type Method string

// The methods of the frameworks whose weights people use.
const (
	Bilinear Method = "bilinear" // the whole image, as Pillow's resize with BILINEAR: a triangle filter that averages when it shrinks
	Nearest  Method = "nearest"  // the whole image, as Keras's flow_from_directory: Pillow's resize with NEAREST
	Crop     Method = "crop"     // shorter side to 256/224 of the size by Bilinear, then the center, as torchvision's ImageNet transforms
)

// A Decoding is how exactly an image is decoded that is resized afterwards.
type Decoding string

// DefaultDecoding is what is done where nothing else is said.
const DefaultDecoding = Exact

// The decodings.
const (
	// Exact decodes every pixel.
	Exact Decoding = "exact"
	// Scaled decodes a JPEG of several times the size at a half, a quarter or an eighth of it, still at least twice what it becomes,
	// as Pillow's draft mode, and with its bits. At 224 x 224, 22 photos of 2 to 12 megapixels differ from Exact by 14 gray levels at
	// most, 0.5 on average at most, and the features of a ResNet50 have a cosine of 0.9996 and more with those of Exact, on five photos of 0.9999
	// and more. That is too little for a default. Nearest takes pixels as they are, and always from an image that is decoded exactly.
	Scaled Decoding = "scaled"
)

// A Geometry says which square an image becomes.
type Geometry struct {
	Size   int      // side in pixels
	Method Method   // empty means Bilinear
	Decode Decoding `json:",omitempty"` // empty means Exact, as before there was a choice
}

// Validate refuses a geometry that no image can be brought to.
func (g Geometry) Validate() error {
	if g.Size < 1 || g.Size > 4096 {
		return fmt.Errorf("an image size of %d pixels cannot be made: choose 1 to 4096", g.Size)
	}
	switch g.Method {
	case "", Bilinear, Nearest, Crop:
	default:
		return fmt.Errorf("unknown way of resizing %q: choose %s, %s or %s", g.Method, Bilinear, Nearest, Crop)
	}
	switch g.Decode {
	case "", Exact, Scaled:
		return nil
	}
	return fmt.Errorf("unknown way of decoding %q: choose %s or %s", g.Decode, Exact, Scaled)
}

// Bytes is the number of bytes of one image: size x size x 3.
func (g Geometry) Bytes() int { return g.Size * g.Size * 3 }

// Limits bounds what a file may make the decoder do. The zero value means the defaults.
type Limits struct {
	MaxPixels int64 // width x height; 0 means DefaultMaxPixels
	Room      Room  // who is asked for memory; nil: nobody
}

// A Room bounds the memory of all images that are decoded at the same time.
type Room interface {
	// Enter waits until so many bytes may be taken. The caller calls leave when it has given them back. An error, as of somebody who
	// waits no longer, ends the decoding.
	Enter(bytes int64) (leave func(), err error)
}

// enter asks for memory, if there is somebody to ask.
func (l Limits) enter(bytes int64) (leave func(), err error) {
	if l.Room == nil {
		return func() {}, nil
	}
	return l.Room.Enter(bytes)
}

func (l Limits) maxPixels() int64 {
	if l.MaxPixels <= 0 {
		return DefaultMaxPixels
	}
	return l.MaxPixels
}
