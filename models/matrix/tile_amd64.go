package matrix

import "golang.org/x/sys/cpu"

// wideTile is plainTile with AVX2 and fused multiplication; steps is at least 1. The compiler of Go 1.26 keeps addresses and sums of
// such a loop in memory, which takes two to three times as long.
//
//go:noescape
func wideTile(a, b *float32, steps int, sums *[tileSize]float32)

// tile computes the products of the rows of two panels.
func tile(a, b []float32, sums *[tileSize]float32) {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		wideTile(&a[0], &b[:len(a)][0], len(a)/stepSize, sums)
		return
	}
	plainTile(a, b, sums)
}
