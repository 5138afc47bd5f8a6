//go:build !amd64

package matrix

// tile computes the products of the rows of two panels.
func tile(a, b []float32, sums *[tileSize]float32) { plainTile(a, b, sums) }
