//go:build goexperiment.simd && amd64 && !go1.27

package imageio

import (
	"encoding/binary"
	"simd/archsimd"
)

// The inner loops with many samples in each register. Each does as much as whole registers hold, with the arithmetic of the
// plain loop beside it, and returns how much that was: none where the processor has no AVX2.
//
// Go 1.26 moves 128 bits, and brings the count of an unsigned shift, with instructions of SSE, which are very slow beside
// registers of 256 bits: nothing of 128 bits is kept in a variable here, and only signed numbers are shifted to the right.

// Vectorized reports whether decoding takes many samples at once: this build does, where the processor has AVX2.
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
	lowest = [32]int8{0, 4, 8, none, none, none, none, none, none, none, none, none, none, none, none, none, 0, 4, 8, none}
	// Two pixels, side by side in words of 16 bits: red beside red, green beside green, blue beside blue.
	beside = [32]int8{
		0, none, 3, none, 1, none, 4, none, 2, none, 5, none, none, none, none, none,
		0, none, 3, none, 1, none, 4, none, 2, none, 5, none, none, none, none, none,
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

// sumRowsWide is sumRows.
func sumRowsWide(sums []uint16, near, far []uint8) (samples int) {
	if !archsimd.X86.AVX2() {
		return 0
	}
	for ; samples+16 <= len(sums); samples += 16 {
		a := archsimd.LoadUint8x16Slice(near[samples:]).ExtendToUint16()
		b := archsimd.LoadUint8x16Slice(far[samples:]).ExtendToUint16()
		a.Add(a).Add(a).Add(b).StoreSlice(sums[samples:])
	}
	archsimd.ClearAVXUpperBits()
	return samples
}

// widenSumsWide is widenSums from the second sample on.
func widenSumsWide(dst []uint8, sums []uint16) (samples int) {
	if !archsimd.X86.AVX2() {
		return 0
	}
	eight, seven := archsimd.BroadcastInt16x16(8), archsimd.BroadcastInt16x16(7)
	for ; samples+18 <= len(sums); samples += 16 {
		at := func(i int) archsimd.Int16x16 { return archsimd.LoadUint16x16Slice(sums[samples+i:]).AsInt16x16() }
		left, v, right := at(0), at(1), at(2)
		v = v.Add(v).Add(v)
		even, odd := v.Add(left).Add(eight).ShiftAllRight(4), v.Add(right).Add(seven).ShiftAllRight(4)
		even.Or(odd.ShiftAllLeft(8)).AsUint8x32().StoreSlice(dst[2*samples+2:])
	}
	archsimd.ClearAVXUpperBits()
	return samples
}

// shrinkRowsWide is shrinkRow for two rows, one in each half of the registers.
func shrinkRowsWide(dst, next, source, after []uint8, a axis, fixed fixedWeights) (pixels int) {
	if !archsimd.X86.AVX2() {
		return 0
	}
	half, most := archsimd.BroadcastInt32x8(1<<(fixedBits-1)), archsimd.BroadcastInt32x8(255)
	order := archsimd.LoadInt8x32(&beside)
	each := len(fixed.pairs) / len(a.first)
	reach := 6*each + 16 // beyond the last pair, since 16 bytes are loaded for it
	source = source[:min(len(source), len(after))]
	for ; pixels < len(a.first)-1; pixels++ { // the last pixel has no fourth byte to write to
		from := 3 * int(a.first[pixels])
		if from+reach > len(source) {
			break
		}
		under, below := source[from:][:reach], after[from:][:reach]
		sumLow, sumHigh := half, archsimd.Int32x8{}
		for k, weights := range fixed.pairs[pixels*each:][:each] {
			two := archsimd.Uint8x32{}.SetLo(archsimd.LoadUint8x16Slice(under[6*k:])).SetHi(archsimd.LoadUint8x16Slice(below[6*k:]))
			words := two.PermuteOrZeroGrouped(order).AsInt16x16()
			sumLow = sumLow.Add(words.DotProductPairs(archsimd.BroadcastUint32x8(uint32(weights)).AsInt16x16()))
			sumHigh = sumHigh.Add(words.DotProductPairs(archsimd.BroadcastUint32x8(uint32(weights >> 32)).AsInt16x16()))
		}
		sum := sumHigh.ShiftAllLeft(lowBits).Add(sumLow).ShiftAllRight(fixedBits).Min(most)
		rgb := sum.AsUint8x32().PermuteOrZeroGrouped(archsimd.LoadInt8x32(&lowest)).AsUint32x8()
		binary.LittleEndian.PutUint32(dst[3*pixels:], rgb.GetLo().GetElem(0))
		binary.LittleEndian.PutUint32(next[3*pixels:], rgb.GetHi().GetElem(0))
	}
	archsimd.ClearAVXUpperBits()
	return pixels
}

// shrinkColumnWide is shrinkColumn.
func shrinkColumnWide(out, rows []uint8, weights []int32) (samples int) {
	if !archsimd.X86.AVX2() {
		return 0
	}
	for ; samples+16 <= len(out); samples += 16 {
		sumLow := archsimd.BroadcastInt32x8(1 << (fixedBits - 1))
		sumHigh := sumLow
		at := samples
		for _, w := range weights {
			v, weight := archsimd.LoadUint8x16Slice(rows[at:]), archsimd.BroadcastInt32x8(w)
			sumLow, sumHigh = sumLow.Add(low(v).Mul(weight)), sumHigh.Add(high(v).Mul(weight))
			at += len(out)
		}
		narrow(sumLow.ShiftAllRight(fixedBits), sumHigh.ShiftAllRight(fixedBits)).GetLo().StoreSlice(out[samples:])
	}
	archsimd.ClearAVXUpperBits()
	return samples
}
