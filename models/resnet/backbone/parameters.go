package backbone

import (
	"math"
)

// layerWeights are one convolution's weights with those of its batch norm, in float32.
type layerWeights struct {
	kernel                        []float32 // [height, width, in, out]
	bias                          []float32 // [out]; nil where the variant has none
	scale, offset, mean, variance []float32 // of the batch norm, [out]
}

// denseWeights are the top's: kernel [in, out], bias [out].
type denseWeights struct{ kernel, bias []float32 }

// parameters are a network's weights, by the convolution's name.
type parameters struct {
	layers map[string]*layerWeights
	top    *denseWeights
}

// fold merges the batch norm into the convolution: norm(conv(x)) = conv'(x) + bias, where kernel' = kernel * f and
// bias = offset + (bias - mean) * f with f = scale / sqrt(variance + epsilon). It gives f, for foldKernel, and the bias.
func (w *layerWeights) fold(epsilon float64) (factor []float64, bias []float32) {
	out := len(w.scale)
	factor = make([]float64, out)
	bias = make([]float32, out)
	for k := range out {
		factor[k] = float64(w.scale[k]) / math.Sqrt(float64(w.variance[k])+epsilon)
		before := -float64(w.mean[k])
		if w.bias != nil {
			before += float64(w.bias[k])
		}
		bias[k] = float32(float64(w.offset[k]) + before*factor[k])
	}
	return factor, bias
}

// foldKernel writes kernel * factor to a slice of the kernel's length.
func (w *layerWeights) foldKernel(to []float32, factor []float64) {
	for i := 0; i < len(to); i += len(factor) {
		for k, f := range factor {
			to[i+k] = float32(float64(w.kernel[i+k]) * f)
		}
	}
}
