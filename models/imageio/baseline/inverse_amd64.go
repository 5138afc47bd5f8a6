package baseline

import "golang.org/x/sys/cpu"

// inverseLanes is inversePlain with 16 bits for each coefficient, which are multiplied and added in pairs: a third of the work of 32 bits. It
// does nothing, and says so, where the magnitudes of a column add up to 4096 or more: within that, the first pass gives at most 4 x 1.39
// times as much, which is 16 bits.
//
//go:noescape
func inverseLanes(block *[64]int32, to *uint8, stride int) bool

// inverseWide is inverse; false where it cannot be used.
func inverseWide(block *[64]int32, to []uint8, stride int) bool {
	return cpu.X86.HasAVX2 && inverseLanes(block, &to[:7*stride+8][0], stride)
}
