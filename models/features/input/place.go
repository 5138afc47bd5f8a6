package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// folder is one of this machine's, or, without a root, the place of absolute paths.
type folder struct{ root string }

func (p folder) open(_ context.Context, key string) (io.ReadCloser, int64, error) {
	file, err := safefile.Open(filepath.Join(p.root, filepath.FromSlash(key)))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// transient tells whether the system said something that may pass: other than that there is no such file, or no right to read it.
func (folder) transient(err error) bool {
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, safefile.ErrNotRegular) && !errors.Is(err, errLeadsOut)
}

func (folder) remote() bool { return false }

var errLeadsOut = errors.New("a symbolic link that leads out of the folder")

// inside is the folder of a list, whose files must not be links that lead out of it.
type inside struct{ folder }

func (p inside) open(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	file := filepath.Join(p.root, key)
	target, err := filepath.EvalSymlinks(file)
	if err != nil {
		return nil, 0, err
	}
	if within, err := filepath.Rel(p.root, target); err != nil || !filepath.IsLocal(within) {
		return nil, 0, &os.PathError{Op: "open", Path: file, Err: errLeadsOut}
	}
	return folder{}.open(ctx, target)
}

// objects are those of a bucket.
type objects struct {
	store  Store
	bucket string
}

func (p objects) open(ctx context.Context, key string) (io.ReadCloser, int64, error) {
	object, size, err := p.store.Open(ctx, p.bucket, key)
	if err != nil {
		return nil, 0, fmt.Errorf("open %s%s/%s: %w", Scheme, p.bucket, key, err)
	}
	return object, size, nil
}

func (objects) transient(err error) bool { return !errors.Is(err, fs.ErrNotExist) }

func (objects) remote() bool { return true }

// plain is the cause of a file error without the operation and the path.
func plain(err error) string {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		err = file.Err
	}
	return err.Error()
}
