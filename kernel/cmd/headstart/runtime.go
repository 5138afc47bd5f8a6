package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/plugins"
)

// A runtimeFolder holds the sockets of one kernel and its children. It is locked while the kernel lives, so that other
// kernels can tell which folders were left behind by one that was killed.
type runtimeFolder struct {
	path string
	lock *filelock.Lock // nil while an earlier kernel of the same connection file still has it
}

// sweepAge is how old a folder is before another kernel looks at it: younger ones may not be locked yet.
const sweepAge = time.Minute

// openRuntimeFolder makes the folder, for this user alone. Its name follows from the connection file, which stays the
// same when Jupyter restarts a kernel, and is short: the path of a Unix socket has about 100 bytes.
func openRuntimeFolder(connectionFile string) (*runtimeFolder, error) {
	base, err := paths.Runtime()
	if err != nil {
		return nil, err
	}
	return openFolderBelow(base, connectionFile)
}

// openFolderBelow makes the folder of the kernel with this connection file in base, where other kernels have theirs.
func openFolderBelow(base, connectionFile string) (*runtimeFolder, error) {
	absolute, err := filepath.Abs(connectionFile)
	if err != nil {
		return nil, fmt.Errorf("find the connection file: %w", err)
	}
	digest := sha256.Sum256([]byte(absolute))
	path, err := paths.Private(filepath.Join(base, hex.EncodeToString(digest[:6])))
	if err != nil {
		return nil, fmt.Errorf("make a folder for this kernel: %w", err)
	}
	lock, err := filelock.Try(filepath.Join(path, lockName))
	if err != nil && !errors.Is(err, filelock.ErrHeld) {
		return nil, fmt.Errorf("lock the folder for the kernel's sockets: %w", err)
	}
	return &runtimeFolder{path: path, lock: lock}, nil
}

// lockName is the file that a kernel keeps locked in its folder for as long as it lives.
const lockName = "lock"

// close removes the folder, unless a plugin that outlives the kernel still listens in it.
func (r *runtimeFolder) close() error {
	if r.lock != nil {
		defer r.lock.Close() // nothing was written to it
	}
	if listening(r.path) {
		return nil
	}
	if err := os.RemoveAll(r.path); err != nil {
		return fmt.Errorf("remove the folder for the kernel's sockets: %w", err)
	}
	return nil
}

// sweep removes the folders of kernels that were killed.
func (r *runtimeFolder) sweep() error {
	base := filepath.Dir(r.path)
	entries, err := os.ReadDir(base)
	if err != nil {
		return fmt.Errorf("look for folders that killed kernels left: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(base, entry.Name())
		info, err := entry.Info()
		shared := entry.Name() == plugins.SocketFolder // of many kernels' plugins, which package plugins sweeps
		if err != nil || !entry.IsDir() || shared || path == r.path || time.Since(info.ModTime()) < sweepAge {
			continue
		}
		if err := sweepOne(path); err != nil {
			return fmt.Errorf("remove a folder that a killed kernel left: %w", err)
		}
	}
	return nil
}

func sweepOne(path string) error {
	lock, err := filelock.Try(filepath.Join(path, lockName))
	if errors.Is(err, filelock.ErrHeld) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lock.Close() // nothing was written to it
	if listening(path) {
		return nil
	}
	return os.RemoveAll(path)
}

// listening reports whether a process accepts connections on a Unix socket in a folder.
func listening(folder string) bool {
	found := false
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error { // what cannot be read listens to nobody
		if err != nil || entry.Type() != fs.ModeSocket {
			return nil
		}
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = conn.Close() // it was opened to see whether it can be
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}
