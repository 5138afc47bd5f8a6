package features

import (
	"slices"
	"testing"
)

func TestMirror(t *testing.T) {
	// two images of 2 x 2 pixels; a pixel's three numbers stay in their order
	pixels := []uint8{
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	}
	want := []uint8{
		4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9,
		16, 17, 18, 13, 14, 15, 22, 23, 24, 19, 20, 21,
	}
	got := Mirror(pixels, 2)
	if !slices.Equal(got, want) {
		t.Errorf("mirrored: %v, want %v", got, want)
	}
	if !slices.Equal(Mirror(got, 2), pixels) {
		t.Error("mirrored twice it is another image")
	}
	image := NewImage(pixels[:12])
	if other := image.Mirrored(2); other.Key == image.Key || !slices.Equal(other.Pixels, want[:12]) {
		t.Errorf("the mirrored image has the key of its image, or other pixels: %v", other.Pixels)
	}
}
