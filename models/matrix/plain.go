package matrix

// The inner loops one number at a time.

func plainDots(x, y, a, b, c, d []float64) (s [8]float64) {
	y, a, b, c, d = y[:len(x)], a[:len(x)], b[:len(x)], c[:len(x)], d[:len(x)]
	for i, p := range x {
		q := y[i]
		s[0] += p * a[i]
		s[1] += p * b[i]
		s[2] += p * c[i]
		s[3] += p * d[i]
		s[4] += q * a[i]
		s[5] += q * b[i]
		s[6] += q * c[i]
		s[7] += q * d[i]
	}
	return s
}

func plainDot(x, y []float64) float64 {
	sum := 0.0
	y = y[:len(x)]
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

func plainAddScaled(dst []float64, f float64, x []float64) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += f * v
	}
}

func plainAddFour(dst []float64, f0 float64, r0 []float64, f1 float64, r1 []float64, f2 float64, r2 []float64, f3 float64, r3 []float64) {
	r0, r1, r2, r3 = r0[:len(dst)], r1[:len(dst)], r2[:len(dst)], r3[:len(dst)]
	for i := range dst {
		dst[i] += f0*r0[i] + f1*r1[i] + f2*r2[i] + f3*r3[i]
	}
}
