package backbone

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/resnet"
)

const (
	cpuBatch = 32
	gpuBatch = 256
	// cpuSlice is how many images of a batch the stages up to lastSliced compute at once. Of conv2 with 4, conv3 with 4 and 8, and conv4
	// with 4 and 8, none took less processor time than this: 4 to 6 % less than the whole batch in three runs on a busy machine, and
	// 19 % less on a quiet Xeon. There, slices of 2 and 8 images, batches of 16 and 64, and the plain graph for the 3x3 convolutions of any
	// one stage were slower, or faster by less than two equal processes differ, 5 %. So nothing of this is chosen by machine.
	cpuSlice   = 4
	lastSliced = resnet.Conv4
	// winogradPays is the number of images from which Winograd's faster graph makes up for its longer compilation: 1.5 s of
	// processor time, against 35 ms an image, measured on 2 cores.
	winogradPays = 45
)

// precisions are the types that weights and activations may have on the device. Features are float32 in any case.
var precisions = map[resnet.Precision]dtypes.DType{
	resnet.Float32: dtypes.Float32, resnet.BFloat16: dtypes.BFloat16, resnet.Float16: dtypes.Float16,
}

// ExtractorOptions tune the frozen pass.
type ExtractorOptions struct {
	// Batch is the number of images that the device computes at once; 0 means 32 on a CPU and 256 on a GPU, and no more
	// than the power of two that holds the images expected.
	Batch int
	// Expected is how many images will be asked for in all, as far as known; 0 means many. Few are computed by the graph
	// that compiles in half a second, many by the one that computes faster and takes seconds to compile.
	Expected    int
	Precision   resnet.Precision
	Formulation resnet.Formulation
}

// DefaultExtractorOptions are float32 and many images, by the graph and the batch size that suit the device.
func DefaultExtractorOptions() ExtractorOptions {
	return ExtractorOptions{Precision: resnet.Float32, Formulation: resnet.FormulationAuto}
}

// Validate returns a ChoiceError, or what is wrong with the numbers.
func (o ExtractorOptions) Validate() error {
	if o.Batch < 0 {
		return fmt.Errorf("batch must be 0 (chosen by the device) or more; got %d", o.Batch)
	}
	return cmp.Or(resnet.OneOf("precision", resnet.Precisions(), o.Precision), resnet.OneOf("formulation", resnet.Formulations(), o.Formulation))
}

// Extractor computes features with the weights frozen, folded and resident on a device. It is safe for concurrent use;
// calls take turns. Every batch is padded to the same size, so that on one device an image's features have the same bits
// whichever images it shares a batch with.
type Extractor struct {
	backbone    *Backbone
	device      *accel.Device
	batch       int
	precision   resnet.Precision
	formulation resnet.Formulation

	turn  chan struct{} // holds one token; who has it may run the device
	ready chan struct{} // closed when the compilation has ended
	// set before ready is closed
	err      error
	placed   *placed
	sections *sections
	closed   bool // guarded by turn
}

// NewExtractor starts compiling in the background and returns: images can be decoded meanwhile. The first Extract waits
// for it.
func (b *Backbone) NewExtractor(ctx context.Context, device *accel.Device, options ExtractorOptions) (*Extractor, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("compile %s: %w", b.Name(), err)
	}
	if err := options.Validate(); err != nil {
		return nil, fmt.Errorf("compile %s: %w", b.Name(), err)
	}
	e := &Extractor{ // holds no weights on the host
		backbone: b.WithoutWeights(), device: device, precision: options.Precision, formulation: options.Formulation,
		turn: make(chan struct{}, 1), ready: make(chan struct{}),
	}
	e.batch = batchSize(device.Name(), options)
	if e.formulation == resnet.FormulationAuto {
		e.formulation = e.chooseFormulation(options.Expected)
	}
	e.begin(ctx, func() (*placed, error) {
		return placeWeights(b, device.Backend, e.formulation, precisions[e.precision])
	})
	return e, nil
}

// Beside starts compiling another program for the weights that e has on its device: for b, the same network with the same or an
// earlier cut or another pooling, in batches of another size. b needs no weights of its own. The weights are freed when the last
// extractor that uses them is closed.
func (e *Extractor) Beside(ctx context.Context, b *Backbone, batch int) (*Extractor, error) {
	switch {
	case batch < 1:
		return nil, fmt.Errorf("compile %s beside another: the batch must be 1 or more; got %d", b.Name(), batch)
	case b.origin.SHA256 != e.backbone.origin.SHA256 || b.architecture.Name() != e.backbone.architecture.Name() ||
		b.Top() && !e.backbone.Top() || b.architecture.Cut.Check(e.backbone.architecture.Cut.Last()) != nil:
		return nil, fmt.Errorf("compile %s beside %s: the weights on the device are not those of this network", b.architecture.Describe(), e.backbone.architecture.Describe())
	}
	other := &Extractor{
		backbone: b.WithoutWeights(), device: e.device, batch: batch, precision: e.precision, formulation: e.formulation,
		turn: make(chan struct{}, 1), ready: make(chan struct{}),
	}
	other.begin(ctx, func() (*placed, error) {
		if err := e.acquire(ctx); err != nil {
			return nil, err
		}
		defer func() { e.turn <- struct{}{} }()
		e.placed.users.Add(1)
		return e.placed, nil
	})
	return other, nil
}

