//go:build !amd64

package baseline

func (r *bits) fastBlock(*[64]int32, *plane) (last int, ok bool) { return 0, false }
