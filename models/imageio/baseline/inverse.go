package baseline

// The multipliers of the inverse transform after Loeffler, Ligtenberg and Moschytz (1989), times 8192, as in libjpeg's
// jidctint.c.
const (
	f0298 = 2446  // 0.298631336
	f0390 = 3196  // 0.390180644
	f0541 = 4433  // 0.541196100
	f0765 = 6270  // 0.765366865
	f0899 = 7373  // 0.899976223
	f1175 = 9633  // 1.175875602
	f1501 = 12299 // 1.501321110
	f1847 = 15137 // 1.847759065
	f1961 = 16069 // 1.961570560
	f2053 = 16819 // 2.053119869
	f2562 = 20995 // 2.562915447
	f3072 = 25172 // 3.072711026

	fixedBits = 13
	extraBits = 2 // kept between the two passes
)

// inverse transforms a block and writes its 8 x 8 pixels. last is the zigzag index of the last coefficient that is not zero.
func inverse(block *[64]int32, last int, to []uint8, stride int) {
	if last == 0 {
		v := clamp((block[0]<<extraBits + 1<<(extraBits+2)) >> (extraBits + 3))
		for y := range 8 {
			row := to[y*stride:][:8]
			for x := range row {
				row[x] = v
			}
		}
		return
	}
	if !inverseWide(block, to, stride) {
		inversePlain(block, to, stride)
	}
}

func inversePlain(block *[64]int32, to []uint8, stride int) {
	for x := range 8 {
		column(block, x)
	}
	for y := range 8 {
		row((*[8]int32)(block[8*y:]), (*[8]uint8)(to[y*stride:]))
	}
}

// column transforms one column in place.
func column(b *[64]int32, x int) {
	const half, shift = 1 << (fixedBits - extraBits - 1), fixedBits - extraBits
	x &= 7
	c1, c2, c3, c4, c5, c6, c7 := b[x+8], b[x+16], b[x+24], b[x+32], b[x+40], b[x+48], b[x+56]
	if c1|c2|c3|c4|c5|c6|c7 == 0 {
		v := (b[x]<<fixedBits + half) >> shift
		b[x], b[x+8], b[x+16], b[x+24], b[x+32], b[x+40], b[x+48], b[x+56] = v, v, v, v, v, v, v, v
		return
	}
	e0, e1, e2, e3 := even(b[x], c2, c4, c6)
	o0, o1, o2, o3 := odd(c1, c3, c5, c7)
	b[x], b[x+56] = (e0+o3+half)>>shift, (e0-o3+half)>>shift
	b[x+8], b[x+48] = (e1+o2+half)>>shift, (e1-o2+half)>>shift
	b[x+16], b[x+40] = (e2+o1+half)>>shift, (e2-o1+half)>>shift
	b[x+24], b[x+32] = (e3+o0+half)>>shift, (e3-o0+half)>>shift
}

// row transforms one row into pixels.
func row(b *[8]int32, to *[8]uint8) {
	e0, e1, e2, e3 := even(b[0], b[2], b[4], b[6])
	o0, o1, o2, o3 := odd(b[1], b[3], b[5], b[7])
	const half, shift = 1 << (fixedBits + extraBits + 2), fixedBits + extraBits + 3
	to[0], to[7] = clamp((e0+o3+half)>>shift), clamp((e0-o3+half)>>shift)
	to[1], to[6] = clamp((e1+o2+half)>>shift), clamp((e1-o2+half)>>shift)
	to[2], to[5] = clamp((e2+o1+half)>>shift), clamp((e2-o1+half)>>shift)
	to[3], to[4] = clamp((e3+o0+half)>>shift), clamp((e3-o0+half)>>shift)
}

// even is the half of the butterfly that takes the coefficients 0, 2, 4 and 6.
func even(c0, c2, c4, c6 int32) (e0, e1, e2, e3 int32) {
	z := (c2 + c6) * f0541
	low, high := z-c6*f1847, z+c2*f0765
	sum, difference := (c0+c4)<<fixedBits, (c0-c4)<<fixedBits
	return sum + high, difference + low, difference - low, sum - high
}

// odd is the half that takes the coefficients 1, 3, 5 and 7.
func odd(c1, c3, c5, c7 int32) (o0, o1, o2, o3 int32) {
	z1, z2, z3, z4 := (c7+c1)*-f0899, (c5+c3)*-f2562, c7+c3, c5+c1
	z5 := (z3 + z4) * f1175
	z3, z4 = z5-z3*f1961, z5-z4*f0390
	return c7*f0298 + z1 + z3, c5*f2053 + z2 + z4, c3*f3072 + z2 + z3, c1*f1501 + z1 + z4
}

// clamp centers a sample and keeps it within a byte.
func clamp(v int32) uint8 {
	v += 128
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^(v >> 31))
}