// begin puts the weights on the device and compiles, in the background.
func (e *Extractor) begin(ctx context.Context, place func() (*placed, error)) {
	e.turn <- struct{}{}
	go func() {
		defer close(e.ready)
		accel.FreeMemory() // reading the weights left as much garbage as they have bytes
		folded := timeline.Start(ctx, "fold and transform weights")
		e.err = e.try(func() (err error) { e.placed, err = place(); return err })
		folded()
		place = nil // the weights on the host may be freed while XLA compiles
		if e.err == nil {
			e.err = e.try(func() error { return e.compile(ctx) })
			accel.FreeMemory()
		}
	}()
}

// batchSize is the batch asked for, or what suits the device and the images expected.
func batchSize(device string, options ExtractorOptions) int {
	if options.Batch != 0 {
		return options.Batch
	}
	limit := cpuBatch
	if device == "xla:cuda" {
		limit = gpuBatch
	}
	if options.Expected <= 0 {
		return limit
	}
	batch := 1
	for batch < options.Expected && batch < limit {
		batch *= 2
	}
	return batch
}

// chooseFormulation is the graph that suits the device and the images expected.
func (e *Extractor) chooseFormulation(expected int) resnet.Formulation {
	many := expected <= 0 || expected >= winogradPays
	if many && e.device.Name() == "xla:cpu" && e.precision == resnet.Float32 && e.batch > 1 {
		return resnet.FormulationWinograd
	}
	return resnet.FormulationPlain
}

// try runs a part of the compilation. Graph code panics: that becomes an error.
func (e *Extractor) try(part func() error) error {
	if err := accel.Try(part); err != nil {
		return e.explain("compile "+e.backbone.Name()+" for "+e.device.Name(), err)
	}
	return nil
}

// compile compiles the graph for the weights on the device.
func (e *Extractor) compile(ctx context.Context) (err error) {
	p := &program{backbone: e.backbone, batch: e.batch, slice: sliceSize(e.device.Name(), e.batch), placed: e.placed}
	if e.sections, err = newSections(p); err != nil {
		return err
	}
	return e.sections.compile(ctx)
}

// sliceSize is how many images of a batch the first stages compute at once.
func sliceSize(device string, batch int) int {
	if device == "xla:cpu" && batch%cpuSlice == 0 {
		return cpuSlice
	}
	return batch
}

// Batch is the number of images computed at once; giving Extract a multiple of it wastes nothing.
func (e *Extractor) Batch() int { return e.batch }

// FeatureShape is the shape of one image's features.
func (e *Extractor) FeatureShape() []int { return e.backbone.FeatureShape() }

// Formulation says which graph computes: plain or winograd.
func (e *Extractor) Formulation() resnet.Formulation { return e.formulation }

// Precision is the type that it computes in.
func (e *Extractor) Precision() resnet.Precision { return e.precision }

// Extract returns the features of n images, [n, FeatureShape...], from their pixels, [n, height, width, 3] RGB. A
// canceled context stops it between two batches.
func (e *Extractor) Extract(ctx context.Context, pixels []uint8, n int) ([]float32, error) {
	img := e.backbone.architecture.Size * e.backbone.architecture.Size * 3
	if n < 0 || len(pixels) != n*img {
		return nil, fmt.Errorf("extract the features of %d images: %d pixel values were given, and %d by %d RGB pixels make %d",
			n, len(pixels), e.backbone.architecture.Size, e.backbone.architecture.Size, n*img)
	}
	if err := e.acquire(ctx); err != nil {
		return nil, fmt.Errorf("extract the features of %d images: %w", n, err)
	}
	defer func() { e.turn <- struct{}{} }()
	features := make([]float32, 0, n*shapes.Make(dtypes.Float32, e.FeatureShape()...).Size())
	for at := 0; at < n; at += e.batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("extract the features of %d images, %d done: %w", n, at, err)
		}
		count := min(e.batch, n-at)
		batch, err := e.runBatch(pixels[at*img:(at+count)*img], count)
		if err != nil {
			return nil, err
		}
		features = append(features, batch...)
	}
	return features, nil
}

// acquire waits for the compilation and for the turn.
func (e *Extractor) acquire(ctx context.Context) error {
	select {
	case <-e.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.err != nil {
		return e.err
	}
	select {
	case <-e.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.closed {
		e.turn <- struct{}{}
		return errors.New("the extractor is closed")
	}
	return nil
}

// runBatch computes up to one batch, padded with black images. A panic of the backend becomes an error.
func (e *Extractor) runBatch(pixels []uint8, count int) (features []float32, err error) {
	what := fmt.Sprintf("extract features with %s on %s", e.backbone.Name(), e.device.Name())
	err = accel.Try(func() error { features, err = e.sections.run(pixels, count); return err })
	if err != nil {
		return nil, e.explain(what, err)
	}
	return features, nil
}

// explain says which batch may fit where the device ran out of memory.
func (e *Extractor) explain(what string, err error) error {
	if strings.Contains(err.Error(), "RESOURCE_EXHAUSTED") && e.batch > 1 {
		return fmt.Errorf("%s: the device has no memory for %d images at once; ask for a batch of %d: %w", what, e.batch, e.batch/2, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Close frees the weights on the device, after the work under way. Closing twice is harmless.
func (e *Extractor) Close() error {
	<-e.ready
	<-e.turn
	defer func() { e.turn <- struct{}{} }()
	if e.closed {
		return nil
	}
	e.closed = true
	if e.sections != nil {
		e.sections.close()
	}
	if e.placed != nil {
		e.placed.close()
	}
	return nil
}
