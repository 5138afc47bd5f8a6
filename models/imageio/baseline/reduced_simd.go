//go:build goexperiment.simd && amd64 && !go1.27

package baseline

import (
	"encoding/binary"
	"simd/archsimd"
)

type lanes = archsimd.Int32x8

// inverse4Wide is inverse4 with a row of the block in each register; false where the processor has no AVX2.
func inverse4Wide(block *[64]int32, to []uint8, stride int) bool {
	if !archsimd.X86.AVX2() {
		return false
	}
	row := func(y int) lanes { return archsimd.LoadInt32x8((*[8]int32)(block[8*y:])) }
	r0, r1, r2, r3 := fourWide(row(0), row(1), row(2), row(3), row(5), row(6), row(7), archsimd.BroadcastInt32x8(1<<(fixedBits-extraBits)))
	const first, second = fixedBits - extraBits + 1, fixedBits + extraBits + 4
	r0, r1, r2, r3 = r0.ShiftAllRight(first), r1.ShiftAllRight(first), r2.ShiftAllRight(first), r3.ShiftAllRight(first)
	// The first four of each register are a column now; its other four repeat them.
	c0, c1, c2, c3, _, c5, c6, c7 := transpose(r0, r1, r2, r3, r0, r1, r2, r3)
	r0, r1, r2, r3 = fourWide(c0, c1, c2, c3, c5, c6, c7, archsimd.BroadcastInt32x8(1<<(second-1)))
	var rows [4]uint64
	packed := centered(r0.ShiftAllRight(second)).Or(centered(r1.ShiftAllRight(second)).ShiftAllLeft(8)).
		Or(centered(r2.ShiftAllRight(second)).ShiftAllLeft(16)).Or(centered(r3.ShiftAllRight(second)).ShiftAllLeft(24))
	packed.AsUint64x4().Store(&rows)
	archsimd.ClearAVXUpperBits()
	for y := range 4 {
		binary.LittleEndian.PutUint32(to[y*stride:], uint32(rows[y/2]>>(32*(y%2))))
	}
	return true
}

// fourWide is four with half added before the shift that is left to the caller, and the sums of both halves.
func fourWide(c0, c1, c2, c3, c5, c6, c7, half lanes) (r0, r1, r2, r3 lanes) {
	times := func(c lanes, f int32) lanes { return c.Mul(archsimd.BroadcastInt32x8(f)) }
	sum, turn := c0.ShiftAllLeft(fixedBits+1).Add(half), times(c2, f1847).Sub(times(c6, f0765))
	o1 := times(c1, f1061).Sub(times(c3, f2172)).Add(times(c5, f1451)).Sub(times(c7, f0211))
	o0 := times(c1, f2562).Add(times(c3, f0899)).Sub(times(c5, f0601)).Sub(times(c7, f0509))
	e0, e1 := sum.Add(turn), sum.Sub(turn)
	return e0.Add(o0), e1.Add(o1), e1.Sub(o1), e0.Sub(o0)
}

// inverse2Wide is inverse2 with all columns at once.
func inverse2Wide(block *[64]int32, to []uint8, stride int) bool {
	if !archsimd.X86.AVX2() {
		return false
	}
	times := func(y int, f int32) lanes {
		return archsimd.LoadInt32x8((*[8]int32)(block[8*y:])).Mul(archsimd.BroadcastInt32x8(f))
	}
	const shift = fixedBits - extraBits + 2
	even := archsimd.LoadInt32x8((*[8]int32)(block[:])).ShiftAllLeft(fixedBits + 2).Add(archsimd.BroadcastInt32x8(1 << (shift - 1)))
	odd := times(1, f3624).Sub(times(3, f1272)).Add(times(5, f0850)).Sub(times(7, f0720))
	var rows [16]int32
	even.Add(odd).ShiftAllRight(shift).Store((*[8]int32)(rows[:]))
	even.Sub(odd).ShiftAllRight(shift).Store((*[8]int32)(rows[8:]))
	archsimd.ClearAVXUpperBits()
	rows2(&rows, to, stride)
	return true
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

// centered centers samples and keeps them within a byte, as clamp does.
func centered(v lanes) lanes {
	v = v.Add(archsimd.BroadcastInt32x8(128))
	return v.Max(archsimd.BroadcastInt32x8(0)).Min(archsimd.BroadcastInt32x8(255))
}
