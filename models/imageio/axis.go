package imageio

import "math"

// An axis says, for every pixel of one side of the result, which source pixels it is made of and with which weights.
type axis struct {
	taps   int       // weights per result pixel; unused ones are 0
	first  []int32   // index of the first source pixel
	weight []float64 // [len(first), taps], each row sums to 1
}

func newAxis(size, taps int) axis {
	return axis{taps: taps, first: make([]int32, size), weight: make([]float64, size*taps)}
}

func (a axis) weights(i int) []float64 { return a.weight[i*a.taps:][:a.taps] }

// window cuts out the result pixels from to from+size.
func (a axis) window(from, size int) axis {
	return axis{taps: a.taps, first: a.first[from : from+size], weight: a.weight[from*a.taps : (from+size)*a.taps]}
}

// triangle is the axis of Pillow's BILINEAR: a triangle two source pixels wide, or two result pixels where it shrinks
// (Resample.c, precompute_coeffs).
func triangle(source, result int) axis {
	scale := float64(source) / float64(result)
	width := max(scale, 1) // of half the triangle, in source pixels
	a := newAxis(result, int(math.Ceil(width))*2+1)
	for i := range result {
		center := (float64(i) + 0.5) * scale
		from := max(int(center-width+0.5), 0)
		to := min(int(center+width+0.5), source)
		a.first[i] = int32(from)
		weights := a.weights(i)
		sum := 0.0
		for x := from; x < to; x++ {
			w := max(1-math.Abs((float64(x)-center+0.5)/width), 0)
			weights[x-from] = w
			sum += w
		}
		for k := range weights {
			weights[k] /= sum
		}
	}
	return a
}

// nearest is the axis of Pillow's NEAREST (Geometry.c, ImagingScaleAffine), which adds up the step in floating point.
func nearest(source, result int) axis {
	a := newAxis(result, 1)
	step := float64(source) / float64(result)
	at := step * 0.5
	for i := range result {
		a.first[i] = int32(min(int(at), source-1))
		a.weight[i] = 1
		at += step
	}
	return a
}

// axes returns the two axes that bring an image of width x height to a geometry.
func (g Geometry) axes(width, height int) (x, y axis) {
	switch g.Method {
	case Nearest:
		return nearest(width, g.Size), nearest(height, g.Size)
	case Crop:
		// torchvision's Resize(size*256/224) keeps the proportions and cuts the longer side to a whole number; CenterCrop
		// rounds its offset half to even.
		short := (g.Size*256 + 112) / 224
		w, h := short, short
		if width > height {
			w = int(float64(short) * float64(width) / float64(height))
		} else {
			h = int(float64(short) * float64(height) / float64(width))
		}
		left := int(math.RoundToEven(float64(w-g.Size) / 2))
		top := int(math.RoundToEven(float64(h-g.Size) / 2))
		return triangle(width, w).window(left, g.Size), triangle(height, h).window(top, g.Size)
	}
	return triangle(width, g.Size), triangle(height, g.Size)
}
