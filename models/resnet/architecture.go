// Package resnet is the architecture of the residual networks of He et al. (https://arxiv.org/abs/1512.03385).
//
// It is data: the layers, the choices of their publishers, where their weights come from. The weights themselves are the package
// backbone's.
package resnet

import "fmt"

// blocks is how many blocks the stages conv2 to conv5 have, by depth, and of which kind (He et al., table 1).
var blocks = map[int]struct {
	counts [4]int
	basic  bool // two 3x3 convolutions; else bottlenecks
}{
	18:  {[4]int{2, 2, 2, 2}, true},
	34:  {[4]int{3, 4, 6, 3}, true},
	50:  {[4]int{3, 4, 6, 3}, false},
	101: {[4]int{3, 4, 23, 3}, false},
	152: {[4]int{3, 8, 36, 3}, false},
}

const (
	stemWidth = 64 // channels after the first convolution
	expansion = 4  // a bottleneck block gives four times the channels that it computes on
)

// Classes is how many classes of ImageNet the top tells apart.
const Classes = 1000

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

// Block is the block of its stage that the convolution stands in, from 0.
func (c Convolution) Block() int { return c.at.block }

// A place is where a convolution stands: block from 0 in stage, index from 1 in the block's body, 0 for its projection.
// The stem has the stage Conv1 and nothing else.
type place struct {
	stage        Stage
	block, index int
}

// block is a bottleneck, 1x1 down, 3x3, 1x1 up, or basic, 3x3 and 3x3, added to its input.
type block struct {
	body       []Convolution
	projection *Convolution // of the input, exactly where its shape changes
}

// stage is a run of blocks at one resolution.
type stage struct {
	name   Stage
	blocks []block
	out    int // channels
}

// Network is the layers of a ResNet, without weights.
type Network struct {
	depth   int
	variant Variant
	stem    Convolution
	stages  []stage // conv2 to conv5
	epsilon float64 // of every batch norm
	biases  bool    // of every convolution
}

// NewNetwork lays out the network of a depth in a variant.
func NewNetwork(depth int, variant Variant) (Network, error) {
	kind, ok := blocks[depth]
	if !ok {
		return Network{}, OneOf("depth", Depths(), depth)
	}
	n := Network{depth: depth, variant: variant}
	switch variant {
	case V1:
		// Keras's ResNet50: keras/src/applications/resnet.py.
		n.epsilon, n.biases = 1.001e-5, true
	case V15:
		// torchvision's ResNet50: torchvision/models/resnet.py, where the eps is PyTorch's default.
		n.epsilon = 1e-5
	default:
		return Network{}, OneOf("variant", []Variant{V1, V15}, variant)
	}
	n.stem = Convolution{Name: "conv1_conv", Norm: "conv1_bn", Kernel: 7, Stride: 2, In: 3, Out: stemWidth,
		Epsilon: n.epsilon, Biased: n.biases, at: place{stage: Conv1}}
	layOut := n.bottleneck
	if kind.basic {
		layOut = n.basic
	}
	in := stemWidth
	for i, count := range kind.counts {
		s := stage{name: Stages()[i+1]}
		width := stemWidth << i
		for j := range count {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			b := layOut(place{stage: s.name, block: j}, in, width, stride)
			s.blocks = append(s.blocks, b)
			in = b.body[len(b.body)-1].Out
		}
		s.out = in
		n.stages = append(n.stages, s)
	}
	return n, nil
}

// Depth is the depth in the name: 50 of ResNet50.
func (n Network) Depth() int { return n.depth }

// Variant is where its blocks stride.
func (n Network) Variant() Variant { return n.variant }

// Stem is the first convolution, which every depth has alike.
func (n Network) Stem() Convolution { return n.stem }

// Biased tells whether the convolutions have biases.
func (n Network) Biased() bool { return n.biases }

// Width is how many channels the last stage gives.
func (n Network) Width() int { return n.stages[len(n.stages)-1].out }

// layer lays out one convolution of a block.
func (n Network) layer(at place, index, kernel, stride, in, out int) Convolution {
	at.index = index
	name := fmt.Sprintf("%s_block%d_%d", at.stage, at.block+1, index)
	return Convolution{
		Name: name + "_conv", Norm: name + "_bn", Kernel: kernel, Stride: stride, In: in, Out: out, Epsilon: n.epsilon, Biased: n.biases, at: at,
	}
}

// basic lays out one basic block. Both variants stride on its first convolution.
func (n Network) basic(at place, in, width, stride int) block {
	return n.projected(at, stride, block{body: []Convolution{
		n.layer(at, 1, 3, stride, in, width),
		n.layer(at, 2, 3, 1, width, width),
	}})
}

// bottleneck lays out one bottleneck that computes on width channels.
func (n Network) bottleneck(at place, in, width, stride int) block {
	first, second := stride, 1
	if n.variant == V15 {
		first, second = 1, stride
	}
	return n.projected(at, stride, block{body: []Convolution{
		n.layer(at, 1, 1, first, in, width),
		n.layer(at, 2, 3, second, width, width),
		n.layer(at, 3, 1, 1, width, width*expansion),
	}})
}

// projected gives a block its projection where its output has another shape than its input.
func (n Network) projected(at place, stride int, b block) block {
	if in, out := b.body[0].In, b.body[len(b.body)-1].Out; in != out {
		projection := n.layer(at, 0, 1, stride, in, out)
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

// RunAfter runs the stages after the one named from, whose feature maps x are (empty: all, stem included), up to the last of the
// cut. It returns the feature maps of each stage of the cut, which has no stage before from.
func RunAfter[T any](n Network, e Engine[T], x T, from Stage, cut Cut) []T {
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
	y, last := x, len(b.body)-1
	for _, c := range b.body[:last] {
		y = e.Relu(e.Convolve(y, c))
	}
	return e.Merge(e.Convolve(y, b.body[last]), shortcut)
}

// Convolutions lists the convolutions up to and including a stage, in the order in which RunAfter runs them.
func (n Network) Convolutions(last Stage) []Convolution {
	list := []Convolution{n.stem}
	if last == Conv1 {
		return list
	}
	for _, s := range n.stages {
		for _, b := range s.blocks {
			if b.projection != nil {
				list = append(list, *b.projection)
			}
			list = append(list, b.body...)
		}
		if s.name == last {
			break
		}
	}
	return list
}

// Convolutions lists the convolutions up to the cut, in the order in which RunAfter runs them.
func (a Architecture) Convolutions() ([]Convolution, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	n, err := NewNetwork(a.Depth, a.Variant)
	if err != nil {
		return nil, err
	}
	return n.Convolutions(a.Cut.Last()), nil
}

// Shape is that of one image's feature maps after a stage: [height, width, channels].
func (n Network) Shape(size int, stageName Stage) []int {
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
