package imageio

import "github.com/headstart-nb/headstart/models/imageio/resample"

// A view is an image at one geometry. It is turned last, when it is small.
type view struct {
	*resample.Target
	dst         []uint8
	size        int
	orientation int
}

// newView prepares for an image that is stored in an orientation; the spans are what is shown of its rows and columns.
func newView(dst []uint8, g Geometry, orientation int, across, down resample.Span) view {
	order := resample.Order{
		Turned: orientation >= 5, Width: across.Pixels, Height: down.Pixels,
		Across: orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7,
		Down:   orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8,
	}
	if order.Turned {
		across, down = down, across
	}
	if order.Across {
		across = across.Mirrored()
	}
	if order.Down {
		down = down.Mirrored()
	}
	x, y := g.axes(across, down)
	return view{resample.NewTarget(x, y, order), dst[:g.Bytes()], g.Size, orientation}
}

// views are those of one image.
type views []view

// feeder is what the image's rows are shown to.
func (v views) feeder(width, height int) *resample.Feeder {
	var targets []*resample.Target
	for i := range v {
		targets = append(targets, v[i].Target)
	}
	return resample.NewFeeder(width, height, targets)
}

// finish writes the results after the last row.
func (v views) finish() {
	for i := range v {
		small := RGB{Width: v[i].size, Height: v[i].size, Pix: v[i].Pixels()}
		copy(v[i].dst, upright(small, v[i].orientation).Pix)
	}
}
