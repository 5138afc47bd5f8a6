package imageio

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"slices"

	"github.com/headstart-nb/headstart/models/imageio/baseline"
)

// adobe is the marker that says that the planes are not YCbCr; with it, image/jpeg inverts the inks of CMYK.
const adobe = "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"

// configJPEG reads the header, of the most frequent kinds without the memory that image/jpeg takes for it, which is more than a small image
// does. They include files whose sampling of colors image/jpeg does not know (golang.org/issue/54997).
func configJPEG(data []byte) (image.Config, error) {
	if config, err := baseline.Config(data); err == nil {
		return config, nil
	}
	return jpeg.DecodeConfig(bytes.NewReader(data))
}

// decodeJPEG decodes the most frequent kinds by the faster decoder. A file that lacks its end marker only is whole.
func decodeJPEG(data []byte) (image.Image, error) {
	decoded, err := decodeWholeJPEG(data)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		if decoded, err := decodeWholeJPEG(ended(data)); err == nil {
			return decoded, nil
		}
	}
	return decoded, err
}

// ended is a JPEG with an end marker.
func ended(data []byte) []byte {
	return append(bytes.TrimSuffix(bytes.Clone(data), []byte{0xff}), 0xff, 0xd9)
}

// decodeReduced decodes the most frequent kinds at a fraction of its size; not ok means that it has to be decoded whole.
func decodeReduced(data []byte, header Header, reduction int) (d decoded, ok bool) {
	if reduction == 1 {
		return decoded{}, false
	}
	pixels, err := baseline.DecodeReduced(data, reduction)
	if err != nil {
		return decoded{}, false
	}
	across, down := reduced(header.Width, reduction), reduced(header.Height, reduction)
	header.Width, header.Height = across.Pixels, down.Pixels
	return decoded{pixels, header, across, down}, true
}

func decodeWholeJPEG(data []byte) (image.Image, error) {
	if decoded, err := baseline.Decode(data); err == nil {
		return decoded, nil
	}
	decoded, err := jpeg.Decode(bytes.NewReader(data))
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); !ok || len(data) < 2 {
		return decoded, err
	}
	// image/jpeg refuses CMYK without Adobe's marker. Pillow reads it as if it had one.
	marked, markedErr := jpeg.Decode(bytes.NewReader(slices.Concat(data[:2], []byte(adobe), data[2:])))
	if cmyk, ok := marked.(*image.CMYK); ok && markedErr == nil {
		return cmyk, nil
	}
	return decoded, err
}
