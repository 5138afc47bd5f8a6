package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"

	"github.com/headstart-nb/headstart/models/imageio/exif"
)

// A codec reads one format, by the standard library or golang.org/x/image where these know the kind of file.
type codec struct {
	name   string
	title  string // as a person writes it
	magic  []string
	config func(data []byte) (image.Config, error)
	decode func(data []byte) (image.Image, error)
}

// sniff finds the codec of a file by its first bytes, whatever the file is called. A question mark stands for any byte.
func sniff(data []byte) (codec, bool) {
	for _, c := range [...]codec{
		{"jpeg", "JPEG", []string{"\xff\xd8\xff"}, configJPEG, decodeJPEG},
		{"png", "PNG", []string{"\x89PNG\r\n\x1a\n"}, reading(png.DecodeConfig), reading(png.Decode)},
		{"gif", "GIF", []string{"GIF87a", "GIF89a"}, reading(gif.DecodeConfig), reading(gif.Decode)},
		{"bmp", "BMP", []string{"BM????\x00\x00\x00\x00"}, configBMP, decodeBMP},
		{"tiff", "TIFF", []string{"II*\x00", "MM\x00*"}, configTIFF, decodeTIFF},
		{"webp", "WebP", []string{"RIFF????WEBPVP8"}, reading(webp.DecodeConfig), decodeWebP},
	} {
		for _, magic := range c.magic {
			if matches(magic, data) {
				return c, true
			}
		}
	}
	return codec{}, false
}

// reading makes a function on bytes out of one on a reader.
func reading[T any](f func(io.Reader) (T, error)) func(data []byte) (T, error) {
	return func(data []byte) (T, error) { return f(bytes.NewReader(data)) }
}

func matches(magic string, data []byte) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != data[i] {
			return false
		}
	}
	return true
}

// maxSide bounds the width and the height, which PNG, BMP, TIFF and WebP store in more than 16 bits. What is taken for each pixel of a row is many
// times a pixel's own bytes; an image of one row of millions of pixels is no photograph.
const maxSide = 1<<16 - 1

// ReadHeader reads what a file says about its image, and refuses what Decode would refuse for its size.
func ReadHeader(data []byte, limits Limits) (Header, error) {
	header, _, _, err := readHeader(data, limits)
	return header, err
}

func readHeader(data []byte, limits Limits) (header Header, c codec, model color.Model, err error) {
	defer recoverTo(&err)
	if len(data) == 0 {
		return Header{}, codec{}, nil, errors.New("the file is empty")
	}
	c, ok := sniff(data)
	if !ok {
		return Header{}, codec{}, nil, notImage(data)
	}
	config, err := c.config(data)
	if err != nil {
		return Header{}, c, nil, damaged(c, data, err)
	}
	header = Header{Format: c.name, Width: config.Width, Height: config.Height, Orientation: exif.Orientation(c.name, data)}
	if header.Width < 1 || header.Height < 1 {
		return Header{}, c, nil, fmt.Errorf("damaged %s: its header says %d x %d pixels", c.title, header.Width, header.Height)
	}
	if max(header.Width, header.Height) > maxSide {
		return Header{}, c, nil, fmt.Errorf("too large: %d x %d pixels, and the limit of a side is %d pixels, as of a JPEG: crop the image",
			header.Width, header.Height, maxSide)
	}
	if int64(header.Width) > limits.maxPixels()/int64(header.Height) {
		return Header{}, c, nil, &PixelsError{Width: header.Width, Height: header.Height, Limit: limits.maxPixels()}
	}
	return header, c, config.ColorModel, nil
}

// A PixelsError is an image with more pixels than Limits allow.
type PixelsError struct {
	Width, Height int
	Limit         int64
}

func (e *PixelsError) Error() string {
	return fmt.Sprintf("too large: %d x %d pixels, and the limit is %s pixels (it can be raised)", e.Width, e.Height, millions(e.Limit))
}

// millions is a number for people.
func millions(n int64) string {
	if n%1_000_000 == 0 {
		return fmt.Sprintf("%d million", n/1_000_000)
	}
	return fmt.Sprint(n)
}

