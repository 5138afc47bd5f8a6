//go:build !amd64

package resample

func laned() bool { return false }

func pairColumns(_, _ *uint8, _, _, _, _, _ int) {}

func pairRows(_, _, _ *uint8, _ int) {}

const (
	sumsBegin = 1 << iota
	sumsEnd
)

func sumColumns(_ *uint8, _ *int32, _ *uint8, _, _ int, _ *uint64, _, _ int) {}

func sumAlong(_, _ *uint8, _, _ int, _ *pairSpan, _ int, _ *uint64, _ int) {}
