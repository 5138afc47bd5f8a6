package backbone

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/weights"
)

// MismatchError says in full how a file's tensors differ from the network's.
type MismatchError struct {
	Path       string
	Network    string // "ResNet50 v1 cut at conv5"
	Names      string // whose names the file uses
	Missing    []string
	Unexpected []string
	Wrong      []string // "name: what it is, and what it must be"
	Hint       string   // what to do
}

func (e *MismatchError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "load weights %s (with %s's names) into %s:", e.Path, e.Names, e.Network)
	list := func(names []string, one, many string) {
		switch len(names) {
		case 0:
		case 1:
			fmt.Fprintf(&text, " 1 tensor %s: %s;", one, shown(names[0]))
		default:
			fmt.Fprintf(&text, " %d tensors %s: %s;", len(names), many, listed(names))
		}
	}
	list(e.Missing, "is missing", "are missing")
	list(e.Unexpected, "is unexpected", "are unexpected")
	list(e.Wrong, "does not fit", "do not fit")
	text.WriteString(" " + e.Hint)
	return text.String()
}

// mostListed is how many names an error lists: a ResNet152 has fewer tensors.
const mostListed = 1000

// listed lists names of a file, or what is wrong with them.
func listed(names []string) string {
	var text strings.Builder
	for i, name := range names[:min(len(names), mostListed)] {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(visible.Text(fmt.Sprintf("%.500s", name)))
	}
	if more := len(names) - mostListed; more > 0 {
		fmt.Fprintf(&text, " and %d more", more)
	}
	return text.String()
}

// shown is what is repeated of a file's text, which may be a stranger's: its beginning, without what a terminal obeys.
func shown(text string) string { return visible.Text(fmt.Sprintf("%.200s", text)) }

// loader fills a network's parameters from a source under one scheme's names.
type loader struct {
	path         string
	source       weights.Source
	scheme       scheme
	network      resnet.Network
	architecture resnet.Architecture

	stored  map[string]string // the cleaned name to the name in the file
	doubles []string          // names in the file that clean to one that is there already
	noBias  bool              // the convolutions' biases are absent, and zero

	missing, wrong []string
}

// findScheme finds whose names a file uses by the stem's kernel, and pairs the cleaned names to the stored ones.
func findScheme(source weights.Source) (s scheme, stored map[string]string, doubles []string, ok bool) {
	n, err := resnet.NewNetwork(50, resnet.V1) // every depth has the same stem
	if err != nil {
		panic(err)
	}
	for _, s := range schemes {
		stored, doubles := map[string]string{}, []string(nil)
		for name := range source.Names() {
			if _, ok := stored[s.clean(name)]; ok {
				doubles = append(doubles, name)
				continue
			}
			stored[s.clean(name)] = name
		}
		if _, ok := stored[s.names(n.Stem()).kernel]; ok {
			return s, stored, doubles, true
		}
	}
	return scheme{}, nil, nil, false
}

// load reads the parameters strictly: it fails with a MismatchError that lists every tensor which is missing, unexpected or
// of the wrong shape. Tensors of the network that the cut or the missing top does not need are left alone.
func (l *loader) load() (parameters, []string, error) {
	l.noBias = l.network.Biased() && l.absent(l.biasNames())
	unexpected := l.unexpected()
	l.check()
	if l.onlyTopMissing(unexpected) {
		return parameters{}, nil, &resnet.NoTopError{Weights: l.path, Missing: l.missing}
	}
	if len(l.missing)+len(l.wrong)+len(unexpected) > 0 {
		return parameters{}, nil, &MismatchError{
			Path: l.path, Network: l.architecture.Describe(), Names: l.scheme.name,
			Missing: l.missing, Wrong: l.wrong, Unexpected: unexpected, Hint: l.hint(unexpected),
		}
	}
	p := parameters{layers: map[string]*layerWeights{}}
	for _, c := range l.network.Convolutions(l.architecture.Cut.Last()) {
		w, err := l.layer(c)
		if err != nil {
			return parameters{}, nil, fmt.Errorf("load weights %s: %w", l.path, err)
		}
		p.layers[c.Name] = w
	}
	if l.architecture.Top {
		kernel, bias := l.scheme.topNames()
		p.top = &denseWeights{}
		var err error
		if p.top.kernel, err = l.kernel(kernel, []int{l.network.Width(), resnet.Classes}); err == nil {
			p.top.bias, err = l.vector(bias)
		}
		if err != nil {
			return parameters{}, nil, fmt.Errorf("load weights %s: %w", l.path, err)
		}
	}
	return p, l.notes(), nil
}

