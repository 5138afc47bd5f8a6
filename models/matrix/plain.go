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

// plainTile takes two rows of a at a time, whose sums fit in the registers.
func plainTile(a, b []float32, sums *[tileSize]float32) {
	clear(sums[:])
	for at := 0; at+stepSize <= len(a); at += stepSize {
		x, y := (*[stepSize]float32)(a[at:]), (*[stepSize]float32)(b[at:])
		for r := 0; r < panelRows; r += 2 {
			to := (*[8]float32)(sums[r*panelRows:])
			s := *to
			for k := range stepCols {
				p, q := x[r*stepCols+k], x[(r+1)*stepCols+k]
				b0, b1, b2, b3 := y[k], y[stepCols+k], y[2*stepCols+k], y[3*stepCols+k]
				s[0] += p * b0
				s[1] += p * b1
				s[2] += p * b2
				s[3] += p * b3
				s[4] += q * b0
				s[5] += q * b1
				s[6] += q * b2
				s[7] += q * b3
			}
			*to = s
		}
	}
}
