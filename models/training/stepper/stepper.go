// Package stepper moves the weights of a small network by gradient descent, batch by batch.
//
// It knows numbers only: no images, files or epochs. Randomness and everything that changes from step to step (learning
// rate, dropout, weight decay) are inputs of one compiled step, so that the same step serves a whole search, and a step
// repeated on the same numbers gives the same bits.
package stepper

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/headstart-nb/headstart/models/head"
)

// Loss is what is made small.
type Loss string

// The losses: softmax cross-entropy over classes, mean sigmoid cross-entropy over labels, mean squared error over values.
const (
	CrossEntropy Loss = "cross-entropy"
	Binary       Loss = "binary"
	Squared      Loss = "squared"
)

// Body is the part of the network before the head, where it is trained too: x is [batch, Input...], the result goes to
// the head. Its variables live below scope.
type Body func(scope *model.Scope, x *graph.Node) *graph.Node

// Options say what to train.
type Options struct {
	Input []int // shape of one image's input
	Bytes bool  // whether the input is uint8 instead of float32
	Body  Body  // nil: the head alone
	Head  head.Plan
	Seed  int64
	Batch int // rows of every compiled call; shorter batches are padded

	Loss           Loss
	LabelSmoothing float64
	L2             float64 // times the sum of the squared kernels of the head
	Optimizer      Optimizer
	Momentum       float64 // of the optimizer Momentum
	ClipNorm       float64 // 0: none
	Accumulate     int     // steps whose gradients are added up before the weights move; below 2: every step
	Unseen         Unseen
	DropoutInput   bool // Hyper.Dropout replaces the rates in the head

	Devices   int  // that share each step's rows; below 2: the first does it all
	Inference bool // only the forward pass is compiled; Step fails

	// Rate is the learning rate of a body's variable as a fraction of the head's; 0 keeps it frozen. path is what BodyPath
	// gives: the path below the scope that Body gets. An error ends New. nil: 1.
	Rate func(path string) (float64, error)
}

// Unseen is what a head of one dense layer adds for predictions alone: training steps neither see nor move it.
type Unseen struct {
	Features int       // leading ones; 0: none
	Bias     []float64 // [outputs]: its part of the bias
}

// Hyper is what may change from step to step.
type Hyper struct {
	LearningRate float64
	WeightDecay  float64
	Dropout      float64 // with Options.DropoutInput
}

// A Batch is up to Options.Batch rows.
type Batch struct {
	Rows    int
	Inputs  []float32 // [Rows, Input...]; of Options.Bytes: use Pixels
	Pixels  []uint8
	Targets []float32 // [Rows, outputs]: one-hot classes, 0 or 1 for each label, or values
	Weights []float32 // [Rows], of the loss; nil: 1
	Last    bool      // of the epoch: the weights move though Accumulate is not reached
}

// Result is what a step saw before it moved the weights, summed over the batch's rows.
type Result struct {
	Loss    float64 // weighted and smoothed as trained, without L2
	Correct float64 // rows whose largest output is right; for Binary the share of right labels; for Squared 0
	Rows    int
}

// ErrNotFinite marks a step whose loss is infinite or not a number.
var ErrNotFinite = errors.New("the loss is not a finite number")

// Scopes of the variables in the store.
const (
	headScope      = "head"
	bodyScope      = "backbone"
	optimizerScope = "optimizer"
)

// A Stepper is a compiled network with its weights. It is not safe for concurrent use.
type Stepper struct {
	options Options
	backend compute.Backend
	store   *model.Store
	step    *model.Exec
	predict *model.Exec
	rates   map[string]float64 // of the body's variables, by their full path
	updates int                // how often the weights have moved
	pending int                // steps since then, with Accumulate
}

// New builds the network with its initial weights and compiles the training step.
func New(backend compute.Backend, options Options) (*Stepper, error) {
	t := &Stepper{options: options, backend: backend, store: model.NewStore(), rates: map[string]float64{}}
	for _, w := range options.Head.Weights() {
		tensor := tensors.FromFlatDataAndDimensions(w.Init(options.Seed), w.Shape...)
		v, err := t.store.CreateVariable(headScope+"/"+w.Name, tensor)
		if err != nil {
			return nil, fmt.Errorf("create weight %s: %w", w.Name, err)
		}
		v.Trainable = w.Trainable
	}
	var err error
	if t.step, err = model.NewExec(backend, t.store, t.buildStep); err != nil {
		return nil, fmt.Errorf("build the training step: %w", err)
	}
	if err := t.share(); err != nil {
		return nil, err
	}
	if t.predict, err = model.NewExec(backend, t.store, t.buildPredict); err != nil {
		return nil, fmt.Errorf("build the forward pass: %w", err)
	}
	if err := t.compile(); err != nil {
		return nil, fmt.Errorf("compile the network: %w", err)
	}
	return t, nil
}

