package resnet

import (
	"cmp"
	"fmt"
)

// Options choose a backbone. Start with DefaultOptions: the zero value chooses nothing.
type Options struct {
	Depth      int
	Weights    Origin     // kind with name, path or seed; a digest, where one is given, is checked
	Variant    Variant    // auto: that of the weights, known from a published set or from the names in a file
	Cut        Cut        // after which stages the features are taken; auto: the last that the weights have
	Pool       Pool       // of the stages' feature maps
	Top        bool       // the classifier that the weights were trained with: features are then logits, [batch, 1000]
	Preprocess Preprocess // auto: what the weights were trained with
	Size       int        // height and width of the images in pixels

	// CacheDir holds the fetched weights; empty means the Hugging Face cache, which Python programs share.
	CacheDir string
	// Offline forbids the network: what is not cached is an error.
	Offline bool
	// Progress is told how many of the total bytes are fetched; it may be nil.
	Progress func(done, total int64)
}

// DefaultOptions are a ResNet50 with the weights trained on ImageNet, averaged over the feature maps of its last stage.
func DefaultOptions() Options {
	return Options{
		Depth: 50, Weights: PublishedWeights(SetImageNet), Variant: VariantAuto, Cut: CutAuto, Pool: PoolAvg,
		Preprocess: PreprocessAuto, Size: 224,
	}
}

// Options ask for the architecture with weights, which may be those of Backbone.Weights.
func (a Architecture) Options(weights Origin) Options {
	return Options{
		Depth: a.Depth, Weights: weights, Variant: a.Variant, Cut: a.Cut, Pool: a.Pool, Top: a.Top, Preprocess: a.Preprocess, Size: a.Size,
	}
}

// Validate returns the first thing that is wrong: a ChoiceError, a SizeError, ErrOrder, ErrTop or ErrStages.
func (o Options) Validate() error {
	err := cmp.Or(
		OneOf("depth", Depths(), o.Depth),
		OneOf("weights", Kinds(), o.Weights.Kind),
		OneOf("variant", Variants(), o.Variant),
		o.Cut.Check(Conv5, CutAuto),
		OneOf("pool", Pools(), o.Pool),
		OneOf("preprocess", Preprocessings(), o.Preprocess),
		checkSize(o.Size),
		checkTop(o.Top, o.Cut, o.Pool),
		checkPool(o.Cut, o.Pool),
	)
	if err != nil {
		return fmt.Errorf("open a ResNet: %w", err)
	}
	if o.Weights.Kind == KindPublished {
		return o.validateSet()
	}
	return nil
}

// validateSet holds the options against the published set that they name.
func (o Options) validateSet() error {
	set, ok := FindSet(o.Weights.Name)
	if !ok {
		return fmt.Errorf("open a ResNet: %w", OneOf("weights", SetNames(), o.Weights.Name))
	}
	if o.Depth != set.Depth {
		return fmt.Errorf("open weights %s: they are of a ResNet%d and not of a ResNet%d, whose weights are a file or a revision on the hub", set.Name, set.Depth, o.Depth)
	}
	if err := o.Cut.Check(set.Deepest, CutAuto); err != nil {
		return fmt.Errorf("open weights %s: %w", set.Name, err)
	}
	return nil
}

// Architecture settles what is left open, for weights of an origin that have the stages up to deepest.
func (o Options) Architecture(origin Origin, deepest Stage) Architecture {
	a := Architecture{Depth: o.Depth, Variant: o.Variant, Cut: o.Cut, Pool: o.Pool, Top: o.Top, Preprocess: o.Preprocess, Size: o.Size}
	if a.Variant == VariantAuto {
		a.Variant = origin.Variant
	}
	if a.Cut == CutAuto {
		a.Cut = Cut(deepest)
	}
	if a.Preprocess == PreprocessAuto {
		a.Preprocess = origin.Preprocess
	}
	return a
}
