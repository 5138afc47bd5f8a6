package imageio

import "golang.org/x/sys/cpu"

// laned tells whether jpegColors is there.
func laned() bool { return cpu.X86.HasAVX2 }

// jpegColors is jpegRow with the colors apart, 32 pixels at once: the compiler of Go 1.26 knows neither samples that are packed to bytes nor
// a factor that is loaded into all lanes. The number of pixels is a multiple of 32.
//
//go:noescape
func jpegColors(red, green, blue, luma, cb, cr *uint8, pixels int)

// sumLanes is sumRows for a multiple of 16 samples.
//
//go:noescape
func sumLanes(sums *uint16, near, far *uint8, samples int)

// widenLanes is widenSums for a multiple of 16 samples that have a neighbor on both sides; even and odd, twice, are added before the shift.
//
//go:noescape
func widenLanes(dst *uint8, sums *uint16, samples int, even, odd uint32)