// compile builds the graph that is used first, which creates the variables of body and optimizer.
func (t *Stepper) compile() error {
	return try(func() error {
		if t.options.Inference {
			_, err := t.predict.Compile(shapes.Make(t.inputType(), append([]int{t.options.Batch}, t.options.Input...)...))
			return err
		}
		_, err := t.step.Compile(t.stepShapes()...)
		return err
	})
}

func (t *Stepper) inputType() dtypes.DType {
	if t.options.Bytes {
		return dtypes.Uint8
	}
	return dtypes.Float32
}

// try runs code that may panic as GoMLX's graph code does, and returns the panic as an error.
func try(run func() error) (err error) {
	caught := exceptions.TryCatch[error](func() { err = run() })
	if caught != nil {
		return caught
	}
	return err
}

// Step trains on one batch. random is any number that belongs to this step: it decides what dropout drops.
func (t *Stepper) Step(batch Batch, hyper Hyper, random uint64) (result Result, err error) {
	err = try(func() (err error) {
		result, err = t.move(batch, hyper, random)
		return err
	})
	return result, err
}

func (t *Stepper) move(batch Batch, hyper Hyper, random uint64) (Result, error) {
	if t.options.Inference {
		return Result{}, errors.New("training step: the network was built for predictions only")
	}
	inputs, err := t.pad(batch.Inputs, batch.Pixels, batch.Rows, t.options.Batch)
	if err != nil {
		return Result{}, err
	}
	rows, outputs := t.options.Batch, t.options.Head.Outputs
	targets := make([]float32, rows*outputs)
	copy(targets, batch.Targets[:batch.Rows*outputs])
	masks := make([]float32, rows*2) // [row][mask, weight]
	for i := range batch.Rows {
		masks[2*i], masks[2*i+1] = 1, 1
		if batch.Weights != nil {
			masks[2*i+1] = batch.Weights[i]
		}
	}
	t.pending++
	share := 0.0
	if t.pending >= max(1, t.options.Accumulate) || batch.Last {
		share = 1 / float64(t.pending)
		t.updates++
		t.pending = 0
	}
	given, err := t.stepInputs(inputs, targets, masks, t.hyperInputs(hyper, share), random)
	var out []*tensors.Tensor
	if err == nil {
		out, err = t.step.Call(given...)
	}
	for _, one := range given {
		err = errors.Join(err, release(one))
	}
	if err != nil {
		return Result{}, fmt.Errorf("training step: %w", t.explainMemory(err))
	}
	defer func() {
		for _, one := range out {
			_ = release(one) // it was read
		}
	}()
	sums, err := tensors.CopyFlatData[float32](out[0]) // every device has the same
	if err != nil {
		return Result{}, fmt.Errorf("training step: read the loss: %w", err)
	}
	result := Result{Loss: float64(sums[0]), Correct: float64(sums[1]), Rows: batch.Rows}
	if math.IsNaN(result.Loss) || math.IsInf(result.Loss, 0) {
		return result, ErrNotFinite
	}
	return result, nil
}

// release frees the memory of an input or output on the device and of its copy here. Left to the garbage collector, which does not see the
// device's memory, that of hundreds of batches piles up.
func release(value any) error {
	if tensor, ok := value.(*tensors.Tensor); ok {
		return tensor.FinalizeAll()
	}
	return nil
}

// explainMemory says what may fit where the device ran out of memory.
func (t *Stepper) explainMemory(err error) error {
	if !strings.Contains(err.Error(), "RESOURCE_EXHAUSTED") || t.options.Batch < 2 {
		return err
	}
	return fmt.Errorf("the device has no memory for %d images at once; a batch of %d, with its gradients accumulated over %d steps, trains alike: %w",
		t.options.Batch, t.options.Batch/2, 2*max(1, t.options.Accumulate), err)
}

// Logits are the head's outputs, [rows, outputs], for any number of rows.
func (t *Stepper) Logits(inputs []float32, pixels []uint8, rows int) (logits []float32, err error) {
	err = try(func() (err error) {
		logits, err = t.logits(inputs, pixels, rows, t.options.Batch)
		return err
	})
	return logits, err
}

// LogitsAlone is Logits for rows that come one at a time: a body computes each of them without padding, by a graph that is
// compiled at the first call.
func (t *Stepper) LogitsAlone(inputs []float32, pixels []uint8, rows int) (logits []float32, err error) {
	batch := t.options.Batch
	if t.options.Body != nil { // a head alone takes less time for a batch than a graph to compile
		batch = 1
	}
	err = try(func() (err error) {
		logits, err = t.logits(inputs, pixels, rows, batch)
		return err
	})
	return logits, err
}

