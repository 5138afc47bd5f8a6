package plain

import "syscall"

// sleep waits a millisecond. It is not time.Sleep, since package time takes the linker longer than all of this package.
func sleep() { _ = syscall.Nanosleep(&syscall.Timespec{Nsec: 1e6}, nil) } // a shorter sleep only asks again sooner
