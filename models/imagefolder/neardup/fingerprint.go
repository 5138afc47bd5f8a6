// Package neardup finds near-duplicates among many images, by what they look like at a small size.
package neardup

import (
	"math/bits"

	"github.com/headstart-nb/headstart/models/imageio"
)

// A Fingerprint describes what an image looks like, so that the same image at another size or quality has nearly the same
// one. It does not see through crops, turns, mirrors and other light.
//
// (goimagehash, the library that offers itself, rests on an abandoned resizer and has no index for large sets.)
type Fingerprint struct {
	// Bits is a difference hash: the image shrunk to 17 x 16 gray pixels, a bit for each pair of horizontal neighbors
	// that says whether it becomes brighter to the right.
	Bits [4]uint64
	// Colors is the image shrunk to 4 x 4 RGB pixels: it tells images apart whose edges agree.
	Colors [48]uint8
}

// DefaultBits is how many of the 256 bits may differ between near-duplicates. At half the size and JPEG quality 50, nine
// copies out of ten stay within it; the most similar different images of a series (one hand, one wall) differ in 17.
const DefaultBits = 16

// maxColorDistance is how much the mean of the 48 color values may differ, in gray levels, between near-duplicates. Copies
// differ by 1 at most, two photos shot in one second by 6.
const maxColorDistance = 8

// maxPlainDistance is how much any of the 48 color values may differ between near-duplicates without edges. A copy differs by
// rounding only, and two swatches of one color card by little more.
const maxPlainDistance = 1

// plain says whether an image has next to no edges, as a swatch or a gradient: its bits then tell it from no other plain one.
func (f *Fingerprint) plain() bool { return f.edges() <= DefaultBits }

// edges is how many bits differ from those of an image that nowhere becomes brighter, or everywhere.
func (f *Fingerprint) edges() int {
	n := 0
	for _, word := range f.Bits {
		n += bits.OnesCount64(word)
	}
	return min(n, 256-n)
}

// folded are all bits as 64: those of two images differ in no more bits than their fingerprints, and in about as many where few differ.
func (f *Fingerprint) folded() uint64 {
	return f.Bits[0] ^ bits.RotateLeft64(f.Bits[1], 5) ^ bits.RotateLeft64(f.Bits[2], 11) ^ bits.RotateLeft64(f.Bits[3], 17)
}

// The sides of the squares that a fingerprint is made of.
const (
	bitsSide   = 17
	colorsSide = 4
)

// Sides are those that Of needs of an image.
func Sides() []int { return []int{bitsSide, colorsSide} }

// Of describes an image that was decoded by a plan with Sides.
func Of(decoded *imageio.Decoded) (print Fingerprint) {
	small := decoded.Side(bitsSide)
	gray := func(x, y int) int {
		p := small[3*(bitsSide*y+x):]
		return 299*int(p[0]) + 587*int(p[1]) + 114*int(p[2])
	}
	for y := range 16 {
		for x := range 16 {
			if gray(x+1, y) > gray(x, y) {
				i := 16*y + x
				print.Bits[i/64] |= 1 << (i % 64)
			}
		}
	}
	copy(print.Colors[:], decoded.Side(colorsSide))
	return print
}

// Distance is the number of bits that differ, 0 to 256.
func (f Fingerprint) Distance(other Fingerprint) int {
	n := 0
	for i := range f.Bits {
		n += bits.OnesCount64(f.Bits[i] ^ other.Bits[i])
	}
	return n
}

// Near says whether two images count as the same: near-duplicates differ in at most maxBits bits.
func (f Fingerprint) Near(other Fingerprint, maxBits int) bool {
	return f.Distance(other) <= maxBits && f.nearColors(&other)
}

// nearColors says whether the colors are those of near-duplicates.
func (f *Fingerprint) nearColors(other *Fingerprint) bool {
	const limit = maxColorDistance * len(f.Colors)
	sum, most := 0, 0
	for from := 0; from < len(f.Colors); from += 16 {
		mine, others := (*[16]uint8)(f.Colors[from:]), (*[16]uint8)(other.Colors[from:])
		for i, v := range mine {
			d := int(v) - int(others[i])
			d = max(d, -d)
			sum, most = sum+d, max(most, d)
		}
		if sum > limit {
			return false
		}
	}
	return most <= maxPlainDistance || !f.plain() || !other.plain()
}
