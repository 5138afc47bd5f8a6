// Package private makes folders that no other user of the machine can read or change.
package private

import (
	"fmt"
	"os"
	"syscall"
)

// Folder makes a folder, with its parents, that only this user can open. It fails where the folder is there already and
// belongs to somebody else, is open to others, or is a link: in a folder that all users share, anybody may have made it.
func Folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
		return &SharedError{Path: path}
	}
	return nil
}

// A SharedError is a folder that is not for this user alone.
type SharedError struct{ Path string }

// Error implements error.
func (e *SharedError) Error() string {
	return fmt.Sprintf("%s is not a folder for this user alone; remove it", e.Path)
}
