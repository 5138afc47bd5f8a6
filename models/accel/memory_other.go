//go:build !linux || !cgo

package accel

// trim does nothing: only glibc keeps memory that has to be asked for.
func trim() {}
