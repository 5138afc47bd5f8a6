//go:build !(goexperiment.simd && amd64 && !go1.27)

package imageio

// Vectorized reports whether all of decoding takes many samples at once: this build does not.
func Vectorized() bool { return false }

// These do nothing: their loops are for builds with GOEXPERIMENT=simd.

func jpegRowWide(_, _, _, _ []uint8) int { return 0 }
