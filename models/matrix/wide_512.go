//go:build goexperiment.simd && amd64 && !go1.27

package matrix

import "simd/archsimd"

// The inner loops with eight numbers in each register, where the processor has AVX-512.

type lanes8 = archsimd.Float64x8

// widest reports whether the processor takes eight numbers at once.
func widest() bool { return archsimd.X86.AVX512() }

func load8(s []float64) lanes8 { return archsimd.LoadFloat64x8((*[8]float64)(s)) }

func store8(v lanes8, s []float64) { v.Store((*[8]float64)(s)) }

func dots512(x, y, a, b, c, d []float64) [8]float64 {
	n := len(x)
	y, a, b, c, d = y[:n], a[:n], b[:n], c[:n], d[:n]
	var xa, xb, xc, xd, ya, yb, yc, yd lanes8
	i := 0
	for ; i+block <= n; i += block {
		// Pointers to arrays spare the check of the bounds and of the end for each load.
		px, py := (*[block]float64)(x[i:]), (*[block]float64)(y[i:])
		pa, pb, pc, pd := (*[block]float64)(a[i:]), (*[block]float64)(b[i:]), (*[block]float64)(c[i:]), (*[block]float64)(d[i:])
		for k := 0; k < block; k += 8 {
			p, q := load8(px[k:k+8]), load8(py[k:k+8])
			r := load8(pa[k : k+8])
			xa, ya = p.MulAdd(r, xa), q.MulAdd(r, ya)
			r = load8(pb[k : k+8])
			xb, yb = p.MulAdd(r, xb), q.MulAdd(r, yb)
			r = load8(pc[k : k+8])
			xc, yc = p.MulAdd(r, xc), q.MulAdd(r, yc)
			r = load8(pd[k : k+8])
			xd, yd = p.MulAdd(r, xd), q.MulAdd(r, yd)
		}
	}
	for ; i+8 <= n; i += 8 {
		p, q := load8(x[i:]), load8(y[i:])
		r := load8(a[i:])
		xa, ya = p.MulAdd(r, xa), q.MulAdd(r, ya)
		r = load8(b[i:])
		xb, yb = p.MulAdd(r, xb), q.MulAdd(r, yb)
		r = load8(c[i:])
		xc, yc = p.MulAdd(r, xc), q.MulAdd(r, yc)
		r = load8(d[i:])
		xd, yd = p.MulAdd(r, xd), q.MulAdd(r, yd)
	}
	var parts [8][8]float64
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
		sums[k] += sum8(&parts[k])
	}
	return sums
}

func sum8(p *[8]float64) float64 {
	return ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))
}

func dot512(x, y []float64) float64 {
	n := len(x)
	y = y[:n]
	var s0, s1, s2, s3 lanes8
	i := 0
	for ; i+32 <= n; i += 32 {
		p, q := (*[32]float64)(x[i:]), (*[32]float64)(y[i:])
		s0 = load8(p[:8]).MulAdd(load8(q[:8]), s0)
		s1 = load8(p[8:16]).MulAdd(load8(q[8:16]), s1)
		s2 = load8(p[16:24]).MulAdd(load8(q[16:24]), s2)
		s3 = load8(p[24:]).MulAdd(load8(q[24:]), s3)
	}
	for ; i+8 <= n; i += 8 {
		s0 = load8(x[i:]).MulAdd(load8(y[i:]), s0)
	}
	var parts [8]float64
	s0.Add(s1).Add(s2.Add(s3)).Store(&parts)
	archsimd.ClearAVXUpperBits()
	return sum8(&parts) + plainDot(x[i:], y[i:])
}

// addScaled512 adds f x to the beginning of dst, and returns how many numbers that was.
func addScaled512(dst []float64, f float64, x []float64) int {
	n := len(dst)
	x = x[:n]
	factor := archsimd.BroadcastFloat64x8(f)
	i := 0
	for ; i+16 <= n; i += 16 {
		p, to := (*[16]float64)(x[i:]), (*[16]float64)(dst[i:])
		store8(factor.MulAdd(load8(p[:8]), load8(to[:8])), to[:8])
		store8(factor.MulAdd(load8(p[8:]), load8(to[8:])), to[8:])
	}
	archsimd.ClearAVXUpperBits()
	return i
}
