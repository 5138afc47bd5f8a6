package resnet

import "fmt"

// blocks is how many bottleneck blocks the stages conv2 to conv5 have, by depth (He et al., table 1).
var blocks = map[int][4]int{
	50:  {3, 4, 6, 3},
	101: {3, 4, 23, 3},
	152: {3, 8, 36, 3},
}

const (
	stemWidth = 64   // channels after the first convolution
	expansion = 4    // a bottleneck block gives four times the channels that it computes on
	classes   = 1000 // of ImageNet, which the top tells apart
)

// TopLayer is Keras's name of the top.
const TopLayer = "predictions"

// Convolution is one convolution with the batch norm that follows it. Padding is symmetric, half the kernel's size.
type Convolution struct {
	Name, Norm string // as Keras names the two layers
	Kernel     int    // height and width
	Stride     int
	In, Out    int     // channels
	Epsilon    float64 // of the batch norm
	Biased     bool    // whether the convolution has a bias, which its batch norm could absorb

	at place
}

// Stage is the stage that the convolution stands in.
func (c Convolution) Stage() Stage { return c.at.stage }

// A place is where a convolution stands: block from 0 in stage, index from 1 to 3 in the block's body, 0 for its projection.
// The stem has the stage Conv1 and nothing else.
type place struct {
	stage        Stage
	block, index int
}

// block is a bottleneck: 1x1 down, 3x3, 1x1 up, added to its input.
type block struct {
	body       [3]Convolution
	projection *Convolution // of the input, exactly where its shape changes
}

// stage is a run of blocks at one resolution.
type stage struct {
	name   Stage
	blocks []block
	out    int // channels
}

// network is the architecture as data.
type network struct {
	depth   int
	variant Variant
	stem    Convolution
	stages  []stage // conv2 to conv5
	epsilon float64 // of every batch norm
	biases  bool    // of every convolution
}

// newNetwork lays out the network of a depth in a variant.
func newNetwork(depth int, variant Variant) (network, error) {
	counts, ok := blocks[depth]
	if !ok {
		return network{}, check("depth", Depths(), depth)
	}
	n := network{depth: depth, variant: variant}
	switch variant {
	case V1:
		// Keras's ResNet50: keras/src/applications/resnet.py.
		n.epsilon, n.biases = 1.001e-5, true
	case V15:
		// torchvision's ResNet50: torchvision/models/resnet.py, where the eps is PyTorch's default.
		n.epsilon = 1e-5
	default:
		return network{}, check("variant", []Variant{V1, V15}, variant)
	}
	n.stem = Convolution{Name: "conv1_conv", Norm: "conv1_bn", Kernel: 7, Stride: 2, In: 3, Out: stemWidth,
		Epsilon: n.epsilon, Biased: n.biases, at: place{stage: Conv1}}
	in := stemWidth
	for i, count := range counts {
		s := stage{name: Stages()[i+1]}
		width := stemWidth << i
		for j := range count {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			s.blocks = append(s.blocks, n.bottleneck(place{stage: s.name, block: j}, in, width, stride))
			in = width * expansion
		}
		s.out = in
		n.stages = append(n.stages, s)
	}
	return n, nil
}

// bottleneck lays out one block that computes on width channels.
func (n network) bottleneck(at place, in, width, stride int) block {
	name := fmt.Sprintf("%s_block%d", at.stage, at.block+1)
	layer := func(i, kernel, stride, in, out int) Convolution {
		at.index = i
		return Convolution{
			Name: fmt.Sprintf("%s_%d_conv", name, i), Norm: fmt.Sprintf("%s_%d_bn", name, i),
			Kernel: kernel, Stride: stride, In: in, Out: out, Epsilon: n.epsilon, Biased: n.biases, at: at,
		}
	}
	first, second := stride, 1
	if n.variant == V15 {
		first, second = 1, stride
	}
	out := width * expansion
	b := block{body: [3]Convolution{
		layer(1, 1, first, in, width),
		layer(2, 3, second, width, width),
		layer(3, 1, 1, width, out),
	}}
	if in != out {
		projection := layer(0, 1, stride, in, out)
		b.projection = &projection
	}
	return b
}

// Engine runs layers on feature maps of type T: what a convolution is made of, and in which layout feature maps are kept, is
// its own. Every convolution comes with its batch norm.
type Engine[T any] interface {
	Stem(x T, c Convolution) T // convolution, batch norm, relu, 3x3 max-pool by stride 2
	Convolve(x T, c Convolution) T
	Relu(x T) T
	Merge(x, y T) T // the sum, then relu
}

// Forward runs the network up to its cut, without preprocessing, pooling and top. It returns the feature maps of each stage of
// the cut, in its order.
func Forward[T any](b *Backbone, e Engine[T], x T) []T {
	return forward(b.network, e, x, "", b.architecture.Cut)
}

// forward runs the stages after the one named from, whose feature maps x are (empty: all, stem included), up to the last of the
// cut. It returns the feature maps of each stage of the cut, which has no stage before from.
func forward[T any](n network, e Engine[T], x T, from Stage, cut Cut) []T {
	var maps []T
	running := from == ""
	last := cut.Last()
	done := func(s Stage) bool {
		if running && cut.has(s) {
			maps = append(maps, x)
		}
		return s == last
	}
	if running {
		x = e.Stem(x, n.stem)
	}
	running = running || from == Conv1
	if done(Conv1) {
		return maps
	}
	for _, s := range n.stages {
		if running {
			for _, b := range s.blocks {
				x = forwardBlock(e, x, b)
			}
		}
		running = running || s.name == from
		if done(s.name) {
			break
		}
	}
	return maps
}

func forwardBlock[T any](e Engine[T], x T, b block) T {
	shortcut := x
	if b.projection != nil {
		shortcut = e.Convolve(x, *b.projection)
	}
	y := e.Relu(e.Convolve(x, b.body[0]))
	y = e.Relu(e.Convolve(y, b.body[1]))
	y = e.Convolve(y, b.body[2])
	return e.Merge(y, shortcut)
}

// convolutions lists the convolutions up to and including a stage, in the order in which forward runs them.
func (n network) convolutions(last Stage) []Convolution {
	list := []Convolution{n.stem}
	if last == Conv1 {
		return list
	}
	for _, s := range n.stages {
		for _, b := range s.blocks {
			if b.projection != nil {
				list = append(list, *b.projection)
			}
			list = append(list, b.body[:]...)
		}
		if s.name == last {
			break
		}
	}
	return list
}

// Convolutions lists the convolutions up to the cut, in the order in which Forward runs them.
func (a Architecture) Convolutions() ([]Convolution, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	n, err := newNetwork(a.Depth, a.Variant)
	if err != nil {
		return nil, err
	}
	return n.convolutions(a.Cut.Last()), nil
}

// shape of one image's feature maps after a stage: [height, width, channels].
func (n network) shape(size int, stageName Stage) []int {
	h, c := half(half(size)), stemWidth
	for i, s := range n.stages {
		if stageName == Conv1 {
			break
		}
		if i > 0 {
			h = half(h)
		}
		c = s.out
		if s.name == stageName {
			break
		}
	}
	return []int{h, h, c}
}

// half is what a stride of 2 with symmetric padding leaves of a height or width.
func half(x int) int { return (x + 1) / 2 }
