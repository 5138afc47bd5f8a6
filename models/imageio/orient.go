package imageio

// squarePixels is the side of the squares that are copied one after another. Where columns become rows, each pixel of a row comes
// from another row of the source: those of a square stay in the first cache, with 12 KB.
const squarePixels = 64

// upright applies an EXIF orientation. The values are those of the EXIF standard: 2 to 4 mirror and turn by 180 degrees, 5
// to 8 exchange width and height.
func upright(p RGB, orientation int) RGB {
	if orientation <= 1 {
		return p
	}
	out := RGB{Width: p.Width, Height: p.Height, Pix: make([]uint8, len(p.Pix))}
	if orientation >= 5 {
		out.Width, out.Height = p.Height, p.Width
	}
	// The source of out's pixel (0, 0), and the steps in the source for one pixel to the right and one down.
	right, down := 3, 3*p.Width
	lastX, lastY := 3*(p.Width-1), 3*p.Width*(p.Height-1)
	start := 0
	switch orientation {
	case 2:
		start, right = lastX, -right
	case 3:
		start, right, down = lastX+lastY, -right, -down
	case 4:
		start, down = lastY, -down
	case 5:
		right, down = down, right
	case 6:
		start, right, down = lastY, -down, right
	case 7:
		start, right, down = lastX+lastY, -down, -right
	case 8:
		start, right, down = lastX, down, -right
	}
	for top := 0; top < out.Height; top += squarePixels {
		for left := 0; left < out.Width; left += squarePixels {
			end := min(out.Width, left+squarePixels)
			for y := top; y < min(out.Height, top+squarePixels); y++ {
				from := start + y*down + left*right
				for to := out.Pix[3*(y*out.Width+left) : 3*(y*out.Width+end)]; len(to) >= 3; to = to[3:] {
					pixel := p.Pix[from : from+3]
					to[0], to[1], to[2] = pixel[0], pixel[1], pixel[2]
					from += right
				}
			}
		}
	}
	return out
}
