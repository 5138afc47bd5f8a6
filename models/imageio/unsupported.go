package imageio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// An UnsupportedError is an image of a kind that this package does not decode. The file is not damaged.
type UnsupportedError struct {
	Format string // as a person writes it: "TIFF"
	Kind   string // what is special: "with floating-point samples"
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("not supported: a %s %s; convert it to PNG, for example with Pillow or ImageMagick", e.Format, e.Kind)
}

// unsupported is an UnsupportedError whose format the caller fills in.
func unsupported(kind string) error { return &UnsupportedError{Kind: kind} }

// asUnsupported turns what a decoder says about a kind that it does not know into an UnsupportedError.
func asUnsupported(c codec, data []byte, err error) (*UnsupportedError, bool) {
	if found, ok := errors.AsType[*UnsupportedError](err); ok {
		found.Format = c.title
		return found, true
	}
	if unknown, ok := errors.AsType[tiff.UnsupportedError](err); ok {
		return &UnsupportedError{c.title, fmt.Sprintf("of a special kind (%s)", string(unknown))}, true
	}
	if errors.Is(err, bmp.ErrUnsupported) {
		return &UnsupportedError{c.title, "of a special kind"}, true
	}
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		if kind := jpegKind(data); kind != "" {
			return &UnsupportedError{c.title, kind}, true
		}
	}
	return nil, false
}

// jpegKind names what is special about a JPEG; ITU-T T.81, table B.1. It is empty where nothing is.
func jpegKind(data []byte) string {
	for at := 2; at+10 <= len(data) && data[at] == 0xff; {
		marker := data[at+1]
		switch {
		case marker == 0xff:
			at++
			continue
		case marker == 0xda:
			return ""
		case marker == 0xc3:
			return "with lossless coding"
		case marker >= 0xc5 && marker <= 0xc7 || marker >= 0xcd && marker <= 0xcf:
			return "with hierarchical coding"
		case marker == 0xc9 || marker == 0xca || marker == 0xcb:
			return "with arithmetic coding"
		case marker == 0xc0 || marker == 0xc1 || marker == 0xc2:
			switch {
			case data[at+4] != 8:
				return fmt.Sprintf("with %d bits for each sample", data[at+4])
			case data[at+9] != 1 && data[at+9] != 3 && data[at+9] != 4:
				return fmt.Sprintf("with %d components", data[at+9])
			}
			return "with an unusual sampling of its colors"
		}
		at += 2 + int(binary.BigEndian.Uint16(data[at+2:]))
	}
	return ""
}
