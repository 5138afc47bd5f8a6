// Package digest computes SHA-256s, and reads and writes them as text.
package digest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"math"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// File is the SHA-256 of a regular file in hexadecimal, with the number of bytes. It ends with the context.
func File(ctx context.Context, path string) (sum string, size int64, err error) {
	return within(ctx, path, math.MaxInt64-1)
}

// FileWithin is File for a file of at most limit bytes, which may be a stranger's: others are a safefile.TooLargeError. Some regular files,
// such as those of /proc, never end.
func FileWithin(ctx context.Context, path string, limit int64) (sum string, err error) {
	sum, _, err = within(ctx, path, limit)
	return sum, err
}

func within(ctx context.Context, path string, limit int64) (sum string, size int64, err error) {
	file, err := safefile.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = file.Close() }() // only read
	tooLarge := &fs.PathError{Op: "read", Path: path, Err: &safefile.TooLargeError{Limit: limit}}
	info, err := file.Stat()
	if err == nil && info.Size() > limit {
		err = tooLarge
	}
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	size, err = io.Copy(hash, io.LimitReader(reader{ctx, file}, limit+1))
	if err == nil && size > limit { // it grew meanwhile
		err = tooLarge
	}
	if err != nil {
		return "", size, err
	}
	return hex.EncodeToString(hash.Sum(nil)), size, nil
}

// reader fails as soon as its context is canceled.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
