//go:build unix

package transaction

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// lock waits until no other installation works on the same root. The lock goes with the process, however that ends.
func lock(ctx context.Context, root string, waiting func()) (unlock func(), err error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, &Error{"creating " + root, err}
	}
	name := filepath.Join(root, lockName)
	file, err := safefile.OpenUnlinked(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, &Error{"locking " + root, err}
	}
	told := false
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && !sameFile(file, name) { // an uninstall removed it while this process waited
			file.Close()
			return lock(ctx, root, waiting)
		}
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			file.Close()
			return nil, fmt.Errorf("locking %s: %w; the file system may not support locks: choose another --prefix", name, err)
		}
		if !told {
			waiting()
			told = true
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, fmt.Errorf("interrupted while another installation works on %s", root)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func sameFile(file *os.File, name string) bool {
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(opened, named)
}