// onlyTopMissing tells whether nothing is wrong but that the file has no top.
func (l *loader) onlyTopMissing(unexpected []string) bool {
	kernel, bias := l.scheme.topNames()
	other := slices.ContainsFunc(l.missing, func(name string) bool { return name != kernel && name != bias })
	return l.architecture.Top && len(l.missing) > 0 && !other && len(l.wrong)+len(unexpected) == 0
}

// biasNames are those of all convolutions but the stem's: Caffe's own file has a bias in the stem alone.
func (l *loader) biasNames() []string {
	var names []string
	for _, c := range l.network.Convolutions(l.architecture.Cut.Last())[1:] {
		names = append(names, l.scheme.names(c).bias)
	}
	return names
}

func (l *loader) absent(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { _, ok := l.stored[name]; return ok })
}

// check collects what is missing and what has the wrong shape.
func (l *loader) check() {
	for _, c := range l.network.Convolutions(l.architecture.Cut.Last()) {
		names := l.scheme.names(c)
		l.want(names.kernel, []int{c.Kernel, c.Kernel, c.In, c.Out})
		if l.network.Biased() && !l.noBias {
			l.want(names.bias, []int{c.Out})
		}
		for _, name := range []string{names.scale, names.offset, names.mean, names.variance} {
			l.want(name, []int{c.Out})
		}
	}
	if l.architecture.Top {
		kernel, bias := l.scheme.topNames()
		l.want(kernel, []int{l.network.Width(), resnet.Classes})
		l.want(bias, []int{resnet.Classes})
	}
}

// want checks one tensor against its shape in Keras's layout, or in PyTorch's where it is a kernel.
func (l *loader) want(name string, dims []int) {
	stored, ok := l.stored[name]
	if !ok {
		l.missing = append(l.missing, name)
		return
	}
	shape, _ := l.source.Shape(stored)
	if !weights.IsFloat(shape.DType) {
		l.wrong = append(l.wrong, fmt.Sprintf("%s: must hold floats; got %s", shown(stored), shape))
		return
	}
	if !slices.Equal(shape.Dimensions, dims) && !slices.Equal(shape.Dimensions, outFirst(dims)) {
		text := fmt.Sprintf("%s: must be %v", shown(stored), dims)
		if len(dims) > 1 {
			text += fmt.Sprintf(" or %v", outFirst(dims))
		}
		text += fmt.Sprintf("; got %v", shape.Dimensions)
		l.wrong = append(l.wrong, text)
	}
}

// outFirst is PyTorch's layout of a kernel, [out, in, height, width], for Keras's, [height, width, in, out].
func outFirst(dims []int) []int {
	if len(dims) == 1 {
		return dims
	}
	return append([]int{dims[len(dims)-1], dims[len(dims)-2]}, dims[:len(dims)-2]...)
}

// unexpected lists the tensors that the whole network, top included, has no place for.
func (l *loader) unexpected() []string {
	known := map[string]bool{}
	for _, c := range l.network.Convolutions(resnet.Conv5) {
		names := l.scheme.names(c)
		for _, name := range []string{names.kernel, names.scale, names.offset, names.mean, names.variance} {
			known[name] = true
		}
		if l.network.Biased() {
			known[names.bias] = true
		}
		if l.scheme.counters != "" {
			known[l.scheme.norm(c)+l.scheme.counters] = true
		}
	}
	kernel, bias := l.scheme.topNames()
	known[kernel], known[bias] = true, true
	list := slices.Clone(l.doubles)
	for name, stored := range l.stored {
		if !known[name] {
			list = append(list, stored)
		}
	}
	slices.Sort(list)
	return list
}

// fileDepth is the depth of the network that a file holds, judged by the last block of its conv4; 0 where none fits.
func (l *loader) fileDepth() int {
	for _, depth := range []int{152, 101, 50, 34, 18} {
		n, err := resnet.NewNetwork(depth, l.network.Variant())
		if err != nil {
			continue
		}
		list := n.Convolutions(resnet.Conv4)
		if _, ok := l.stored[l.scheme.names(list[len(list)-1]).kernel]; ok {
			return depth
		}
	}
	return 0
}

// hint says what to do about a mismatch: often the file is of another depth, or complete up to an earlier stage.
func (l *loader) hint(unexpected []string) string {
	if depth := l.fileDepth(); depth != 0 && depth != l.network.Depth() {
		return fmt.Sprintf("the file looks like a ResNet%d's: ask for that depth, or use a ResNet%d's file", depth, l.network.Depth())
	}
	if len(unexpected) == 0 && len(l.wrong) == 0 {
		stages := resnet.StagesTo(l.architecture.Cut.Last())
		for i := len(stages) - 2; i >= 0; i-- {
			earlier := &loader{path: l.path, source: l.source, scheme: l.scheme, network: l.network, stored: l.stored}
			earlier.architecture.Cut = resnet.Cut(stages[i])
			earlier.noBias = earlier.network.Biased() && earlier.absent(earlier.biasNames())
			if earlier.check(); len(earlier.missing) == 0 {
				return fmt.Sprintf("the file is complete up to %s: cut at %s, or use a complete file", stages[i], stages[i])
			}
		}
	}
	return "use the file as its publisher made it"
}

