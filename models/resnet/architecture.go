package resnet

import (
	"fmt"
	"slices"
)

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
	topLayer  = "predictions"
)

// Variants of the network: where its publishers differ.
const (
	// V1 is the paper's and Keras's: a block strides on its first 1x1 convolution.
	V1 = "v1"
	// V15 is torchvision's, timm's and Hugging Face's: a block strides on its 3x3 convolution.
	V15 = "v1.5"
)

// convolution is one convolution with the batch norm that follows it. Padding is symmetric, half the kernel's size.
type convolution struct {
	name, norm string // as Keras names the two layers
	kernel     int    // height and width
	stride     int
	in, out    int // channels
}

// block is a bottleneck: 1x1 down, 3x3, 1x1 up, added to its input.
type block struct {
	name       string
	body       [3]convolution
	projection *convolution // of the input, exactly where its shape changes
}

// stage is a run of blocks at one resolution.
type stage struct {
	name   string
	blocks []block
	out    int // channels
}

// network is the architecture as data.
type network struct {
	depth   int
	variant string
	stem    convolution
	stages  []stage // conv2 to conv5
	epsilon float64 // of every batch norm
	biases  bool    // whether convolutions have biases, which their batch norm could absorb
}

// newNetwork lays out the network of a depth in a variant.
func newNetwork(depth int, variant string) (network, error) {
	counts, ok := blocks[depth]
	if !ok {
		return network{}, fmt.Errorf("resnet: there is no depth %d; the depths are 50, 101 and 152", depth)
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
		return network{}, fmt.Errorf("resnet: there is no variant %q; they are v1 (Keras) and v1.5 (torchvision)", variant)
	}
	n.stem = convolution{name: "conv1_conv", norm: "conv1_bn", kernel: 7, stride: 2, in: 3, out: stemWidth}
	in := stemWidth
	for i, count := range counts {
		s := stage{name: fmt.Sprintf("conv%d", i+2)}
		width := stemWidth << i
		for j := range count {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			s.blocks = append(s.blocks, n.bottleneck(fmt.Sprintf("%s_block%d", s.name, j+1), in, width, stride))
			in = width * expansion
		}
		s.out = in
		n.stages = append(n.stages, s)
	}
	return n, nil
}

// bottleneck lays out one block that computes on width channels.
func (n network) bottleneck(name string, in, width, stride int) block {
	layer := func(i, kernel, stride, in, out int) convolution {
		return convolution{
			name: fmt.Sprintf("%s_%d_conv", name, i), norm: fmt.Sprintf("%s_%d_bn", name, i),
			kernel: kernel, stride: stride, in: in, out: out,
		}
	}
	first, second := stride, 1
	if n.variant == V15 {
		first, second = 1, stride
	}
	out := width * expansion
	b := block{name: name, body: [3]convolution{
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

// engine runs layers on feature maps of type T: what a convolution is made of, and in which layout maps are kept, is its
// own. Every convolution comes with its batch norm.
type engine[T any] interface {
	stem(x T, c convolution) T // convolution, batch norm, relu, 3x3 max-pool by stride 2
	convolve(x T, c convolution) T
	relu(x T) T
	merge(x, y T) T // the sum, then relu
}

// forward runs the stages after the one named from (empty: all, stem included) up to and including the one named to.
func forward[T any](n network, e engine[T], x T, from, to string) T {
	running := from == ""
	if running {
		x = e.stem(x, n.stem)
	}
	running = running || from == "conv1"
	if to == "conv1" {
		return x
	}
	for _, s := range n.stages {
		if running {
			for _, b := range s.blocks {
				x = forwardBlock(e, x, b)
			}
		}
		running = running || s.name == from
		if s.name == to {
			break
		}
	}
	return x
}

func forwardBlock[T any](e engine[T], x T, b block) T {
	shortcut := x
	if b.projection != nil {
		shortcut = e.convolve(x, *b.projection)
	}
	y := e.relu(e.convolve(x, b.body[0]))
	y = e.relu(e.convolve(y, b.body[1]))
	y = e.convolve(y, b.body[2])
	return e.merge(y, shortcut)
}

// stageNames lists the stages from input to output.
func (n network) stageNames() []string {
	names := []string{"conv1"}
	for _, s := range n.stages {
		names = append(names, s.name)
	}
	return names
}

// convolutions lists the convolutions up to and including a stage, in the order in which forward runs them.
func (n network) convolutions(cut string) []convolution {
	list := []convolution{n.stem}
	if cut == "conv1" {
		return list
	}
	for _, s := range n.stages {
		for _, b := range s.blocks {
			if b.projection != nil {
				list = append(list, *b.projection)
			}
			list = append(list, b.body[:]...)
		}
		if s.name == cut {
			break
		}
	}
	return list
}

// shape of one image's maps after a stage: [height, width, channels].
func (n network) shape(size int, stageName string) []int {
	h, c := half(half(size)), stemWidth
	for i, s := range n.stages {
		if stageName == "conv1" {
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

// stageOf is the stage of a convolution or a batch norm, with which its name begins.
func stageOf(layer string) string { return layer[:min(len("conv1"), len(layer))] }

// checkStage says which stages there are where name is none of them.
func (n network) checkStage(name string) error {
	if !slices.Contains(n.stageNames(), name) {
		return fmt.Errorf("resnet: there is no stage %q; the stages are conv1 (the stem), conv2, conv3, conv4 and conv5", name)
	}
	return nil
}
