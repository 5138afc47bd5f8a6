package imageio

import (
	"image/color"
	"slices"

	"github.com/headstart-nb/headstart/models/imageio/baseline"
	"github.com/headstart-nb/headstart/models/imageio/resample"
)

// At decodes an image into dst, [size, size, 3], at a geometry.
func At(dst, data []byte, g Geometry, limits Limits) error {
	_, err := decodeFor(data, Plan{For: g}, limits, dst)
	return err
}

// A Plan says what an image is decoded for, once.
type Plan struct {
	For   Geometry   // what decides how exactly it is decoded
	Also  []Geometry // what it is brought to, where this decoding gives the pixels of At
	Sides []int      // what else it is brought to, as it is decoded: whole, by Bilinear, to squares of these sides
}

// A Decoded is an image that was decoded once, and brought to all sizes of a plan.
type Decoded struct {
	Header      Header
	Transparent bool        // every pixel of the file is
	model       color.Model // of the file
	asked, got  int         // reductions
	made        []made
}

// made is an image at a geometry, or by its side alone.
type made struct {
	g      Geometry
	alone  bool
	pixels []uint8
}

// At is the image at a geometry of the plan, [size, size, 3]; not ok where the plan has it not, or where At makes other pixels of it.
func (d *Decoded) At(g Geometry) (pixels []uint8, ok bool) { return d.find(made{g: g}) }

// Side is the image at a side of the plan, [side, side, 3], or nil.
func (d *Decoded) Side(side int) []uint8 {
	pixels, _ := d.find(made{g: Geometry{Size: side}, alone: true})
	return pixels
}

func (d *Decoded) find(one made) (pixels []uint8, ok bool) {
	i := slices.IndexFunc(d.made, func(m made) bool { return m.g == one.g && m.alone == one.alone })
	if i < 0 {
		return nil, false
	}
	return d.made[i].pixels, true
}

// DecodeFor decodes an image, and brings it to all sizes of a plan.
func DecodeFor(data []byte, plan Plan, limits Limits) (*Decoded, error) {
	return decodeFor(data, plan, limits, nil)
}

