package resample

import "math"

// An Axis says, for every pixel of one side of the result, which source pixels it is made of and with which weights.
type Axis struct {
	taps   int       // weights per result pixel; unused ones are 0
	first  []int32   // index of the first source pixel
	weight []float64 // [len(first), taps], each row sums to 1
}

func newAxis(size, taps int) Axis {
	return Axis{taps: taps, first: make([]int32, size), weight: make([]float64, size*taps)}
}

func (a Axis) weights(i int) []float64 { return a.weight[i*a.taps:][:a.taps] }

// Triangle is the axis of Pillow's BILINEAR: a triangle two source pixels wide, or two result pixels where it shrinks
// (Resample.c, precompute_coeffs).
func Triangle(source Span, result int) Axis { return TriangleWindow(source, result, 0, result) }

// TriangleWindow is the part of Triangle for the result pixels from to from+size. Of a long and narrow image that is cut, the whole result
// may be millions of pixels.
func TriangleWindow(source Span, result, from, size int) Axis {
	scale := source.Length / float64(result)
	width := max(scale, 1) // of half the triangle, in source pixels
	a := newAxis(size, int(math.Ceil(width))*2+1)
	for i := range size {
		center := source.From + (float64(from+i)+0.5)*scale
		first := max(int(center-width+0.5), 0)
		end := min(int(center+width+0.5), source.Pixels)
		a.first[i] = int32(first)
		weights := a.weights(i)
		sum := 0.0
		for x := first; x < end; x++ {
			w := max(1-math.Abs((float64(x)-center+0.5)/width), 0)
			weights[x-first] = w
			sum += w
		}
		for k := range weights {
			weights[k] /= sum
		}
	}
	return a
}

// Nearest is the axis of Pillow's NEAREST (Geometry.c, ImagingScaleAffine), which adds up the step in floating point.
func Nearest(source Span, result int) Axis {
	a := newAxis(result, 1)
	step := source.Length / float64(result)
	at := source.From + step*0.5
	for i := range result {
		a.first[i] = int32(min(int(at), source.Pixels-1))
		a.weight[i] = 1
		at += step
	}
	return a
}

// used is the number of weights up to the last that is not zero.
func used(weights []float64) int {
	n := len(weights)
	for n > 0 && weights[n-1] == 0 {
		n--
	}
	return n
}

// A Span is the part of a row or column of pixels that an image takes. In a JPEG that is decoded at a fraction of its size the last pixel may
// be cut: 9 pixels at half the size are 5, of which the image takes 4.5.
type Span struct {
	Pixels       int
	From, Length float64
}

// Whole is the span of an image that is not cut.
func Whole(pixels int) Span { return Span{Pixels: pixels, Length: float64(pixels)} }

// Mirrored is the span from the other end.
func (s Span) Mirrored() Span {
	s.From = float64(s.Pixels) - s.From - s.Length
	return s
}
