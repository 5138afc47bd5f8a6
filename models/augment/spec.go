// Package augment changes images at random inside the graph, so that each of them is a little different in every epoch of a
// training.
//
// Randomness is drawn on the host, a row of parameters for each image (Spec.Parameters), and depends on nothing but seed, epoch
// and image: the result is the same for any batch size, order, device and number of threads.
package augment

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Spec says which changes are made, and how far they go. The zero value changes nothing.
type Spec struct {
	Flip       bool    // mirrored left to right, for half of the images
	VFlip      bool    // mirrored top to bottom, for half of the images
	Rotate     float64 // turned by up to so many degrees either way, 0 to 180
	Zoom       float64 // shrunk or enlarged by up to this fraction, 0 to 0.9
	Shift      float64 // moved by up to this fraction of the side, along both axes, 0 to 0.9
	Crop       float64 // cut to a window whose side is this fraction at the least, which fills the image again; 0 is off
	Brightness float64 // made lighter or darker by up to this fraction of the full range, 0 to 1
	Contrast   float64 // moved away from or toward the mean by up to this fraction, 0 to 1
	Erase      float64 // for half of the images, a rectangle of up to this fraction of the area gets the mean color, 0 to 0.9
}

// An operation is one word of a spec.
type operation struct {
	name     string
	field    func(*Spec) *float64 // nil: takes no number
	mark     func(*Spec) *bool
	low      float64 // exclusive
	high     float64 // inclusive
	example  string
	describe string
}

func operations() []operation {
	return []operation{
		{name: "flip", mark: func(s *Spec) *bool { return &s.Flip }, example: "flip"},
		{name: "vflip", mark: func(s *Spec) *bool { return &s.VFlip }, example: "vflip"},
		{"rotate", func(s *Spec) *float64 { return &s.Rotate }, nil, 0, 180, "rotate:10", "degrees"},
		{"zoom", func(s *Spec) *float64 { return &s.Zoom }, nil, 0, 0.9, "zoom:0.1", "a fraction"},
		{"shift", func(s *Spec) *float64 { return &s.Shift }, nil, 0, 0.9, "shift:0.1", "a fraction of the side"},
		{"crop", func(s *Spec) *float64 { return &s.Crop }, nil, 0, 1, "crop:0.9", "the smallest fraction of the side that is kept"},
		{"brightness", func(s *Spec) *float64 { return &s.Brightness }, nil, 0, 1, "brightness:0.2", "a fraction of the full range"},
		{"contrast", func(s *Spec) *float64 { return &s.Contrast }, nil, 0, 1, "contrast:0.2", "a fraction"},
		{"erase", func(s *Spec) *float64 { return &s.Erase }, nil, 0, 0.9, "erase:0.2", "a fraction of the area"},
	}
}

// Parse reads a spec such as "flip,rotate:10,zoom:0.1". The empty text changes nothing.
func Parse(text string) (Spec, error) {
	var spec Spec
	if strings.TrimSpace(text) == "" {
		return spec, nil
	}
	seen := map[string]bool{}
	for word := range strings.SplitSeq(text, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(word), ":")
		op, err := find(name)
		if err != nil {
			return Spec{}, fmt.Errorf("read augmentation %q: %w", text, err)
		}
		if seen[name] {
			return Spec{}, fmt.Errorf("read augmentation %q: %s occurs twice", text, name)
		}
		seen[name] = true
		if err := op.set(&spec, value, hasValue); err != nil {
			return Spec{}, fmt.Errorf("read augmentation %q: %w", text, err)
		}
	}
	return spec, nil
}

func find(name string) (operation, error) {
	var known []string
	for _, op := range operations() {
		if op.name == name {
			return op, nil
		}
		known = append(known, op.example)
	}
	return operation{}, fmt.Errorf("an augmentation must be one of %s; got %q", strings.Join(known, ", "), name)
}

func (op operation) set(spec *Spec, value string, hasValue bool) error {
	if op.field == nil {
		if hasValue {
			return fmt.Errorf("%s takes no number, and has %q", op.name, value)
		}
		*op.mark(spec) = true
		return nil
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(number) || number <= op.low || number > op.high {
		return fmt.Errorf("%s needs %s above %g and up to %g, as in %s", op.name, op.describe, op.low, op.high, op.example)
	}
	*op.field(spec) = number
	return nil
}

// String is the spec as Parse reads it, in a fixed order: equal specs have equal texts.
func (s Spec) String() string {
	var words []string
	for _, op := range operations() {
		switch {
		case op.field == nil:
			if *op.mark(&s) {
				words = append(words, op.name)
			}
		case *op.field(&s) != 0:
			words = append(words, op.name+":"+strconv.FormatFloat(*op.field(&s), 'g', -1, 64))
		}
	}
	return strings.Join(words, ",")
}

// Empty says whether nothing is changed.
func (s Spec) Empty() bool { return s == Spec{} }
