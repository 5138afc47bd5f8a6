package baseline

import mathbits "math/bits"

// coefficientsSize is what the coefficients of a block take, in bytes.
const coefficientsSize = 64*2 + 8

// coefficients are those of one block of a progressive file, as far as the passes have brought them.
type coefficients struct {
	values  [64]int16
	nonzero uint64 // a bit for each zigzag index from 1 on whose value is not 0
}

// A pass is one scan of a progressive file; ITU-T T.81, annex G.
type pass struct {
	planes   []*plane
	from, to int  // zigzag indices of the coefficients that it brings
	refines  bool // it brings one more bit of coefficients that passes before it began
	low      int  // how many lower bits are left to later passes
	endRun   int  // blocks that have no more coefficients in this pass
}

// progressive decodes passes until the end of the image. at is where the first one's entropy-coded data begins.
func (d *decoder) progressive(at int) error {
	across, down := d.layOut()
	for i := range d.planes {
		p := &d.planes[i]
		p.blocks = make([]coefficients, across*p.h*down*p.v)
	}
	for {
		marker, next, err := d.decodePass(at)
		if err != nil {
			return err
		}
		if marker == markerEOI {
			break
		}
		if at, err = d.headers(next - 2); err != nil {
			return err
		}
	}
	for y := range down {
		for i := range d.planes {
			p := &d.planes[i]
			p.render(across*p.h, y*p.v, (y+1)*p.v, y%d.held*p.v)
		}
		d.row(y)
	}
	return nil
}

// passHeader takes the header of a pass.
func (d *decoder) passHeader(body []byte) bool {
	n := 0
	if len(body) > 0 {
		n = int(body[0])
	}
	if !d.framed || n < 1 || n > len(d.planes) || len(body) != 1+2*n+3 {
		return false
	}
	rest := body[1+2*n:]
	high, low := int(rest[2]>>4), int(rest[2]&15)
	d.pass = pass{from: int(rest[0]), to: int(rest[1]), refines: high > 0, low: low}
	s := &d.pass
	if s.from > s.to || s.to > 63 || s.from == 0 && s.to > 0 || s.from > 0 && n > 1 || low > 13 || high > 0 && high != low+1 {
		return false
	}
	for i := range n {
		id, tables := body[1+2*i], body[2+2*i]
		if tables>>4 > 3 || tables&15 > 3 {
			return false
		}
		for k := range d.planes {
			p := &d.planes[k]
			if p.id == id && (len(s.planes) == 0 || p != s.planes[len(s.planes)-1]) {
				p.dc, p.ac = d.tables[0][tables>>4], d.tables[1][tables&15]
				s.planes = append(s.planes, p)
				break
			}
		}
		if len(s.planes) != i+1 {
			return false
		}
		p := s.planes[i]
		if s.from == 0 && !s.refines && p.dc == nil || s.from > 0 && p.ac == nil {
			return false
		}
	}
	return d.quantized()
}

// decodePass reads the data of a pass, and returns the marker after it with where that ends.
func (d *decoder) decodePass(at int) (marker uint8, next int, err error) {
	s := &d.pass
	across, down := ceil(d.width, 8*d.h), ceil(d.height, 8*d.v)
	alone := len(s.planes) == 1
	stride := across
	if alone { // only the blocks that hold pixels of the image, one by one
		p := s.planes[0]
		stride = across * p.h
		across, down = ceil(ceil(d.width*p.h, d.h), 8), ceil(ceil(d.height*p.v, d.v), 8)
	}
	units := across * down
	for unit, restarts := 0, 0; unit < units; restarts++ {
		n := units - unit
		if d.interval > 0 {
			n = min(n, d.interval)
		}
		marker, at = d.unstuff(at)
		if want := uint8(0xd0 + restarts%8); unit+n < units && marker != want || unit+n == units && marker == 0 {
			return 0, 0, errOther
		}
		r := newBits(d.buffer)
		s.endRun = 0
		for _, p := range s.planes {
			p.last = 0
		}
		for ; n > 0; n-- {
			x, y := unit%across, unit/across
			unit++
			ok := true
			if alone {
				ok = s.block(r, s.planes[0], &s.planes[0].blocks[y*stride+x])
			} else {
				ok = s.unit(r, x, y, across)
			}
			if !ok {
				return 0, 0, errOther
			}
		}
		if !r.complete() {
			return 0, 0, errOther
		}
	}
	return marker, at, nil
}

// unit decodes the blocks of several planes that belong together.
func (s *pass) unit(r *bits, x, y, across int) bool {
	for _, p := range s.planes {
		for by := range p.v {
			for bx := range p.h {
				if !s.block(r, p, &p.blocks[(y*p.v+by)*across*p.h+x*p.h+bx]) {
					return false
				}
			}
		}
	}
	return true
}

