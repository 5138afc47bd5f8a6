package onnxnet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
)

// maxFile is the format's own limit of a file, in bytes.
const maxFile = 1<<31 - 1

// PreprocessNone leaves the pixels as they are, from 0 to 255: the network brings its own preprocessing.
const PreprocessNone resnet.Preprocess = "none"

// Preprocessings lists what Options.Preprocess takes.
func Preprocessings() []resnet.Preprocess {
	return append([]resnet.Preprocess{PreprocessNone}, resnet.Preprocessings()...)
}

// Options say how a file is used.
type Options struct {
	Output     string            // of a node, whose numbers are the features; empty: the input of the last classifying layers, as Open finds it
	Size       int               // height and width of the images; 0: those of the file, else 224
	Preprocess resnet.Preprocess // auto: none for images of bytes, torch for others
	SHA256     string            // that the file must have; empty: any
}

// A Network is a file that is ready to compute features. It is immutable and safe for concurrent use.
type Network struct {
	path, digest string
	options      Options
	file         *file
	nodes        []node // those that the output needs, in order
	input        port
	bytes        bool // [batch, height, width, 3] of bytes, else [batch, 3, height, width] of float32 numbers
	weights      []string
	together     int   // images that have to be computed at once; 0: any number
	shape        []int // of the output, without the batch
}

// An UnsupportedError is a network with operators that cannot be computed here.
type UnsupportedError struct {
	Path      string
	Operators []string // their names, without duplicates, in order
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("open %s: these operators are not supported: %s; export another network, or cut it before they come (%d are supported: %s)",
		e.Path, strings.Join(e.Operators, ", "), len(Operators()), strings.Join(Operators(), ", "))
}

// An OutputError is an output that the network does not have.
type OutputError struct {
	Path, Output string
	Have         []string // the last ones of the graph
}

func (e *OutputError) Error() string {
	return fmt.Sprintf("cut %s: there is no output %q; the last ones are %s", e.Path, e.Output, strings.Join(e.Have, ", "))
}

