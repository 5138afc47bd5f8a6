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
func triangle(source span, result int) axis {
	scale := source.length / float64(result)
	width := max(scale, 1) // of half the triangle, in source pixels
	a := newAxis(result, int(math.Ceil(width))*2+1)
	for i := range result {
		center := source.from + (float64(i)+0.5)*scale
		from := max(int(center-width+0.5), 0)
		to := min(int(center+width+0.5), source.pixels)
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
func nearest(source span, result int) axis {
	a := newAxis(result, 1)
	step := source.length / float64(result)
	at := source.from + step*0.5
	for i := range result {
		a.first[i] = int32(min(int(at), source.pixels-1))
		a.weight[i] = 1
		at += step
	}
	return a
}

// axes returns the two axes that bring an image to a geometry.
func (g Geometry) axes(across, down span) (x, y axis) {
	switch g.Method {
	case Nearest:
		return nearest(across, g.Size), nearest(down, g.Size)
	case Crop:
		w, h := g.whole(across.length, down.length)
		left := int(math.RoundToEven(float64(w-g.Size) / 2))
		top := int(math.RoundToEven(float64(h-g.Size) / 2))
		return triangle(across, w).window(left, g.Size), triangle(down, h).window(top, g.Size)
	}
	return triangle(across, g.Size), triangle(down, g.Size)
}

// whole is the size to which the whole of an image is brought.
func (g Geometry) whole(width, height float64) (w, h int) {
	if g.Method == Crop {
		// torchvision's Resize(size*256/224) keeps the proportions and cuts the longer side to a whole number; CenterCrop
		// rounds its offset half to even.
		short := (g.Size*256 + 112) / 224
		if width > height {
			return int(float64(short) * width / height), short
		}
		return short, int(float64(short) * height / width)
	}
	return g.Size, g.Size
}

// reduction is how many times smaller than its full size a JPEG may be decoded: 1, 2, 4 or 8. What is left is at least twice what it
// becomes, so that the resize has the last word on every pixel.
func (g Geometry) reduction(width, height int) int {
	if g.Decode != Scaled || g.Method == Nearest {
		return 1
	}
	w, h := g.whole(float64(width), float64(height))
	for _, reduction := range [3]int{8, 4, 2} {
		if width >= 2*reduction*w && height >= 2*reduction*h {
			return reduction
		}
	}
	return 1
}
