package imageio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/webp"
)

// A framed image is smaller than its canvas, at whose place it lies.
type framed struct {
	image.Image
	at image.Point
}

var (
	errNoFrame    = errors.New("an animation without a frame")
	errLargeFrame = errors.New("an animation with a frame that is larger than its canvas")
)

// decodeWebP decodes a file, or the first frame of an animation, which x/image/webp does not know.
func decodeWebP(data []byte) (image.Image, error) {
	const extended, flags, animation = 12, 20, 1 << 1
	if len(data) <= flags || string(data[extended:extended+4]) != "VP8X" || data[flags]&animation == 0 {
		return webp.Decode(bytes.NewReader(data))
	}
	frame, err := firstFrame(data)
	if err != nil {
		return nil, err
	}
	canvas, err := webp.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	file := frame.file()
	size, err := webp.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	if size.Width > canvas.Width || size.Height > canvas.Height { // only the canvas was held to the limits
		return nil, errLargeFrame
	}
	still, err := webp.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return framed{still, frame.at}, nil
}

// A webpFrame is one frame of an animation: WebP Container Specification, chunk ANMF.
type webpFrame struct {
	at     image.Point
	size   []byte // width - 1 and height - 1, 24 bits each
	chunks []byte
}

func firstFrame(data []byte) (webpFrame, error) {
	for at := 12; at+8 <= len(data); {
		length := int64(binary.LittleEndian.Uint32(data[at+4:]))
		if length > int64(len(data)-at-8) {
			return webpFrame{}, io.ErrUnexpectedEOF
		}
		const header = 16
		if body := data[at+8 : at+8+int(length)]; string(data[at:at+4]) == "ANMF" && len(body) > header {
			return webpFrame{image.Pt(2*uint24(body), 2*uint24(body[3:])), body[6:12], body[header:]}, nil
		}
		at += 8 + int(length+length&1)
	}
	return webpFrame{}, errNoFrame
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// file makes a still image out of a frame.
func (f webpFrame) file() []byte {
	chunks := f.chunks
	if bytes.HasPrefix(chunks, []byte("ALPH")) {
		const alpha = 1 << 4
		head := []byte{'V', 'P', '8', 'X', 10, 0, 0, 0, alpha, 0, 0, 0}
		chunks = append(append(head, f.size...), chunks...)
	}
	file := append([]byte("RIFF\x00\x00\x00\x00WEBP"), chunks...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	return file
}
