//go:build goexperiment.simd && amd64 && !go1.27

package imageio

import "simd/archsimd"

// The inner loops with many samples in each register. Each does as much as whole registers hold, with the arithmetic of the
// plain loop beside it, and returns how much that was: none where the processor has no AVX2.
//
// Go 1.26 moves 128 bits, and brings the count of an unsigned shift, with instructions of SSE, which are very slow beside
// registers of 256 bits: nothing of 128 bits is kept in a variable here, and only signed numbers are shifted to the right.

// Vectorized reports whether all of decoding takes many samples at once: this build does, where the processor has AVX2.
func Vectorized() bool { return archsimd.X86.AVX2() }

type lanes = archsimd.Int32x8

// low widens the first 8 of 16 bytes, high the others.
func low(b archsimd.Uint8x16) lanes { return b.ExtendLo8ToUint32().AsInt32x8() }

func high(b archsimd.Uint8x16) lanes {
	return b.AsUint64x2().InterleaveHi(b.AsUint64x2()).AsUint8x16().ExtendLo8ToUint32().AsInt32x8()
}

// narrow brings sixteen samples back to bytes, as clamp does; each half of the result holds them all.
func narrow(low, high lanes) archsimd.Uint8x32 {
	most := archsimd.BroadcastInt32x8(255)
	// In each half: four of low, four of high, in two bytes each.
	words := low.Min(most).SaturateToUint16ConcatGrouped(high.Min(most)).AsUint8x32()
	apart := words.PermuteOrZeroGrouped(archsimd.LoadInt8x32(&fours))
	return apart.Or(apart.Select128FromPair(1, 0, apart))
}

// Which byte of its half comes to each place; none leaves a zero.
const none = -1

var (
	fours = [32]int8{
		0, 2, 4, 6, none, none, none, none, 8, 10, 12, 14, none, none, none, none,
		none, none, none, none, 0, 2, 4, 6, none, none, none, none, 8, 10, 12, 14,
	}
	// The first 32 and the other 16 bytes of [16, 3] out of sixteen reds, greens and blues.
	interleaved = [2][3][32]int8{interleaving(0), interleaving(32)}
)

// jpegRowWide is jpegRow.
func jpegRowWide(dst, luma, cb, cr []uint8) (pixels int) {
	if !archsimd.X86.AVX2() {
		return 0
	}
	for ; pixels+16 <= len(luma); pixels += 16 {
		y := archsimd.LoadUint8x16Slice(luma[pixels:])
		u, v := archsimd.LoadUint8x16Slice(cb[pixels:]), archsimd.LoadUint8x16Slice(cr[pixels:])
		redLow, greenLow, blueLow := colors(low(y), low(u), low(v))
		redHigh, greenHigh, blueHigh := colors(high(y), high(u), high(v))
		red, green, blue := narrow(redLow, redHigh), narrow(greenLow, greenHigh), narrow(blueLow, blueHigh)
		to := dst[3*pixels:][:48]
		interleave(red, green, blue, &interleaved[0]).StoreSlice(to)
		interleave(red, green, blue, &interleaved[1]).GetLo().StoreSlice(to[32:])
	}
	archsimd.ClearAVXUpperBits()
	return pixels
}

func interleave(red, green, blue archsimd.Uint8x32, from *[3][32]int8) archsimd.Uint8x32 {
	r, g, b := archsimd.LoadInt8x32(&from[0]), archsimd.LoadInt8x32(&from[1]), archsimd.LoadInt8x32(&from[2])
	return red.PermuteOrZeroGrouped(r).Or(green.PermuteOrZeroGrouped(g)).Or(blue.PermuteOrZeroGrouped(b))
}

// interleaving says for 32 bytes of [16, 3], beginning at one, which of the sixteen of each color stands there.
func interleaving(from int) (at [3][32]int8) {
	for i := range 32 {
		for color := range at {
			at[color][i] = none
		}
		at[(from+i)%3][i] = int8((from + i) / 3 % 16)
	}
	return at
}

func colors(y, cb, cr lanes) (red, green, blue lanes) {
	center, half := archsimd.BroadcastInt32x8(128), archsimd.BroadcastInt32x8(1<<15)
	cb, cr = cb.Sub(center), cr.Sub(center)
	red = cr.Mul(archsimd.BroadcastInt32x8(91881)).Add(half).ShiftAllRight(16).Add(y)
	green = cb.Mul(archsimd.BroadcastInt32x8(-22554)).Add(cr.Mul(archsimd.BroadcastInt32x8(-46802))).Add(half).ShiftAllRight(16).Add(y)
	blue = cb.Mul(archsimd.BroadcastInt32x8(116130)).Add(half).ShiftAllRight(16).Add(y)
	return red, green, blue
}
