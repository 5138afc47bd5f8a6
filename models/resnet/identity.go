package resnet

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Architecture is a network without its weights, and what it does to images.
type Architecture struct {
	Depth      int        `json:"depth"`
	Variant    Variant    `json:"variant"`
	Cut        Cut        `json:"cut"` // after which stages the features are taken
	Pool       Pool       `json:"pool"`
	Top        bool       `json:"top"` // whether the features are the logits of ImageNet's classes, in the order of Labels
	Preprocess Preprocess `json:"preprocess"`
	Size       int        `json:"size"` // height and width of the images in pixels
}

// Name is for people: "ResNet50 v1.5".
func (a Architecture) Name() string { return fmt.Sprintf("ResNet%d %s", a.Depth, a.Variant) }

// Validate returns the first thing that is wrong: a ChoiceError, a SizeError, ErrOrder, ErrTop or ErrStages.
func (a Architecture) Validate() error {
	return cmp.Or(
		OneOf("depth", Depths(), a.Depth),
		OneOf("variant", []Variant{V1, V15}, a.Variant),
		a.Cut.Check(Conv5),
		OneOf("pool", Pools(), a.Pool),
		OneOf("preprocess", Preprocessings()[1:], a.Preprocess),
		checkSize(a.Size),
		checkTop(a.Top, a.Cut, a.Pool),
		checkPool(a.Cut, a.Pool),
	)
}

// Describe names the network with its cut, for errors.
func (a Architecture) Describe() string {
	if a.Top {
		return a.Name() + " with its top"
	}
	return fmt.Sprintf("%s cut at %s", a.Name(), a.Cut)
}

const (
	// minSize leaves conv5 one pixel.
	minSize = 32
	maxSize = 2048
)

// A SizeError is a height and width of images that the network does not take.
type SizeError struct{ Got int }

func (e *SizeError) Error() string {
	return fmt.Sprintf("image size must be from %d to %d pixels; got %d", minSize, maxSize, e.Got)
}

func checkSize(size int) error {
	if size < minSize || size > maxSize {
		return &SizeError{size}
	}
	return nil
}

// ErrTop is a top on anything but averaged feature maps of conv5, for which its weights are.
var ErrTop = errors.New("the top needs cut conv5 and pool avg")

func checkTop(top bool, cut Cut, pool Pool) error {
	if top && (cut != Cut(Conv5) && cut != CutAuto || pool != PoolAvg) {
		return fmt.Errorf("%w; got cut %s and pool %s", ErrTop, cut, pool)
	}
	return nil
}

// ErrStages is several stages without pooling: their feature maps differ in height and width, so that they are no one array.
var ErrStages = errors.New("the features of several stages need pool avg or max")

func checkPool(cut Cut, pool Pool) error {
	if pool == PoolNone && len(cut.Stages()) > 1 {
		return fmt.Errorf("%w; got cut %s and pool %s", ErrStages, cut, pool)
	}
	return nil
}

// A NoTopError is weights without a classifier: they serve as a backbone alone.
type NoTopError struct {
	Weights string
	Missing []string // tensors of a file; empty where the weights end before, are random, or were trained without classes
}

func (e *NoTopError) Error() string {
	text := fmt.Sprintf("the weights %s have no classifier of ImageNet's %d classes", e.Weights, Classes)
	if e.Missing != nil {
		text += fmt.Sprintf(" (missing: %s)", strings.Join(e.Missing, ", "))
	}
	return text + ": take weights with one, such as " + SetImageNet + ", or train a head on these"
}