// block decodes what a pass says about one block.
func (s *pass) block(r *bits, p *plane, b *coefficients) bool {
	switch {
	case s.from > 0 && s.refines:
		return s.refine(r, p, b)
	case s.from > 0:
		return s.begin(r, p, b)
	case s.refines:
		if r.bit() {
			b.values[0] |= 1 << s.low
		}
		return true
	}
	r.fill()
	size, ok := r.symbol(p.dc)
	if !ok || size > 11 {
		return false
	}
	if size > 0 {
		p.last += r.value(int(size))
	}
	b.values[0] = int16(p.last << s.low)
	return true
}

// begin reads the upper bits of coefficients; figure G.3.
func (s *pass) begin(r *bits, p *plane, b *coefficients) bool {
	if s.endRun > 0 {
		s.endRun--
		return true
	}
	for k := s.from; k <= s.to; k++ {
		r.fill()
		symbol, ok := r.symbol(p.ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), int(symbol&15)
		switch {
		case size > 0:
			k += run
			if k > s.to || size > 14 {
				return false
			}
			b.set(k, int16(r.value(size)<<s.low))
		case run == 15:
			k += 15 // sixteen zeros
		default:
			s.endRun = r.blocks(run) - 1
			return true
		}
	}
	return true
}

// blocks reads the length of a run of blocks, from 2^size on.
func (r *bits) blocks(size int) int {
	n := 1 << size
	if size > 0 {
		n += int(r.next >> (64 - size))
		r.drop(size)
	}
	return n
}

// bit reads one bit.
func (r *bits) bit() bool {
	if r.ready < 1 {
		r.fill()
	}
	one := r.next>>63 == 1
	r.drop(1)
	return one
}

// refine reads one more bit of the coefficients that are not zero yet, and new ones that become plus or minus that bit; figure G.7.
func (s *pass) refine(r *bits, p *plane, b *coefficients) bool {
	k := s.from
	for ; s.endRun == 0 && k <= s.to; k++ {
		r.fill()
		symbol, ok := r.symbol(p.ac)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), int(symbol&15)
		if size > 1 {
			return false
		}
		value := int16(0)
		switch {
		case size == 1 && r.bit():
			value = 1 << s.low
		case size == 1:
			value = -1 << s.low
		case run < 15:
			r.fill()
			s.endRun = r.blocks(run)
		}
		if s.endRun > 0 {
			break
		}
		if k = s.correct(r, b, k, run); k > s.to {
			return false
		}
		if value != 0 {
			b.set(k, value)
		}
	}
	if s.endRun > 0 {
		s.correct(r, b, k, 64)
		s.endRun--
	}
	return true
}

// set gives a coefficient that was 0 a value that is not.
func (b *coefficients) set(k int, value int16) {
	b.values[natural[k]&63] = value
	b.nonzero |= 1 << k
}

// correct adds a bit to each coefficient from k on that is not zero, until it has passed as many zeros as zeros says, and returns
// the index of the next zero.
func (s *pass) correct(r *bits, b *coefficients, k, zeros int) int {
	bit := int16(1) << s.low
	left := b.nonzero >> k << k & (1<<(s.to+1) - 1) // all of them where to is 63: the shift gives 0
	for ; left != 0; left &= left - 1 {
		next := mathbits.TrailingZeros64(left)
		if zeros < next-k {
			return k + zeros
		}
		zeros -= next - k
		k = next + 1
		c := &b.values[natural[next]&63]
		if r.bit() && *c&bit == 0 {
			if *c > 0 {
				*c += bit
			} else {
				*c -= bit
			}
		}
	}
	return min(k+zeros, s.to+1)
}

// render transforms the rows of blocks from from to to into pixels, whose place begins with a row of blocks; across is how many are in a
// row.
func (p *plane) render(across, from, to, place int) {
	for i := range to - from {
		for x := range across {
			b := &p.blocks[(from+i)*across+x]
			var dequantized [64]int32
			dequantized[0] = int32(b.values[0]) * p.quant[0]
			for left := b.nonzero; left != 0; left &= left - 1 {
				k := mathbits.TrailingZeros64(left)
				at := natural[k] & 63
				dequantized[at] = int32(b.values[at]) * p.quant[k]
			}
			y := place + i
			inverseReduced(&dequantized, 63-mathbits.LeadingZeros64(b.nonzero|1), p.size, p.pix[y*p.size*p.stride+x*p.size:], p.stride)
		}
	}
}
