//go:build !linux

package atomicfolder

// exchange makes each of two folders have the other's path.
func exchange(temporary, path string) error { return inTwoSteps(temporary, path) }
