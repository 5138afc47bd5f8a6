package resnet

import (
	"math"
	"math/rand/v2"
)

// layerWeights are one convolution's weights with those of its batch norm, in float32.
type layerWeights struct {
	kernel                        []float32 // [height, width, in, out]
	bias                          []float32 // [out]; nil where the arrangement has none
	scale, offset, mean, variance []float32 // of the batch norm, [out]
}

// denseWeights are the top's: kernel [in, out], bias [out].
type denseWeights struct{ kernel, bias []float32 }

// parameters are a network's weights, by the convolution's name.
type parameters struct {
	layers map[string]*layerWeights
	top    *denseWeights
}

// randomParameters draws kernels from He's normal distribution by the fan out, as torchvision does for a new ResNet; batch
// norms begin as the identity. The same seed gives the same weights on every machine.
func randomParameters(n network, cut string, top bool, seed uint64) parameters {
	source := rand.New(rand.NewPCG(seed, 0x68656164)) // any fixed second word
	p := parameters{layers: map[string]*layerWeights{}}
	for _, c := range n.convolutions(cut) {
		deviation := math.Sqrt(2 / float64(c.kernel*c.kernel*c.out))
		w := &layerWeights{
			kernel: normals(source, c.kernel*c.kernel*c.in*c.out, deviation),
			scale:  repeat(1, c.out), offset: repeat(0, c.out), mean: repeat(0, c.out), variance: repeat(1, c.out),
		}
		if n.biases {
			w.bias = repeat(0, c.out)
		}
		p.layers[c.name] = w
	}
	if top {
		in := n.stages[len(n.stages)-1].out
		p.top = &denseWeights{kernel: normals(source, in*classes, math.Sqrt(1/float64(in))), bias: repeat(0, classes)}
	}
	return p
}

func normals(source *rand.Rand, n int, deviation float64) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(source.NormFloat64() * deviation)
	}
	return list
}

func repeat(value float32, n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = value
	}
	return list
}

// fold merges the batch norm into the convolution: norm(conv(x)) = conv'(x) + bias, where kernel' = kernel * f and
// bias = offset + (bias - mean) * f with f = scale / sqrt(variance + epsilon).
func (w *layerWeights) fold(epsilon float64) (kernel, bias []float32) {
	out := len(w.scale)
	factor := make([]float64, out)
	bias = make([]float32, out)
	for k := range out {
		factor[k] = float64(w.scale[k]) / math.Sqrt(float64(w.variance[k])+epsilon)
		before := -float64(w.mean[k])
		if w.bias != nil {
			before += float64(w.bias[k])
		}
		bias[k] = float32(float64(w.offset[k]) + before*factor[k])
	}
	kernel = make([]float32, len(w.kernel))
	for i := 0; i < len(kernel); i += out {
		for k := range out {
			kernel[i+k] = float32(float64(w.kernel[i+k]) * factor[k])
		}
	}
	return kernel, bias
}