// notImage names what a file is instead, where its first bytes tell.
func notImage(data []byte) error {
	const readable = "JPEG, PNG, GIF, BMP, TIFF and WebP can be read"
	for _, known := range [...]struct{ magic, name string }{
		{"????ftyphe", "a HEIC photo: export it as JPEG"}, // heic, heix, heim, heis, hevc: ISO/IEC 23008-12, annex B
		{"????ftypmif1", "a HEIF photo: export it as JPEG"},
		{"????ftypmsf1", "a HEIF photo: export it as JPEG"},
		{"????ftypavi", "an AVIF image: export it as JPEG or PNG"}, // avif and, where it moves, avis
		{"II+\x00", "a BigTIFF: export it as TIFF or PNG"},
		{"MM\x00+", "a BigTIFF: export it as TIFF or PNG"},
		{"8BPS", "a Photoshop document: export it as PNG"},
		{"\x00\x00\x01\x00", "an icon: export it as PNG"},
		{"icns", "an icon: export it as PNG"},
		{"qoif", "a QOI image: export it as PNG"},
		{"DDS ", "a DDS texture: export it as PNG"},
		{"P5\n", "a PGM image: export it as PNG"},
		{"P6\n", "a PPM image: export it as PNG"},
		{"\x00\x00\x00\x0cJXL ", "a JPEG XL image: export it as JPEG or PNG"},
		{"\xff\x0a", "a JPEG XL image: export it as JPEG or PNG"},
		{"\x00\x00\x00\x0cjP  ", "a JPEG 2000 image: export it as JPEG or PNG"},
		{"%PDF", "a PDF document"},
		{"PK\x03\x04", "a zip archive"},
		{"<svg", "an SVG drawing: export it as PNG"},
		{"<?xml", "an XML or SVG text"},
		{"<!DOCTYPE", "a web page: the download probably failed"},
		{"<html", "a web page: the download probably failed"},
		{"version https://git-lfs", "a Git LFS pointer: fetch the image with git lfs pull"},
	} {
		if matches(known.magic, data) {
			return fmt.Errorf("not an image that can be read, but %s", known.name)
		}
	}
	return errors.New("not an image: " + readable)
}

// damaged puts a decoder's error into a person's words, with the decoder's own behind them.
func damaged(c codec, data []byte, err error) error {
	if kind, ok := asUnsupported(c, data, err); ok {
		return kind
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("damaged %s: the file ends in the middle of the image", c.title)
	}
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		return fmt.Errorf("a kind of JPEG that cannot be read, or a damaged one: %w", err)
	}
	return fmt.Errorf("damaged %s: %w", c.title, err)
}

// recoverTo keeps a decoder's panic on a hostile file from reaching the caller.
func recoverTo(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged: the decoder failed on this file (%v)", p)
	}
}

// maxScans bounds the passes of a progressive JPEG. Encoders write about ten; each pass may cost the time of a whole
// image and a handful of bytes, so that a small file could keep a decoder busy for hours.
const maxScans = 100

// checkScans refuses a progressive JPEG that has more passes than an image needs.
func checkScans(data []byte) error {
	if scans := countScans(data); scans > maxScans {
		return fmt.Errorf("damaged JPEG: it has %d passes, and an image needs about ten", scans)
	}
	return nil
}

// countScans counts the passes up to the end of the image. It finds segments where image/jpeg does, in damaged files as well: a thumbnail
// within a segment has passes of its own, and a motion photo has a video behind its end.
func countScans(data []byte) (scans int) {
	for at := 2; at < len(data); {
		skipped := bytes.IndexByte(data[at:], 0xff) // entropy-coded, or padding
		if skipped < 0 {
			break
		}
		at += skipped + 1
		if at+3 > len(data) {
			break
		}
		switch marker := data[at]; {
		case marker == 0xff: // a fill byte
			continue
		case marker == 0 || marker >= 0xd0 && marker <= 0xd7: // a stuffed byte, or a restart
			at++
			continue
		case marker == 0xd9: // end of image
			return scans
		case marker == 0xda:
			scans++
		}
		at += 1 + max(2, int(binary.BigEndian.Uint16(data[at+1:])))
	}
	return scans
}
