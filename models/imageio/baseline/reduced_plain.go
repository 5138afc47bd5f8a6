//go:build !(goexperiment.simd && amd64 && !go1.27)

package baseline

// These are for builds with GOEXPERIMENT=simd.

func inverse4Wide(*[64]int32, []uint8, int) bool { return false }

func inverse2Wide(*[64]int32, []uint8, int) bool { return false }
