//go:build !(goexperiment.simd && amd64 && !go1.27)

package imageio

// Vectorized reports whether decoding takes many samples at once: this build does not.
func Vectorized() bool { return false }

// These do nothing: their loops are for builds with GOEXPERIMENT=simd.

func jpegRowWide(_, _, _, _ []uint8) int { return 0 }

func sumRowsWide([]uint16, []uint8, []uint8) int { return 0 }

func widenSumsWide([]uint8, []uint16) int { return 0 }

func shrinkRowsWide(_, _, _, _ []uint8, _ axis, _ fixedWeights) int { return 0 }

func shrinkColumnWide(_, _ []uint8, _ []int32) int { return 0 }
