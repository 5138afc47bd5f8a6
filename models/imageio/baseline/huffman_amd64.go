package baseline

import "golang.org/x/sys/cpu"

// wideRun is run with shifts that leave the flags alone and all of its state in registers: the compiler of Go 1.26 moves it about. 56 bits are
// enough for five looks.
//
//go:noescape
func wideRun(r *bits, block *[64]int32, t *table, quant *[64]int32, from uint) (entry uint32, k uint)

func (r *bits) run(block *[64]int32, t *table, quant *[64]int32, from uint) (entry uint32, k uint) {
	if cpu.X86.HasBMI2 {
		return wideRun(r, block, t, quant, from)
	}
	return r.plainRun(block, t, quant, from)
}

//go:noescape
func wideClear(block *[64]int32)

func clearBlock(block *[64]int32) {
	if cpu.X86.HasAVX2 {
		wideClear(block)
		return
	}
	*block = [64]int32{}
}
