package prediction

import (
	"fmt"
	"slices"
)

// TTA is test-time augmentation: of which changed copies of an image the outputs are averaged.
type TTA string

// The kinds of test-time augmentation.
const (
	TTANone TTA = "none" // also the empty string
	TTAFlip TTA = "flip" // the image and its mirror image, left to right
)

// TTAs lists the kinds.
func TTAs() []TTA { return []TTA{TTANone, TTAFlip} }

// Validate refuses another word.
func (t TTA) Validate() error {
	if t == "" || slices.Contains(TTAs(), t) {
		return nil
	}
	return fmt.Errorf("test-time augmentation must be one of none, flip; got %q", t)
}

// Mirrors tells whether the mirror image has a part in the outputs.
func (t TTA) Mirrors() bool { return t == TTAFlip }
