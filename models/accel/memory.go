package accel

import "runtime/debug"

// FreeMemory gives what Go and the C library hold free back to the system. A compilation leaves as much as the weights take.
func FreeMemory() {
	debug.FreeOSMemory()
	trim()
}
