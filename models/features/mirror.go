package features

import (
	"crypto/sha256"

	"github.com/headstart-nb/headstart/models/features/cache"
)

// Mirror returns images [n, size, size, 3] mirrored left to right.
func Mirror(pixels []uint8, size int) []uint8 {
	mirrored := make([]uint8, len(pixels))
	width := 3 * size
	for row := 0; row+width <= len(pixels); row += width {
		from, to := pixels[row:row+width], mirrored[row:row+width]
		for x := 0; x < width; x += 3 {
			copy(to[x:x+3], from[width-3-x:width-x])
		}
	}
	return mirrored
}

// Mirrored is the image mirrored left to right, with a key of its own.
func (i *Image) Mirrored(size int) *Image {
	return &Image{Key: mirroredKey(i.Key), Pixels: Mirror(i.Pixels, size)}
}

// mirroredKey is what the features of a mirrored image are kept under.
func mirroredKey(key cache.Key) cache.Key {
	return sha256.Sum256(append([]byte("mirrored\x00"), key[:]...))
}