// logits computes so many rows at once.
func (t *Stepper) logits(inputs []float32, pixels []uint8, rows, batch int) ([]float32, error) {
	size := rowSize(t.options.Input)
	outputs := t.options.Head.Outputs
	logits := make([]float32, 0, rows*outputs)
	for at := 0; at < rows; at += batch {
		n := min(batch, rows-at)
		var in []float32
		var bytes []uint8
		if t.options.Bytes {
			bytes = pixels[at*size : (at+n)*size]
		} else {
			in = inputs[at*size : (at+n)*size]
		}
		x, err := t.pad(in, bytes, n, batch)
		if err != nil {
			return nil, err
		}
		given, err := x.tensor(t.backend, t.options.Input, 0, 1)
		if err != nil {
			return nil, fmt.Errorf("forward pass: %w", err)
		}
		out, err := t.predict.Call1(given)
		if err = errors.Join(err, release(given)); err != nil {
			return nil, fmt.Errorf("forward pass: %w", err)
		}
		err = tensors.ConstFlatData(out, func(flat []float32) { logits = append(logits, flat[:n*outputs]...) })
		if err = errors.Join(err, release(out)); err != nil {
			return nil, fmt.Errorf("forward pass: read the outputs: %w", err)
		}
	}
	return logits, nil
}

// pad fills rows up to a batch.
func (t *Stepper) pad(floats []float32, bytes []uint8, rows, batch int) (padded, error) {
	size := rowSize(t.options.Input)
	if rows > batch || len(floats)+len(bytes) != rows*size {
		return padded{}, fmt.Errorf("a batch of %d rows and %d numbers: the network takes up to %d rows of %d numbers", rows,
			len(floats)+len(bytes), batch, size)
	}
	if rows == batch {
		return padded{floats, bytes}, nil
	}
	var p padded
	if t.options.Bytes {
		p.bytes = make([]uint8, batch*size)
		copy(p.bytes, bytes)
		return p, nil
	}
	p.floats = make([]float32, batch*size)
	copy(p.floats, floats)
	return p, nil
}

func rowSize(shape []int) int {
	size := 1
	for _, d := range shape {
		size *= d
	}
	return size
}

// Parameters counts what is trained and what is not, body included.
func (t *Stepper) Parameters() (trainable, frozen int) {
	for v := range t.store.IterVariables() {
		switch {
		case strings.HasPrefix(v.Path(), "/"+optimizerScope+"/"):
		case t.rate(v) > 0:
			trainable += v.Shape().Size()
		default:
			frozen += v.Shape().Size()
		}
	}
	return trainable, frozen
}

// rate is the fraction of the learning rate that a variable gets; 0: it is frozen.
func (t *Stepper) rate(v *model.Variable) float64 {
	if !v.Trainable {
		return 0
	}
	if _, ok := BodyPath(v.Path()); ok {
		return t.rates[v.Path()]
	}
	return 1
}

// BodyPath cuts the path of a variable in the store, or in a State, to the path below the scope that Body gets. ok is false
// for a variable that is not the body's.
func BodyPath(path string) (below string, ok bool) {
	return strings.CutPrefix(strings.TrimPrefix(path, "/"), bodyScope+"/")
}

// settleRates asks Options.Rate for the rate of every variable that the body has created.
func (t *Stepper) settleRates() error {
	for v := range t.store.IterVariables() {
		below, ok := BodyPath(v.Path())
		if !ok {
			continue
		}
		rate := 1.0
		if t.options.Rate != nil {
			var err error
			if rate, err = t.options.Rate(below); err != nil {
				return fmt.Errorf("choose the learning rate of %s: %w", below, err)
			}
		}
		// A rate that float32 rounds to 0 would freeze what it is to train.
		if math.IsNaN(rate) || rate < 0 || rate > math.MaxFloat32 || (rate > 0 && float32(rate) == 0) {
			return fmt.Errorf("choose the learning rate of %s: %g of the head's is not a rate that float32 can hold", below, rate)
		}
		t.rates[v.Path()] = rate
	}
	return nil
}

// Close frees what the stepper holds on the device.
func (t *Stepper) Close() {
	t.step.Finalize()
	t.predict.Finalize()
	t.store.Finalize()
}

// sortedVariables lists the variables in a stable order.
func (t *Stepper) sortedVariables() []*model.Variable {
	list := slices.Collect(t.store.IterVariables())
	slices.SortFunc(list, func(a, b *model.Variable) int { return strings.Compare(a.Path(), b.Path()) })
	return list
}

// Batch is the number of rows that are computed at once.
func (t *Stepper) Batch() int { return t.options.Batch }
