package imageio

import (
	"bytes"
	"testing"
)

// An image of several squares, of which the last are cut: each pixel is where the EXIF standard says.
func TestUprightMovesEachPixel(t *testing.T) {
	p := RGB{Width: 2*squarePixels + 5, Height: squarePixels + 3}
	for i := range p.Width * p.Height {
		p.Pix = append(p.Pix, uint8(i), uint8(i>>8), uint8(i>>16))
	}
	w, h := p.Width, p.Height
	for orientation, source := range map[int]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	} {
		got := upright(p, orientation)
		if turned := orientation >= 5; turned != (got.Width == h) || turned != (got.Height == w) {
			t.Fatalf("orientation %d: %d x %d", orientation, got.Width, got.Height)
		}
		for y := range got.Height {
			for x := range got.Width {
				sx, sy := source(x, y)
				if !bytes.Equal(got.Pix[3*(y*got.Width+x):][:3], p.Pix[3*(sy*w+sx):][:3]) {
					t.Fatalf("orientation %d: the pixel (%d, %d) is not that of (%d, %d)", orientation, x, y, sx, sy)
				}
			}
		}
	}
}
