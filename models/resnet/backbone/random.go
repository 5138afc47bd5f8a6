package backbone

import (
	"math"
	"math/rand/v2"

	"github.com/headstart-nb/headstart/models/resnet"
)

// A randomizer draws an untrained network. Kernels are He-normal by the fan out, as in a new ResNet of torchvision, and each
// batch norm holds the variance that it would measure, estimated from the mean square of what reaches it. With an identity
// in its place the feature maps of every block would be twice as strong as those before, and the features some ten thousand times
// too large for a head to learn from.
type randomizer struct {
	source *rand.Rand
	biases bool
	layers map[string]*layerWeights
}

const (
	// A normalized feature map is about standard normal; half of its square is left after a relu.
	reluPower = 0.5
	// The largest of nine neighbors, which overlap, after the stem's max-pool. An estimate.
	pooledPower = 1.5
	// What a block adds to the mean square of its shortcut, which a relu has left positive. An estimate.
	addedPower = 0.75
)

// randomParameters draws the weights up to a stage, for preprocessed images of the mode. The same seed gives the same
// weights on every machine.
func randomParameters(n resnet.Network, cut resnet.Stage, top bool, mode resnet.Preprocess, seed uint64) parameters {
	r := randomizer{
		source: rand.New(rand.NewPCG(seed, 0x68656164)), // any fixed second word
		biases: n.Biased(), layers: map[string]*layerWeights{},
	}
	resnet.RunAfter(n, r, signal{power: inputPower(mode)}, "", resnet.Cut(cut))
	p := parameters{layers: r.layers}
	if top {
		in := n.Width()
		p.top = &denseWeights{kernel: normals(r.source, in*resnet.Classes, math.Sqrt(1/float64(in))), bias: repeat(0, resnet.Classes)}
	}
	return p
}

// A signal is what the randomizer knows of feature maps: their mean square, and whether they come straight from a batch norm.
type signal struct {
	power      float64
	normalized bool
}

var _ resnet.Engine[signal] = randomizer{}

// Stem draws the first convolution.
func (r randomizer) Stem(x signal, c resnet.Convolution) signal {
	r.draw(c, x.power)
	return signal{power: pooledPower}
}

// Convolve draws a convolution, whose batch norm leaves standard normal feature maps.
func (r randomizer) Convolve(x signal, c resnet.Convolution) signal {
	r.draw(c, x.power)
	return signal{power: 1, normalized: true}
}

// Relu leaves half of the mean square.
func (randomizer) Relu(x signal) signal { return signal{power: reluPower * x.power} }

// Merge adds a block's output to its shortcut: another standard normal where the shortcut is projected.
func (randomizer) Merge(x, shortcut signal) signal {
	if shortcut.normalized {
		return signal{power: reluPower * (x.power + shortcut.power)}
	}
	return signal{power: shortcut.power + addedPower}
}

// draw draws a convolution and its batch norm for an input of a mean square.
func (r randomizer) draw(c resnet.Convolution, power float64) {
	taps := float64(c.Kernel * c.Kernel)
	deviation := math.Sqrt(2 / (taps * float64(c.Out)))
	variance := taps * float64(c.In) * deviation * deviation * power
	w := &layerWeights{
		kernel: normals(r.source, c.Kernel*c.Kernel*c.In*c.Out, deviation),
		scale:  repeat(1, c.Out), offset: repeat(0, c.Out), mean: repeat(0, c.Out), variance: repeat(float32(variance), c.Out),
	}
	if r.biases {
		w.bias = repeat(0, c.Out)
	}
	r.layers[c.Name] = w
}

// inputPower is about the mean square of a photo's values after the preprocessing: ImageNet's pixels deviate by 58 of 255.
func inputPower(mode resnet.Preprocess) float64 {
	switch mode {
	case resnet.PreprocessCaffe:
		return 58 * 58
	case resnet.PreprocessRescale:
		return 0.45*0.45 + 0.23*0.23
	}
	return 1
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
