package paths

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// An UntrustedError is a folder in which another user can replace files, or a file that another user can write or replace.
type UntrustedError struct{ Folder, Reason string }

func (e *UntrustedError) Error() string { return fmt.Sprintf("%s is not safe: %s", e.Folder, e.Reason) }

// Resolve returns a folder's path without symbolic links, in which no other user can put something in the place of a file
// or a folder of this user. The folder may be shared where it has the sticky bit, as /tmp has.
func Resolve(folder string) (string, error) {
	absolute, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	resolved, err := filepath.EvalSymlinks(absolute)
	if err != nil {
		return "", err
	}
	for at := resolved; ; at = filepath.Dir(at) {
		if err := checkShared(at); err != nil {
			return "", err
		}
		if at == filepath.Dir(at) {
			return resolved, nil
		}
	}
}

// checkShared accepts a folder of this user or of the system that others cannot write to, or only under the sticky bit.
func checkShared(folder string) error {
	info, owner, err := look(folder)
	if err != nil {
		return err
	}
	if !trustedOwner(int(owner.Uid)) {
		return &UntrustedError{folder, fmt.Sprintf("it belongs to the user with the ID %d", owner.Uid)}
	}
	if info.Mode()&fs.ModeSticky == 0 && writableByOthers(info, owner) {
		return &UntrustedError{folder, fmt.Sprintf("other users can write to it (mode %#o)", info.Mode().Perm())}
	}
	return nil
}

func look(folder string) (fs.FileInfo, *syscall.Stat_t, error) {
	info, err := os.Lstat(folder)
	if err != nil {
		return nil, nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() {
		return nil, nil, &UntrustedError{folder, "it is not a folder"}
	}
	return info, owner, nil
}

// trustedOwner reports whether a user may own a parent folder: this one, root, and whoever owns the file system's root,
// which in a container need not be root.
func trustedOwner(user int) bool {
	if user == os.Getuid() || user == 0 {
		return true
	}
	_, top, err := look("/")
	return err == nil && int(top.Uid) == user
}

// writableByOthers leaves out a group with the user's own number, which on Debian and Fedora has no other member.
func writableByOthers(info fs.FileInfo, owner *syscall.Stat_t) bool {
	others := fs.FileMode(0o022)
	if int(owner.Gid) == os.Getuid() {
		others = 0o002
	}
	return info.Mode().Perm()&others != 0
}

// Private makes a folder, unless it is there, and returns its path without symbolic links. Only this user may enter it, and
// nobody else can replace it: its parents are checked, and it is not a symbolic link.
func Private(folder string) (string, error) {
	parent, err := Resolve(filepath.Dir(folder))
	if err != nil {
		return "", err
	}
	folder = filepath.Join(parent, filepath.Base(folder))
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return folder, checkPrivate(folder)
}

// CheckPrivate reports a folder that Private would not return.
func CheckPrivate(folder string) error {
	if _, err := Resolve(filepath.Dir(folder)); err != nil {
		return err
	}
	return checkPrivate(folder)
}

func checkPrivate(folder string) error {
	info, owner, err := look(folder)
	switch {
	case err != nil:
		return err
	case int(owner.Uid) != os.Getuid():
		return &UntrustedError{folder, fmt.Sprintf("it belongs to the user with the ID %d", owner.Uid)}
	case info.Mode().Perm()&0o077 != 0:
		return &UntrustedError{folder, fmt.Sprintf("other users can enter it (mode %#o): chmod 700 it", info.Mode().Perm())}
	}
	return nil
}

// CheckOwn reports a folder that belongs to another user, or that others can write to.
func CheckOwn(folder string) error {
	resolved, err := Resolve(folder)
	if err != nil {
		return err
	}
	info, owner, err := look(resolved)
	switch {
	case err != nil:
		return err
	case int(owner.Uid) != os.Getuid():
		return &UntrustedError{folder, fmt.Sprintf("it belongs to the user with the ID %d", owner.Uid)}
	case writableByOthers(info, owner):
		return &UntrustedError{folder, fmt.Sprintf("other users can write to it (mode %#o)", info.Mode().Perm())}
	}
	return nil
}

// CheckFile reports a file that another user can write to, or in whose place another user can put one; it need not exist. It also
// reports what is not a file, since opening a pipe waits for whoever writes to it.
func CheckFile(file string) error {
	if !filepath.IsAbs(file) {
		return &UntrustedError{file, "what it names depends on the current folder"}
	}
	resolved, err := filepath.EvalSymlinks(file)
	if errors.Is(err, fs.ErrNotExist) {
		return checkVacant(filepath.Clean(file))
	}
	if err != nil {
		return err
	}
	for _, path := range []string{filepath.Clean(file), resolved} { // a link can be replaced as well as what it leads to
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		switch {
		case !ok || path == resolved && !info.Mode().IsRegular():
			return &UntrustedError{path, "it is not a file"}
		case !trustedOwner(int(owner.Uid)):
			return &UntrustedError{path, fmt.Sprintf("it belongs to the user with the ID %d", owner.Uid)}
		case path == resolved && writableByOthers(info, owner):
			return &UntrustedError{path, fmt.Sprintf("other users can write to it (mode %#o)", info.Mode().Perm())}
		}
		if _, err := Resolve(filepath.Dir(path)); err != nil {
			return err
		}
	}
	return nil
}

// checkVacant checks the folder that decides about a file that does not exist. The sticky bit does not help: everybody may add a file.
func checkVacant(file string) error {
	folder := filepath.Dir(file)
	for folder != filepath.Dir(folder) {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		folder = filepath.Dir(folder)
	}
	resolved, err := Resolve(folder)
	if err != nil {
		return err
	}
	info, owner, err := look(resolved)
	if err == nil && writableByOthers(info, owner) {
		err = &UntrustedError{folder, fmt.Sprintf("other users can write to it (mode %#o)", info.Mode().Perm())}
	}
	return err
}
