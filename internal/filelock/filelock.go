// Package filelock locks files between processes. A lock ends with its process, however that ends.
//
// The locks are advisory: they hold off only those who ask for them. The locked file is made where it is missing, and stays.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// ErrHeld says that another holder has the lock.
var ErrHeld = errors.New("it is locked by another process")

// retry is how often a waiting process asks again.
const retry = 50 * time.Millisecond

// A Lock is a lock that is held.
type Lock struct{ file *flock.Flock }

// Try locks a file if nobody holds its lock, and fails with ErrHeld otherwise. It neither follows a symbolic link nor waits
// for a pipe in the file's place.
func Try(path string) (*Lock, error) {
	for {
		file := open(path)
		locked, err := file.TryLock()
		switch {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		case !locked:
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, ErrHeld), file.Close())
		case named(file, path):
			return &Lock{file}, nil
		}
		if err := file.Close(); err != nil { // somebody removed the file in between: another one may be locked already
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// Acquire waits for the lock of a file until the context ends. Waiting is called once, when another has the lock; it may be nil.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	for {
		lock, err := Try(path)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		case <-time.After(retry):
		}
	}
}

// Held tells whether somebody holds the lock of a file. Those who look do not see one another.
func Held(path string) bool {
	file := open(path)
	defer func() { _ = file.Close() }() // nothing was written
	locked, err := file.TryRLock()
	return err == nil && !locked
}

// Close gives the lock back.
func (l *Lock) Close() error { return l.file.Close() }

func open(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|syscall.O_NONBLOCK|syscall.O_NOFOLLOW))
}

// named tells whether a path still names the file that was locked.
func named(file *flock.Flock, path string) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(locked, there)
}
