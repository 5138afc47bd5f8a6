package atomicfolder

import (
	"errors"

	"golang.org/x/sys/unix"
)

// exchange makes each of two folders have the other's path, at once where the file system can.
func exchange(temporary, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, temporary, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return inTwoSteps(temporary, path)
	}
	return err
}
