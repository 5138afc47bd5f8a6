package baseline

import "golang.org/x/sys/cpu"

// wideBlock is plainBlock in shifts that leave the flags alone, with all of its state in registers: the compiler of Go 1.26 moves it about. 56 bits
// are enough for five looks. A block that it does not take is -1: nothing but its coefficients has changed then.
//
//go:noescape
func wideBlock(r *bits, block *[64]int32, p *plane) (last int)

// fastBlock is plainBlock, as far as this processor can do it faster; false leaves the block to plainBlock.
func (r *bits) fastBlock(block *[64]int32, p *plane) (last int, ok bool) {
	if !cpu.X86.HasBMI2 || !cpu.X86.HasAVX2 {
		return 0, false
	}
	last = wideBlock(r, block, p)
	return last, last >= 0
}
