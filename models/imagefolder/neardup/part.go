package neardup

// A part is some of the bits of a fingerprint.
type part struct {
	mask [4]uint64
	size int // in bits
}

// hash is a number whose first bits depend on all bits of the part.
func (p *part) hash(f *[4]uint64) uint64 {
	return (f[0]&p.mask[0])*0x9e3779b97f4a7c15 + (f[1]&p.mask[1])*0xbf58476d1ce4e5b9 +
		(f[2]&p.mask[2])*0x94d049bb133111eb + (f[3]&p.mask[3])*0xd6e8feb86659fd93
}

func (p part) with(q part) part {
	for w, word := range q.mask {
		p.mask[w] |= word
	}
	p.size += q.size
	return p
}

// quarters divides the bits into bands, one for each two bits that may differ and one more, and each band into quarters. Where no more
// bits differ, one band differs in at most one bit.
func quarters(nearBits int) [][4]part {
	list := make([][4]part, nearBits/2+1)
	given := make([]int, len(list)) // bits of a band so far
	for bit := range 256 {
		// Neighbors are often equal: the bits of a band are far from each other in the image of 16 x 16.
		n := (bit%16 + bit/16*max(len(list)/3, 1)) % len(list)
		p := &list[n][given[n]%4]
		p.mask[bit/64] |= 1 << (bit % 64)
		p.size++
		given[n]++
	}
	return list
}

// halves are those of each band, side by side. Where at most nearBits bits differ, one of any nearBits+1 halves does not.
func halves(nearBits int) (list []part) {
	for _, q := range quarters(nearBits) {
		list = append(list, q[0].with(q[2]), q[1].with(q[3]))
	}
	return list
}

// threeQuarters are all threes of quarters of a band. Where at most nearBits bits differ, one of them does not: the band that differs
// in one bit without the quarter of that bit.
func threeQuarters(nearBits int) (list []part) {
	for _, q := range quarters(nearBits) {
		list = append(list, q[0].with(q[1]).with(q[2]), q[0].with(q[1]).with(q[3]), q[0].with(q[2]).with(q[3]), q[1].with(q[2]).with(q[3]))
	}
	return list
}
