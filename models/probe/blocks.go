package probe

import "github.com/headstart-nb/headstart/models/matrix"

// blockRows is how many samples a partial sum is of. A multiple of 16 keeps the workers' numbers in lines of the cache of their own.
const blockRows = 256

// sumBlocks is the sum of what do adds to so many numbers for each block of rows. The partial sums are added in the blocks' order, so that
// they do not depend on the number of workers.
func sumBlocks(workers, rows, numbers int, do func(from, to int, sums []float64)) []float64 {
	partial := matrix.New((rows+blockRows-1)/blockRows, numbers)
	matrix.Split(workers, rows, blockRows, func(from, to int) { do(from, to, partial.Row(from/blockRows)) })
	total := make([]float64, numbers)
	for i := range partial.Rows {
		matrix.AddScaled(total, 1, partial.Row(i))
	}
	return total
}
