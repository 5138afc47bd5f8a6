//go:build !amd64

package baseline

func (r *bits) run(block *[64]int32, t *table, quant *[64]int32, from uint) (entry uint32, k uint) {
	return r.plainRun(block, t, quant, from)
}

func clearBlock(block *[64]int32) { *block = [64]int32{} }