// decodeFor is DecodeFor; where there is a dst, it gets the image at the plan's first geometry.
func decodeFor(data []byte, plan Plan, limits Limits, dst []uint8) (d *Decoded, err error) {
	defer recoverTo(&err)
	if err := plan.validate(); err != nil {
		return nil, err
	}
	header, _, model, err := readHeader(data, limits)
	if err != nil {
		return nil, err
	}
	d = &Decoded{Header: header, model: model, asked: plan.For.reduction(header.Upright())}
	done, err := d.inRows(data, plan, limits, dst)
	if !done && err == nil {
		err = d.asAWhole(data, plan, limits, dst)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (p Plan) validate() error {
	for _, side := range p.Sides {
		if err := (Geometry{Size: side}).Validate(); err != nil {
			return err
		}
	}
	for _, g := range p.Also {
		if err := g.Validate(); err != nil {
			return err
		}
	}
	return p.For.Validate()
}

// inRows resizes a JPEG while it is decoded, so that the image is nowhere in memory as a whole. Not done means that it has to be.
func (d *Decoded) inRows(data []byte, plan Plan, limits Limits, dst []uint8) (done bool, err error) {
	if d.Header.Format != "jpeg" {
		return false, nil
	}
	held, err := baseline.Held(data, d.asked)
	if err != nil {
		return false, nil
	}
	if err := checkScans(data); err != nil {
		return false, err
	}
	leave, err := limits.enter(held + plan.viewBytes(d.Header))
	if err != nil {
		return false, err
	}
	defer leave()
	d.got = d.asked
	across, down := reduced(d.Header.Width, d.asked), reduced(d.Header.Height, d.asked)
	var v views
	var f *resample.Feeder
	var rows *planeRows
	rowsLeft := down.Pixels
	err = baseline.Stream(data, d.asked, func(p *baseline.Planes, from, to int) {
		if p.Width != across.Pixels || p.Height != down.Pixels {
			return
		}
		if f == nil {
			v, rows = d.views(plan, dst, across, down), newPlaneRows(p)
			f = v.feeder(p.Width, p.Height)
		}
		rows.feed(f, from, to)
		rowsLeft = p.Height - to
	})
	if err != nil || rowsLeft > 0 {
		d.made = nil
		return false, nil
	}
	v.finish()
	return true, nil
}

// viewBytes is about what all sizes of a plan take while an image comes in rows.
func (p Plan) viewBytes(h Header) int64 {
	// Of each size, for each pixel of width and height: sixteen rows of pixels, sums of two or three rows, and the weights.
	const each = 128
	n := int64(len(p.Also)+len(p.Sides)+2) * each * int64(h.Width+h.Height)
	if h.Orientation < 5 {
		return n
	}
	// Of an image that is turned, rows are summed at its full width: of an enlarged one, all that two rows of the source have a part in.
	sizes := p.For.Size
	for _, g := range p.Also {
		sizes += g.Size
	}
	for _, side := range p.Sides {
		sizes += side
	}
	const sum, rows = 3 * 4, 16 // bytes of a pixel; a lower image is summed at once
	return n + 2*sum*int64(h.Width)*int64(sizes)/int64(max(h.Height, rows))
}

// wholeBytes is about what each pixel takes while an image is decoded as a whole: four or more of a PNG, and three or more of what is made of
// them. Of samples of 16 bits it is twice as much, as of a TIFF, whose strips are decompressed apart, and of the coefficients of a
// progressive JPEG of a rare kind, which image/jpeg keeps in 32 bits.
func wholeBytes(format string, model color.Model) int64 {
	if format == "jpeg" || format == "tiff" || model == color.NRGBA64Model || model == color.RGBA64Model {
		return 16
	}
	return 8
}

// asAWhole resizes an image after it was decoded.
func (d *Decoded) asAWhole(data []byte, plan Plan, limits Limits, dst []uint8) error {
	pixels := int64(d.Header.Width) * int64(d.Header.Height)
	leave, err := limits.enter(wholeBytes(d.Header.Format, d.model)*pixels + plan.viewBytes(d.Header))
	if err != nil {
		return err
	}
	defer leave()
	stored, err := decode(data, limits, d.asked)
	if err != nil {
		return err
	}
	d.got = 1
	if stored.header.Width != d.Header.Width || stored.header.Height != d.Header.Height {
		d.got = d.asked
	}
	d.Transparent = transparent(stored.Image)
	stored.feed(d.views(plan, dst, stored.across, stored.down))
	return nil
}

// views prepares for all sizes of a plan that the decoding serves. across and down are the parts of the stored pixels that are the image.
func (d *Decoded) views(plan Plan, dst []uint8, across, down resample.Span) views {
	var list views
	add := func(pixels []uint8, g Geometry) {
		list = append(list, newView(pixels, g, d.Header.Orientation, across, down))
	}
	if dst != nil {
		add(dst, plan.For)
	}
	keep := func(one made) {
		one.pixels = make([]uint8, one.g.Bytes())
		d.made = append(d.made, one)
		add(one.pixels, one.g)
	}
	for _, g := range plan.Also {
		if d.serves(g) {
			keep(made{g: g})
		}
	}
	for _, side := range plan.Sides {
		keep(made{g: Geometry{Size: side}, alone: true})
	}
	return list
}

// serves tells whether the image gives the same pixels for a geometry as At does of the file.
func (d *Decoded) serves(g Geometry) bool {
	wanted := g.reduction(d.Header.Upright())
	cannot := d.Header.Format != "jpeg" || d.asked > 1 && d.got == 1 // a kind that is always decoded whole
	return wanted == d.got || cannot
}
