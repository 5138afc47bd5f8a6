package baseline

// The multipliers of the reduced inverse transforms, times 8192, as in libjpeg's jidctred.c: each pixel of the result is the mean
// of the pixels that the whole transform makes in its place, except for coefficients that change faster than the result can.
const (
	f0211 = 1730  // 0.211164243
	f0509 = 4176  // 0.509795579
	f0601 = 4926  // 0.601344887
	f0720 = 5906  // 0.720959822
	f0850 = 6967  // 0.850430095
	f1061 = 8697  // 1.061594337
	f1272 = 10426 // 1.272758580
	f1451 = 11893 // 1.451774981
	f2172 = 17799 // 2.172734803
	f3624 = 29692 // 3.624509785
)

// inverseReduced transforms a block into size x size pixels, for a size of 8, 4, 2 or 1. last is the zigzag index of the last
// coefficient that is not zero.
func inverseReduced(block *[64]int32, last, size int, to []uint8, stride int) {
	if size == 8 {
		inverse(block, last, to, stride)
		return
	}
	if last == 0 || size == 1 {
		v := clamp((block[0] + 4) >> 3)
		for y := range size {
			row := to[y*stride:][:size]
			for x := range row {
				row[x] = v
			}
		}
		return
	}
	switch {
	case size == 4 && !inverse4Wide(block, to, stride):
		inverse4(block, to, stride)
	case size == 2 && !inverse2Wide(block, to, stride):
		inverse2(block, to, stride)
	}
}

// inverse4 makes 4 x 4 pixels. The coefficients of row and column 4 do not count.
func inverse4(b *[64]int32, to []uint8, stride int) {
	const half, shift = 1 << (fixedBits - extraBits), fixedBits - extraBits + 1
	for x := range 8 {
		if x == 4 {
			continue
		}
		c1, c2, c3, c5, c6, c7 := b[x+8], b[x+16], b[x+24], b[x+40], b[x+48], b[x+56]
		if c1|c2|c3|c5|c6|c7 == 0 {
			v := (b[x]<<(fixedBits+1) + half) >> shift
			b[x], b[x+8], b[x+16], b[x+24] = v, v, v, v
			continue
		}
		e0, e1, o0, o1 := four(b[x], c1, c2, c3, c5, c6, c7)
		b[x], b[x+24] = (e0+o0+half)>>shift, (e0-o0+half)>>shift
		b[x+8], b[x+16] = (e1+o1+half)>>shift, (e1-o1+half)>>shift
	}
	for y := range 4 {
		const half, shift = 1 << (fixedBits + extraBits + 3), fixedBits + extraBits + 4
		c := (*[8]int32)(b[8*y:])
		e0, e1, o0, o1 := four(c[0], c[1], c[2], c[3], c[5], c[6], c[7])
		row := (*[4]uint8)(to[y*stride:])
		row[0], row[3] = clamp((e0+o0+half)>>shift), clamp((e0-o0+half)>>shift)
		row[1], row[2] = clamp((e1+o1+half)>>shift), clamp((e1-o1+half)>>shift)
	}
}

// four is the butterfly of inverse4.
func four(c0, c1, c2, c3, c5, c6, c7 int32) (e0, e1, o0, o1 int32) {
	sum, turn := c0<<(fixedBits+1), c2*f1847-c6*f0765
	o1 = -c7*f0211 + c5*f1451 - c3*f2172 + c1*f1061
	o0 = -c7*f0509 - c5*f0601 + c3*f0899 + c1*f2562
	return sum + turn, sum - turn, o0, o1
}

// inverse2 makes 2 x 2 pixels. Of the even coefficients only the first counts.
func inverse2(b *[64]int32, to []uint8, stride int) {
	const half, shift = 1 << (fixedBits - extraBits + 1), fixedBits - extraBits + 2
	for _, x := range [5]int{0, 1, 3, 5, 7} {
		c1, c3, c5, c7 := b[x+8], b[x+24], b[x+40], b[x+56]
		if c1|c3|c5|c7 == 0 {
			v := (b[x]<<(fixedBits+2) + half) >> shift
			b[x], b[x+8] = v, v
			continue
		}
		even, odd := two(b[x], c1, c3, c5, c7)
		b[x], b[x+8] = (even+odd+half)>>shift, (even-odd+half)>>shift
	}
	rows2((*[16]int32)(b[:16]), to, stride)
}

// rows2 is the second half of inverse2.
func rows2(b *[16]int32, to []uint8, stride int) {
	for y := range 2 {
		const half, shift = 1 << (fixedBits + extraBits + 4), fixedBits + extraBits + 5
		c := (*[8]int32)(b[8*y:])
		even, odd := two(c[0], c[1], c[3], c[5], c[7])
		row := (*[2]uint8)(to[y*stride:])
		row[0], row[1] = clamp((even+odd+half)>>shift), clamp((even-odd+half)>>shift)
	}
}

// two is the butterfly of inverse2.
func two(c0, c1, c3, c5, c7 int32) (even, odd int32) {
	return c0 << (fixedBits + 2), -c7*f0720 + c5*f0850 - c3*f1272 + c1*f3624
}
