package transaction

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/filelock"
)

// lock waits until no other installation works on the same root.
func lock(ctx context.Context, root string, waiting func()) (*filelock.Lock, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, &Error{"creating " + root, err}
	}
	held, err := filelock.Acquire(ctx, filepath.Join(root, lockName), waiting)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interrupted while another installation works on %s", root)
	case errors.Is(err, errors.ErrUnsupported):
		return nil, &Error{"locking " + root + " on a file system without locks", err}
	case err != nil:
		return nil, &Error{"locking " + root, err}
	}
	return held, nil
}
