package paths

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// maxFolder is the longest folder for sockets: the path of a Unix socket has about 100 bytes.
const maxFolder = 40

// Runtime is a folder for sockets that only this user may enter. It is the one of the login session, where there is one.
func Runtime() (string, error) {
	if session := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(session) && len(session) <= maxFolder {
		if folder, err := ofSession(session); err == nil {
			return folder, nil
		}
	}
	return Lasting()
}

// ofSession is our folder in the one of a login session, which the system made for this user alone.
func ofSession(session string) (string, error) {
	resolved, err := Resolve(session)
	if err != nil {
		return "", err
	}
	if err := checkPrivate(resolved); err != nil {
		return "", err
	}
	return Private(filepath.Join(resolved, "headstart"))
}

// Lasting is Runtime for processes that outlive a login session, whose folder the system removes.
//
// In a folder that all users share, somebody else may own our usual name; then it is another folder, the same each time.
// A TMPDIR with a long path, as that of a Go cell in a checkout deep in a tree, is passed over.
func Lasting() (string, error) {
	name := "headstart-" + strconv.Itoa(os.Getuid())
	var problems []error
	for _, shared := range []string{os.TempDir(), "/tmp"} {
		if usual := filepath.Join(shared, name); len(usual) > maxFolder {
			problems = append(problems, tooLong(usual))
			continue
		}
		folder, err := Private(filepath.Join(shared, name))
		if err == nil {
			return folder, nil
		}
		problems = append(problems, err)
		if folder, err = another(shared, name); err == nil {
			return folder, nil
		}
		problems = append(problems, err)
	}
	if state, err := State(); err == nil {
		folder, err := below(state, "run")
		if err == nil && len(folder) <= maxFolder {
			return folder, nil
		}
		if err == nil {
			err = tooLong(folder)
		}
		problems = append(problems, err)
	}
	return "", fmt.Errorf("make a folder for sockets: %w; set TMPDIR to a folder that only you can write to", errors.Join(problems...))
}

func tooLong(folder string) error { return fmt.Errorf("the path %s is too long for sockets", folder) }

// another finds or makes a folder whose name begins with ours.
func another(shared, name string) (string, error) {
	parent, err := Resolve(shared)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if ok, err := filepath.Match(name+"-*", entry.Name()); err != nil || !ok {
			continue
		}
		if folder := filepath.Join(parent, entry.Name()); checkPrivate(folder) == nil {
			return folder, nil
		}
	}
	return os.MkdirTemp(parent, name+"-") // its mode is 0700
}

// below makes a private folder in the state folder, and the state folder itself.
func below(state, name string) (string, error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return "", err
	}
	return Private(filepath.Join(state, name))
}
