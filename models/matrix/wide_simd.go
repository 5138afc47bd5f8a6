//go:build goexperiment.simd && amd64 && !go1.27

package matrix

import "simd/archsimd"

// The inner loops with four numbers in each register, where the processor has AVX2 and fused multiplication. Scalars are
// moved with instructions of SSE, which are very slow beside registers of 256 bits: those are cleared first.

type lanes = archsimd.Float64x4

// block is how many numbers of a row the inner loop of dots takes.
const block = 64

// Wide reports whether many numbers are taken at once: this build does, where the processor can.
func Wide() bool { return archsimd.X86.AVX2() && archsimd.X86.FMA() }

func load(s []float64) lanes { return archsimd.LoadFloat64x4((*[4]float64)(s)) }

func store(v lanes, s []float64) { v.Store((*[4]float64)(s)) }

// dots are the products of x, then of y, with four rows of the same length.
func dots(x, y, a, b, c, d []float64) [8]float64 {
	switch {
	case widest():
		return dots512(x, y, a, b, c, d)
	case Wide():
		return dots256(x, y, a, b, c, d)
	}
	return plainDots(x, y, a, b, c, d)
}

func dots256(x, y, a, b, c, d []float64) [8]float64 {
	n := len(x)
	y, a, b, c, d = y[:n], a[:n], b[:n], c[:n], d[:n]
	var xa, xb, xc, xd, ya, yb, yc, yd lanes
	i := 0
	for ; i+block <= n; i += block {
		// Pointers to arrays spare the check of the bounds and of the end for each load.
		px, py := (*[block]float64)(x[i:]), (*[block]float64)(y[i:])
		pa, pb, pc, pd := (*[block]float64)(a[i:]), (*[block]float64)(b[i:]), (*[block]float64)(c[i:]), (*[block]float64)(d[i:])
		for k := 0; k < block; k += 4 {
			p, q := load(px[k:k+4]), load(py[k:k+4])
			r := load(pa[k : k+4])
			xa, ya = p.MulAdd(r, xa), q.MulAdd(r, ya)
			r = load(pb[k : k+4])
			xb, yb = p.MulAdd(r, xb), q.MulAdd(r, yb)
			r = load(pc[k : k+4])
			xc, yc = p.MulAdd(r, xc), q.MulAdd(r, yc)
			r = load(pd[k : k+4])
			xd, yd = p.MulAdd(r, xd), q.MulAdd(r, yd)
		}
	}
	for ; i+4 <= n; i += 4 {
		p, q := load(x[i:]), load(y[i:])
		r := load(a[i:])
		xa, ya = p.MulAdd(r, xa), q.MulAdd(r, ya)
		r = load(b[i:])
		xb, yb = p.MulAdd(r, xb), q.MulAdd(r, yb)
		r = load(c[i:])
		xc, yc = p.MulAdd(r, xc), q.MulAdd(r, yc)
		r = load(d[i:])
		xd, yd = p.MulAdd(r, xd), q.MulAdd(r, yd)
	}
	var parts [8][4]float64
	xa.Store(&parts[0])
	xb.Store(&parts[1])
	xc.Store(&parts[2])
	xd.Store(&parts[3])
	ya.Store(&parts[4])
	yb.Store(&parts[5])
	yc.Store(&parts[6])
	yd.Store(&parts[7])
	archsimd.ClearAVXUpperBits()
	sums := plainDots(x[i:], y[i:], a[i:], b[i:], c[i:], d[i:])
	for k := range sums {
		sums[k] += (parts[k][0] + parts[k][1]) + (parts[k][2] + parts[k][3])
	}
	return sums
}

// Dot is the product of two rows of the same length.
func Dot(x, y []float64) float64 {
	switch n := len(x); {
	case n < 16 || !Wide():
		return plainDot(x, y)
	case widest():
		return dot512(x, y)
	}
	return dot256(x, y)
}

func dot256(x, y []float64) float64 {
	n := len(x)
	y = y[:n]
	var s0, s1, s2, s3 lanes
	i := 0
	for ; i+16 <= n; i += 16 {
		p, q := (*[16]float64)(x[i:]), (*[16]float64)(y[i:])
		s0 = load(p[:4]).MulAdd(load(q[:4]), s0)
		s1 = load(p[4:8]).MulAdd(load(q[4:8]), s1)
		s2 = load(p[8:12]).MulAdd(load(q[8:12]), s2)
		s3 = load(p[12:]).MulAdd(load(q[12:]), s3)
	}
	var parts [4]float64
	s0.Add(s1).Add(s2.Add(s3)).Store(&parts)
	archsimd.ClearAVXUpperBits()
	return (parts[0] + parts[1]) + (parts[2] + parts[3]) + plainDot(x[i:], y[i:])
}

// AddScaled adds f x to dst.
func AddScaled(dst []float64, f float64, x []float64) {
	i := 0
	switch n := len(dst); {
	case n < 16 || !Wide():
	case widest():
		i = addScaled512(dst, f, x)
	default:
		i = addScaled256(dst, f, x)
	}
	plainAddScaled(dst[i:], f, x[i:])
}

// addScaled256 adds f x to the beginning of dst, and returns how many numbers that was.
func addScaled256(dst []float64, f float64, x []float64) int {
	n := len(dst)
	x = x[:n]
	factor := archsimd.BroadcastFloat64x4(f)
	i := 0
	for ; i+16 <= n; i += 16 {
		p, to := (*[16]float64)(x[i:]), (*[16]float64)(dst[i:])
		store(factor.MulAdd(load(p[:4]), load(to[:4])), to[:4])
		store(factor.MulAdd(load(p[4:8]), load(to[4:8])), to[4:8])
		store(factor.MulAdd(load(p[8:12]), load(to[8:12])), to[8:12])
		store(factor.MulAdd(load(p[12:]), load(to[12:])), to[12:])
	}
	archsimd.ClearAVXUpperBits()
	return i
}
