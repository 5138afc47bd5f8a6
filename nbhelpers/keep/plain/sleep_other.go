//go:build !linux

package plain

import "syscall"

// sleep waits a millisecond. It is not time.Sleep, since package time takes the linker longer than all of this package.
func sleep() { _ = syscall.Select(0, nil, nil, nil, &syscall.Timeval{Usec: 1e3}) } // a shorter sleep only asks again sooner
