package imageio

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"

	"github.com/headstart-nb/headstart/models/imageio/baseline"
)

// configJPEG reads the header also of files whose sampling of colors image/jpeg does not know (golang.org/issue/54997).
func configJPEG(data []byte) (image.Config, error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if _, ok := errors.AsType[jpeg.UnsupportedError](err); ok {
		if width, height, sizeErr := baseline.Size(data); sizeErr == nil {
			return image.Config{ColorModel: color.YCbCrModel, Width: width, Height: height}, nil
		}
	}
	return config, err
}

// decodeJPEG decodes the most frequent kind by the faster decoder. A file that lacks its end marker only is whole.
func decodeJPEG(data []byte) (image.Image, error) {
	decoded, err := decodeWholeJPEG(data)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		ended := append(bytes.TrimSuffix(bytes.Clone(data), []byte{0xff}), 0xff, 0xd9)
		if decoded, err := decodeWholeJPEG(ended); err == nil {
			return decoded, nil
		}
	}
	return decoded, err
}

func decodeWholeJPEG(data []byte) (image.Image, error) {
	if decoded, err := baseline.Decode(data); err == nil {
		return decoded, nil
	}
	return jpeg.Decode(bytes.NewReader(data))
}
