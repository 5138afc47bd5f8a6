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
	topLayer  = "predictions"
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
	name   Stage
	blocks []block
	out    int // channels
}

// network is the architecture as data.
type network struct {
	depth   int
	variant Variant
	stem    convolution
	stages  []stage // conv2 to conv5
	epsilon float64 // of every batch norm
	biases  bool    // whether convolutions have biases, which their batch norm could absorb
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
	n.stem = convolution{name: "conv1_conv", norm: "conv1_bn", kernel: 7, stride: 2, in: 3, out: stemWidth}
	in := stemWidth
	for i, count := range counts {
		s := stage{name: Stages()[i+1]}
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

// engine runs layers on feature maps of type T: what a convolution is made of, and in which layout feature maps are kept, is
// its own. Every convolution comes with its batch norm.
type engine[T any] interface {
	stem(x T, c convolution) T // convolution, batch norm, relu, 3x3 max-pool by stride 2
	convolve(x T, c convolution) T
	relu(x T) T
	merge(x, y T) T // the sum, then relu
}

// forward runs the stages after the one named from (empty: all, stem included) up to and including the one named to.
func forward[T any](n network, e engine[T], x T, from, to Stage) T {
	running := from == ""
	if running {
		x = e.stem(x, n.stem)
	}
	running = running || from == Conv1
	if to == Conv1 {
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

// convolutions lists the convolutions up to and including a stage, in the order in which forward runs them.
func (n network) convolutions(cut Stage) []convolution {
	list := []convolution{n.stem}
	if cut == Conv1 {
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

// stageOf is the stage of a convolution or a batch norm, with which its name begins.
func stageOf(layer string) Stage { return Stage(layer[:min(len(Conv1), len(layer))]) }
