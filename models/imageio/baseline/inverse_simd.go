//go:build goexperiment.simd && amd64 && !go1.27

package baseline

import (
	"encoding/binary"
	"simd/archsimd"
)

type lanes = archsimd.Int32x8

// inverseWide is inverse with a row of the block in each register; false where the processor has no AVX2.
func inverseWide(block *[64]int32, to []uint8, stride int) bool {
	if !archsimd.X86.AVX2() {
		return false
	}
	row := func(y int) lanes { return archsimd.LoadInt32x8((*[8]int32)(block[8*y:])) }
	r0, r1, r2, r3, r4, r5, r6, r7 := butterfly(row(0), row(1), row(2), row(3), row(4), row(5), row(6), row(7),
		archsimd.BroadcastInt32x8(1<<(fixedBits-extraBits-1)))
	const first = fixedBits - extraBits
	r0, r1, r2, r3, r4, r5, r6, r7 = transpose(
		r0.ShiftAllRight(first), r1.ShiftAllRight(first), r2.ShiftAllRight(first), r3.ShiftAllRight(first),
		r4.ShiftAllRight(first), r5.ShiftAllRight(first), r6.ShiftAllRight(first), r7.ShiftAllRight(first))
	r0, r1, r2, r3, r4, r5, r6, r7 = butterfly(r0, r1, r2, r3, r4, r5, r6, r7,
		archsimd.BroadcastInt32x8(1<<(fixedBits+extraBits+2)))
	// Each register holds a column now; four of them make four pixels of every row.
	left := pixels(r0, r1, r2, r3)
	right := pixels(r4, r5, r6, r7)
	var even, odd [4]uint64 // rows 0, 1, 4 and 5; rows 2, 3, 6 and 7
	left.InterleaveLoGrouped(right).AsUint64x4().Store(&even)
	left.InterleaveHiGrouped(right).AsUint64x4().Store(&odd)
	archsimd.ClearAVXUpperBits()
	for i, row := range [8]uint64{even[0], even[1], odd[0], odd[1], even[2], even[3], odd[2], odd[3]} {
		binary.LittleEndian.PutUint64(to[i*stride:], row)
	}
	return true
}

// butterfly transforms eight columns at once, with half added before the shift that is left to the caller; the arithmetic is
// that of even and odd.
func butterfly(c0, c1, c2, c3, c4, c5, c6, c7, half lanes) (r0, r1, r2, r3, r4, r5, r6, r7 lanes) {
	z := c2.Add(c6).Mul(archsimd.BroadcastInt32x8(f0541))
	low, high := z.Sub(c6.Mul(archsimd.BroadcastInt32x8(f1847))), z.Add(c2.Mul(archsimd.BroadcastInt32x8(f0765)))
	sum, difference := c0.Add(c4).ShiftAllLeft(fixedBits).Add(half), c0.Sub(c4).ShiftAllLeft(fixedBits).Add(half)
	e0, e1, e2, e3 := sum.Add(high), difference.Add(low), difference.Sub(low), sum.Sub(high)

	z1, z2 := c7.Add(c1).Mul(archsimd.BroadcastInt32x8(-f0899)), c5.Add(c3).Mul(archsimd.BroadcastInt32x8(-f2562))
	z3, z4 := c7.Add(c3), c5.Add(c1)
	z5 := z3.Add(z4).Mul(archsimd.BroadcastInt32x8(f1175))
	z3, z4 = z5.Sub(z3.Mul(archsimd.BroadcastInt32x8(f1961))), z5.Sub(z4.Mul(archsimd.BroadcastInt32x8(f0390)))
	o0 := c7.Mul(archsimd.BroadcastInt32x8(f0298)).Add(z1).Add(z3)
	o1 := c5.Mul(archsimd.BroadcastInt32x8(f2053)).Add(z2).Add(z4)
	o2 := c3.Mul(archsimd.BroadcastInt32x8(f3072)).Add(z2).Add(z3)
	o3 := c1.Mul(archsimd.BroadcastInt32x8(f1501)).Add(z1).Add(z4)
	return e0.Add(o3), e1.Add(o2), e2.Add(o1), e3.Add(o0), e3.Sub(o0), e2.Sub(o1), e1.Sub(o2), e0.Sub(o3)
}

// transpose turns rows into columns: pairs, then pairs of pairs, then halves.
func transpose(r0, r1, r2, r3, r4, r5, r6, r7 lanes) (c0, c1, c2, c3, c4, c5, c6, c7 lanes) {
	a0, a1 := r0.InterleaveLoGrouped(r1).AsInt64x4(), r0.InterleaveHiGrouped(r1).AsInt64x4()
	a2, a3 := r2.InterleaveLoGrouped(r3).AsInt64x4(), r2.InterleaveHiGrouped(r3).AsInt64x4()
	a4, a5 := r4.InterleaveLoGrouped(r5).AsInt64x4(), r4.InterleaveHiGrouped(r5).AsInt64x4()
	a6, a7 := r6.InterleaveLoGrouped(r7).AsInt64x4(), r6.InterleaveHiGrouped(r7).AsInt64x4()
	b0, b1 := a0.InterleaveLoGrouped(a2).AsInt32x8(), a0.InterleaveHiGrouped(a2).AsInt32x8()
	b2, b3 := a1.InterleaveLoGrouped(a3).AsInt32x8(), a1.InterleaveHiGrouped(a3).AsInt32x8()
	b4, b5 := a4.InterleaveLoGrouped(a6).AsInt32x8(), a4.InterleaveHiGrouped(a6).AsInt32x8()
	b6, b7 := a5.InterleaveLoGrouped(a7).AsInt32x8(), a5.InterleaveHiGrouped(a7).AsInt32x8()
	return b0.Select128FromPair(0, 2, b4), b1.Select128FromPair(0, 2, b5), b2.Select128FromPair(0, 2, b6), b3.Select128FromPair(0, 2, b7),
		b0.Select128FromPair(1, 3, b4), b1.Select128FromPair(1, 3, b5), b2.Select128FromPair(1, 3, b6), b3.Select128FromPair(1, 3, b7)
}

// pixels makes the four bytes of a lane out of four registers of samples.
func pixels(a, b, c, d lanes) lanes {
	a, b, c, d = sample(a), sample(b), sample(c), sample(d)
	return a.Or(b.ShiftAllLeft(8)).Or(c.ShiftAllLeft(16)).Or(d.ShiftAllLeft(24))
}

// sample ends the second pass.
func sample(v lanes) lanes {
	return centered(v.ShiftAllRight(fixedBits + extraBits + 3))
}