func (l *loader) layer(c resnet.Convolution) (*layerWeights, error) {
	names := l.scheme.names(c)
	w := &layerWeights{}
	var err error
	if w.kernel, err = l.kernel(names.kernel, []int{c.Kernel, c.Kernel, c.In, c.Out}); err != nil {
		return nil, err
	}
	for _, one := range []struct {
		name string
		to   *[]float32
	}{{names.scale, &w.scale}, {names.offset, &w.offset}, {names.mean, &w.mean}, {names.variance, &w.variance}} {
		if *one.to, err = l.vector(one.name); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(w.variance, func(v float32) bool { return v != 0 }) {
		return nil, fmt.Errorf("tensor %s holds only zeros, which no measured variance does: the file is damaged", shown(l.stored[names.variance]))
	}
	if !slices.ContainsFunc(w.kernel, func(v float32) bool { return v != 0 }) {
		return nil, fmt.Errorf("tensor %s holds only zeros, so that nothing of an image passes it: the file is damaged", shown(l.stored[names.kernel]))
	}
	for i, v := range w.variance {
		if v < 0 {
			return nil, fmt.Errorf("tensor %s holds a negative variance, %g at %d: the file is damaged", shown(l.stored[names.variance]), v, i)
		}
	}
	if l.network.Biased() {
		w.bias = repeat(0, c.Out)
		if _, ok := l.stored[names.bias]; ok {
			if w.bias, err = l.vector(names.bias); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

// vector reads a tensor, which must hold finite numbers.
func (l *loader) vector(name string) ([]float32, error) {
	stored := l.stored[name]
	t, err := l.source.Tensor(stored)
	if err != nil {
		return nil, err
	}
	list, err := weights.Float32s(t)
	if err != nil {
		return nil, fmt.Errorf("tensor %s: %w", shown(stored), err)
	}
	for i, v := range list {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("tensor %s holds %g at %d: the file is damaged, or its training diverged", shown(stored), v, i)
		}
	}
	return list, nil
}

// kernel reads a kernel into Keras's layout, whose dimensions are dims.
func (l *loader) kernel(name string, dims []int) ([]float32, error) {
	list, err := l.vector(name)
	if err != nil {
		return nil, err
	}
	shape, _ := l.source.Shape(l.stored[name])
	if slices.Equal(shape.Dimensions, dims) {
		return list, nil
	}
	return outLast(list, dims), nil
}

// outLast turns [out, in, height, width] into [height, width, in, out], whose dimensions are dims; [out, in] into [in, out].
func outLast(list []float32, dims []int) []float32 {
	in, out := dims[len(dims)-2], dims[len(dims)-1]
	pixels := len(list) / (in * out)
	result := make([]float32, len(list))
	for o := range out {
		for i := range in {
			for p := range pixels {
				result[(p*in+i)*out+o] = list[(o*in+i)*pixels+p]
			}
		}
	}
	return result
}

// notes tells what a reader of the numbers should know about the file.
func (l *loader) notes() []string {
	var notes []string
	if told := l.source.Metadata(); told[weights.PartsKey] != "" {
		notes = append(notes, fmt.Sprintf("the checkpoint has the dictionaries %s: %s is loaded", shown(told[weights.PartsKey]), shown(told[weights.PartKey])))
	}
	if l.noBias {
		notes = append(notes, "the file has no biases in the blocks' convolutions, as Caffe's has none: they are taken as zero")
	}
	stem := l.scheme.names(l.network.Stem()).kernel
	if shape, ok := l.source.Shape(l.stored[stem]); ok && shape.DType != dtypes.Float32 {
		notes = append(notes, fmt.Sprintf("the file holds %s numbers, computed with as float32 ones", strings.ToLower(shape.DType.String())))
	}
	used := 0
	for _, c := range l.network.Convolutions(l.architecture.Cut.Last()) {
		names := l.scheme.names(c)
		for _, name := range []string{names.kernel, names.bias, names.scale, names.offset, names.mean, names.variance} {
			if _, ok := l.stored[name]; ok && (name != names.bias || l.network.Biased()) {
				used++
			}
		}
	}
	if l.architecture.Top {
		used += 2
	}
	counters := 0
	for name := range l.stored {
		if l.scheme.counters != "" && strings.HasSuffix(name, l.scheme.counters) {
			counters++
		}
	}
	if left := len(l.stored) - used - counters; left > 0 {
		notes = append(notes, fmt.Sprintf("%d tensors past the cut at %s are not needed", left, l.architecture.Cut.Last()))
	}
	return notes
}