// Open reads a file and checks that all of it can be computed.
func Open(ctx context.Context, path string, o Options) (*Network, error) {
	sum, _, err := digest.File(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if o.SHA256 != "" && o.SHA256 != sum {
		return nil, fmt.Errorf("open %s: %w", path, &resnet.DigestError{Want: o.SHA256, Got: sum})
	}
	data, err := safefile.ReadFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	n, err := read(data, path, sum, o)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// read makes a network of a file's contents.
func read(data []byte, path, sum string, o Options) (*Network, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	n := &Network{path: path, digest: sum, options: o, file: f}
	if err := n.settle(); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := n.cut(); err != nil {
		return nil, err
	}
	if err := n.measure(); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return n, nil
}

// settle finds the input, and fills in what the options leave open.
func (n *Network) settle() error {
	var open []port
	for _, p := range n.file.inputs {
		if _, ok := n.file.tensors[p.name]; !ok { // older files list their weights as inputs too
			open = append(open, p)
		}
	}
	if len(open) != 1 {
		return fmt.Errorf("a network for images has one input; this one has %d", len(open))
	}
	n.input = open[0]
	dims := n.input.shape
	var height, width int
	switch {
	case len(dims) == 4 && n.input.kind == uint8Kind && (dims[3] == 3 || dims[3] == -1):
		n.bytes, height, width = true, dims[1], dims[2]
	case len(dims) == 4 && n.input.kind == float32Kind && (dims[1] == 3 || dims[1] == -1):
		height, width = dims[2], dims[3]
	default:
		return fmt.Errorf("its input %q has the element type %d and the shape %v; it must be float32 [batch, 3, height, width] or uint8 [batch, height, width, 3]",
			n.input.name, n.input.kind, dims)
	}
	if dims[0] > largestFixed {
		return fmt.Errorf("its images come %d at once; export it with an open batch size", dims[0])
	}
	if height != width && height > 0 && width > 0 {
		return fmt.Errorf("its images are %d by %d; they must be square", height, width)
	}
	fixed := max(height, width)
	switch {
	case n.options.Size == 0 && fixed > 0:
		n.options.Size = fixed
	case n.options.Size == 0:
		n.options.Size = resnet.DefaultOptions().Size
	case fixed > 0 && fixed != n.options.Size:
		return fmt.Errorf("its images are %d by %d; got a size of %d", fixed, fixed, n.options.Size)
	}
	if n.options.Size < 1 || n.options.Size > 2048 {
		return fmt.Errorf("the size must be 1 to 2048 pixels; got %d", n.options.Size)
	}
	switch n.options.Preprocess {
	case "", resnet.PreprocessAuto:
		n.options.Preprocess = resnet.PreprocessTorch
		if n.bytes {
			n.options.Preprocess = PreprocessNone
		}
	case PreprocessNone:
	default:
		if _, ok := n.options.Preprocess.Normalization(); !ok || n.bytes {
			return fmt.Errorf("the preprocessing %q does not fit: images of bytes need none, others none, caffe, torch or rescale", n.options.Preprocess)
		}
	}
	return nil
}

// mostNamed is how many outputs an error names.
const mostNamed = 8

// cut keeps the nodes that the output needs, and refuses operators that are not supported.
func (n *Network) cut() error {
	if len(n.file.nodes) == 0 {
		return fmt.Errorf("open %s: it has no operators", n.path)
	}
	if n.options.Output == "" {
		n.options.Output = n.features()
	}
	made := map[string]int{} // by output: the index of its node
	for i, node := range n.file.nodes {
		for _, name := range node.outputs {
			made[name] = i
		}
	}
	if _, ok := made[n.options.Output]; !ok {
		e := &OutputError{Path: n.path, Output: n.options.Output}
		for _, node := range n.file.nodes[max(0, len(n.file.nodes)-mostNamed):] {
			e.Have = append(e.Have, node.outputs...)
		}
		return e
	}
	needed, weights := n.needed(made)
	known, unknown := operators(), map[string]bool{}
	for i, node := range n.file.nodes {
		if !needed[i] {
			continue
		}
		n.nodes = append(n.nodes, node)
		if _, ok := known[node.op]; !ok || node.domain != "" && node.domain != "ai.onnx" {
			name := node.op
			if node.domain != "" {
				name = node.domain + "." + name
			}
			unknown[name] = true
		}
	}
	if len(unknown) > 0 {
		return &UnsupportedError{Path: n.path, Operators: slices.Sorted(maps.Keys(unknown))}
	}
	for name := range weights {
		if t := n.file.tensors[name]; t.floats != nil && t.size() >= asParameter {
			n.weights = append(n.weights, name)
		}
	}
	slices.Sort(n.weights)
	return nil
}

// needed are the nodes, by their index, and the weights that the output depends on. made is the node of each output.
func (n *Network) needed(made map[string]int) (nodes map[int]bool, weights map[string]bool) {
	nodes, weights = map[int]bool{}, map[string]bool{}
	for open := []string{n.options.Output}; len(open) > 0; {
		name := open[len(open)-1]
		open = open[:len(open)-1]
		if _, ok := n.file.tensors[name]; ok {
			weights[name] = true
			continue
		}
		i, ok := made[name]
		if !ok || nodes[i] {
			continue
		}
		nodes[i] = true
		open = append(open, n.file.nodes[i].inputs...)
	}
	return nodes, weights
}

// asParameter is how many numbers a weight has at least that is handed to the compiled graph. Fewer are constants in it. All of a
// ResNet50's as constants would take XLA 40 s to compile.
const asParameter = 32

// classifying are the operators that stand at the end of a classifier: what goes into the first of them are its features.
func classifying(op string) bool {
	return slices.Contains([]string{"Gemm", "MatMul", "Add", "Softmax", "Sigmoid", "Identity", "LogSoftmax", "Dropout"}, op)
}

// features is the output before the last classifying operators: the input of the last Gemm or MatMul, where only such follow.
func (n *Network) features() string {
	nodes := n.file.nodes
	for i := len(nodes) - 1; i >= 0 && classifying(nodes[i].op); i-- {
		if op := nodes[i].op; (op == "Gemm" || op == "MatMul") && len(nodes[i].inputs) > 0 {
			return nodes[i].inputs[0]
		}
	}
	last := nodes[len(nodes)-1]
	if len(last.outputs) == 0 {
		return ""
	}
	return last.outputs[0]
}

// largestFixed is the largest batch size that a file may prescribe.
const largestFixed = 256

// measure builds the graph, without a device to compute it, to know the shape of its output, and whether it takes another number of images
// than the file says: PyTorch writes the shapes of one image into a file unless the batch size is declared open.
func (n *Network) measure() error {
	batch := max(1, n.input.shape[0])
	shape, err := n.shapeOf(batch)
	if err != nil {
		return err
	}
	n.shape = shape
	if _, err := n.shapeOf(2 * batch); err != nil {
		n.together = batch
	}
	return nil
}

// shapeOf is the shape of the output for one image of a batch.
func (n *Network) shapeOf(batch int) (shape []int, err error) {
	device, err := accel.Open(context.Background(), accel.Options{Device: "go"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = device.Close() }() // it holds nothing
	err = accel.Try(func() error {
		g := graph.NewGraph(device.Backend, "measure")
		defer g.Finalize()
		inputs := []*graph.Node{graph.Parameter(g, "images", n.pixels(batch))}
		for i, shape := range n.weightShapes() {
			inputs = append(inputs, graph.Parameter(g, fmt.Sprint("weight ", i), shape))
		}
		out := n.build(inputs)
		shape = slices.Clone(out.Shape().Dimensions[1:])
		if len(shape) != 1 || shape[0] < 1 {
			return fmt.Errorf("its output %q has the shape %v for an image; features are a vector, feature maps or tokens", n.options.Output, shape)
		}
		return nil
	})
	return shape, err
}

// pixels is the shape of a batch of images.
func (n *Network) pixels(batch int) shapes.Shape {
	return shapes.Make(dtypes.Uint8, batch, n.options.Size, n.options.Size, 3)
}

func (n *Network) weightShapes() []shapes.Shape {
	var list []shapes.Shape
	for _, name := range n.weights {
		list = append(list, shapes.Make(dtypes.Float32, n.file.tensors[name].shape...))
	}
	return list
}

// build makes the graph: images [batch, size, size, 3] uint8 RGB, and the weights, to features [batch, length] of float32.
func (n *Network) build(inputs []*graph.Node) *graph.Node {
	images := inputs[0]
	b := &builder{graph: images.Graph(), batch: images.Shape().Dimensions[0], opset: n.file.opset, env: map[string]value{}}
	for name, t := range n.file.tensors {
		b.env[name] = value{host: t}
	}
	for i, name := range n.weights {
		b.env[name] = value{node: inputs[i+1]}
	}
	b.env[n.input.name] = value{node: n.prepared(images)}
	b.run(n.nodes)
	out, ok := b.env[n.options.Output]
	if !ok || out.node == nil || out.node.DType() != dtypes.Float32 {
		panic(errors.New("its output does not depend on the images"))
	}
	return pooled(out.node, images.Shape().Dimensions[0])
}

// prepared brings images to the network's layout and preprocessing.
func (n *Network) prepared(images *graph.Node) *graph.Node {
	if n.bytes {
		return images
	}
	x := graph.ConvertDType(images, dtypes.Float32)
	if p, ok := n.options.Preprocess.Normalization(); ok {
		x = p.Apply(x)
	}
	return graph.TransposeAllAxes(x, 0, 3, 1, 2)
}

// pooled makes a vector for each image of an output.
func pooled(x *graph.Node, batch int) *graph.Node {
	dims := x.Shape().Dimensions
	if len(dims) < 2 || dims[0] != batch {
		panic(fmt.Errorf("its output has the shape %v for %d images", dims, batch))
	}
	switch len(dims) {
	case 4: // feature maps
		return graph.ReduceMean(x, 2, 3)
	case 3: // tokens
		return graph.ReduceMean(x, 1)
	}
	return x
}

// Length is how many features an image has.
func (n *Network) Length() int { return n.shape[0] }

// Options are those that the network was opened with, filled in, with the file's digest.
func (n *Network) Options() Options {
	o := n.options
	o.SHA256 = n.digest
	return o
}

// Path is the file.
func (n *Network) Path() string { return n.path }

// Fingerprint names everything that the features of an image depend on, apart from the last bits that the device decides.
func (n *Network) Fingerprint() string {
	return strings.Join([]string{"onnx", n.digest, n.options.Output, string(n.options.Preprocess), fmt.Sprint(n.options.Size)}, "|")
}

// CacheKey is Fingerprint for caches of features: it is another one where an earlier version computed other features of the same network.
// The Fingerprint stays, since runs and saved models have recorded it.
func (n *Network) CacheKey() string {
	if slices.ContainsFunc(n.nodes, node.revised) {
		return n.Fingerprint() + "|revised"
	}
	return n.Fingerprint()
}

// revised tells whether a node has a setting that was ignored before.
func (n node) revised() bool {
	has := func(name string) bool { _, ok := n.attributes[name]; return ok }
	switch {
	case n.op == "Pad":
		return n.float("value", 0) != 0 || len(n.inputs) > 3
	case n.op == "Shape":
		return has("start") || has("end")
	case strings.HasPrefix(n.op, "Reduce"):
		return n.int("noop_with_empty_axes", 0) != 0
	}
	return false
}
