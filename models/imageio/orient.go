package imageio

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
	to := 0
	for y := range out.Height {
		from := start + y*down
		for range out.Width {
			copy(out.Pix[to:to+3], p.Pix[from:from+3])
			to += 3
			from += right
		}
	}
	return out
}
