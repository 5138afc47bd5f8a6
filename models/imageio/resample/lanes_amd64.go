package resample

import "golang.org/x/sys/cpu"

// The loops over samples, with 16 or more in each register. The compiler of Go 1.26 knows neither bytes side by side nor a weight
// loaded into all lanes, which they consist of.

// laned tells whether these loops are used.
func laned() bool { return cpu.X86.HasAVX2 }

// pairColumns puts pairs of neighbors of 16 rows side by side: of each block of 16 x 16 bytes, it makes 8 times 32 bytes, the two first of
// each row, then the next two of each. Rows are stride bytes apart, blocks step; the 32 bytes go to dst, every to bytes, and those of the
// next block next bytes after them.
//
//go:noescape
func pairColumns(dst, src *uint8, to, next, stride, step, blocks int)

// pairRows puts the samples of two rows side by side. Their number is a multiple of 32.
//
//go:noescape
func pairRows(dst, row, next *uint8, samples int)

const (
	sumsBegin = 1 << iota // nothing is in the sums yet
	sumsEnd               // the sums become bytes
)

// sumColumns adds count rows of pairs, times their weights, to sums, whose order is its own. The samples are a multiple of 32.
//
//go:noescape
func sumColumns(out *uint8, sums *int32, pairs *uint8, stride, count int, weights *uint64, samples, flags int)

// sumAlong makes for each result 16 samples of each color, one of each row, out of pairs of columns. Colors are color bytes
// apart in pairs, and toColor in dst; of weights, each result has each.
//
//go:noescape
func sumAlong(dst, pairs *uint8, color, toColor int, starts *pairSpan, each int, weights *uint64, results int)
