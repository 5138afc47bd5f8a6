package weights

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// Digest is the SHA-256 of a file in hex.
func Digest(ctx context.Context, path string) (string, error) {
	file, err := safefile.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, contextReader{ctx, file}); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// contextReader fails as soon as its context is canceled.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
