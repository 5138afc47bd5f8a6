// Package tarball reads tar archives that strangers have made, as streams.
//
// It bounds what an archive may unpack to, and tells which of its entries are plain files inside of it.
package tarball

import (
	"archive/tar"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mikelolasagasti/xz"
)

// Limits of what an archive may unpack to. Images are compressed already: an archive that grows much is a bomb.
const (
	maxGrowth  = 100       // times the archive's size, on top of
	freeGrowth = 256 << 20 // bytes
)

// ErrBomb is an archive that unpacks to more than Limit.
var ErrBomb = errors.New("it unpacks to far more than images would: it looks like a zip bomb, and is refused")

// Endings are those of the names of tar archives.
func Endings() []string {
	return []string{".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"}
}

// Named tells whether a file is a tar archive by its name.
func Named(file string) bool { return hasEnding(file, Endings()...) }

// Limit is how many bytes an archive of a size may unpack to.
func Limit(size int64) int64 { return freeGrowth + maxGrowth*size }

// Open is the tar in a stream, decompressed as the archive's name says. It fails with ErrBomb after limit bytes and what the archive
// may hold beside them, such as headers and entries that nobody reads.
func Open(stream io.Reader, name string, limit int64) (*tar.Reader, error) {
	plain, err := decompressed(stream, name)
	if err != nil {
		return nil, err
	}
	return tar.NewReader(&bounded{plain, limit + limit/8 + 1<<20}), nil
}

// Mode is that of an entry. A hard link is not a regular file: it has no content of its own.
func Mode(header *tar.Header) fs.FileMode {
	mode := header.FileInfo().Mode()
	if header.Typeflag == tar.TypeLink {
		mode |= fs.ModeIrregular
	}
	return mode
}

// Refuse says why an entry of an archive is not used; empty: it is a plain file inside the archive.
func Refuse(name string, mode fs.FileMode) string {
	switch {
	case !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsRune(name, 0):
		return "its path leads out of the archive"
	case !mode.IsRegular():
		return "not a file but a link or a device"
	}
	return ""
}

// decompressed is the tar in a file, by the file's ending.
func decompressed(f io.Reader, file string) (io.Reader, error) {
	switch {
	case hasEnding(file, ".tar"):
		return f, nil
	case hasEnding(file, ".bz2", ".tbz2"):
		return bzip2.NewReader(f), nil
	case hasEnding(file, ".xz", ".txz"):
		r, err := xz.NewReader(f, largestDictionary)
		if err != nil {
			return nil, xzError(err)
		}
		return frugalXZ{r}, nil
	}
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("damaged gzip: %w", err)
	}
	return r, nil
}

// largestDictionary is how many bytes a block of an xz file may ask for: what xz itself asks for at its highest level, 64 MiB, times
// four. A header of a few bytes could take up to 4 GiB.
const largestDictionary = 256 << 20

// frugalXZ is the content of an xz file, each of whose blocks is held to largestDictionary.
type frugalXZ struct{ r *xz.Reader }

func (f frugalXZ) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	return n, xzError(err)
}

func xzError(err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.Is(err, xz.ErrMemlimit):
		return errors.New("the xz asks for more than 256 MiB of memory: pack it again with xz -9 at the most")
	}
	return fmt.Errorf("damaged xz: %w", err)
}

// bounded is a reader that fails after so many bytes.
type bounded struct {
	io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, ErrBomb
	}
	return n, err
}

func hasEnding(file string, endings ...string) bool {
	lower := strings.ToLower(file)
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(lower, e) })
}
