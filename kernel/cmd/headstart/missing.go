package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/headstart-nb/headstart/internal/paths"
)

// ensureWork returns the working directory, or goes to one that is there. The notice says what is different then.
func ensureWork() (folder, notice string, err error) {
	if folder, err = os.Getwd(); err == nil && isFolder(folder) {
		return folder, "", nil
	}
	for _, instead := range []string{os.Getenv("HOME"), os.TempDir(), "/"} {
		if filepath.IsAbs(instead) && isFolder(instead) && os.Chdir(instead) == nil {
			return instead, fmt.Sprintf("the folder that the kernel was started in is gone: cells run in %s, and relative paths begin there", instead), nil
		}
	}
	return "", "", fmt.Errorf("find the folder that the kernel was started in: %w; start it in a folder that exists", err)
}

// ensureHome makes HOME name a folder that is there, for this process and its children: Go and Python keep their caches in
// it, and the state folder is below it. A container may run under a user without one.
func ensureHome() (notice string, err error) {
	was := os.Getenv("HOME")
	if filepath.IsAbs(was) && isFolder(was) {
		return "", nil
	}
	if known, err := user.LookupId(strconv.Itoa(os.Getuid())); err == nil && filepath.IsAbs(known.HomeDir) && isFolder(known.HomeDir) {
		return "", os.Setenv("HOME", known.HomeDir)
	}
	folder, err := lastingFolder("home")
	if err != nil {
		return "", fmt.Errorf("find a home folder, since HOME is %q: %w; set HOME", was, err)
	}
	return fmt.Sprintf("HOME is %q, which is not a folder: caches, runs and what Go downloads are kept in %s, which does not last; set HOME", was, folder),
		os.Setenv("HOME", folder)
}

// ensureState makes the state folder, or one in its place where that cannot be made: the home folder may be read-only.
func ensureState() (folder, notice string, err error) {
	wanted, err := paths.State()
	if err != nil {
		return "", "", err
	}
	problem := writable(wanted)
	if problem == nil {
		return wanted, "", nil
	}
	if folder, err = lastingFolder("state"); err != nil {
		return "", "", fmt.Errorf("make the state folder: %w; set %s", errors.Join(problem, err), paths.HomeVar)
	}
	notice = fmt.Sprintf("the state folder cannot be used (%v): caches, runs and plugins are kept in %s, which does not last; set %s",
		problem, folder, paths.HomeVar)
	for name, below := range map[string]string{"GOCACHE": "go-build", "GOPATH": "go"} {
		if os.Getenv(name) == "" {
			err = errors.Join(err, os.Setenv(name, filepath.Join(folder, below)))
		}
	}
	return folder, notice, err
}

// writable makes a folder where it is missing, and reports why no file can be made in it.
func writable(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".writable-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// lastingFolder is a folder of this user that is there until the system clears its temporary files.
func lastingFolder(name string) (string, error) {
	lasting, err := paths.Lasting()
	if err != nil {
		return "", err
	}
	return paths.Private(filepath.Join(lasting, name))
}
