package input

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder/tarball"
	"github.com/headstart-nb/headstart/models/imageio"
)

// A File is an image's bytes, or why there are none.
type File struct {
	Path  string
	Label string // of the image's sample in WebDataset's layout; empty where it has none
	Data  []byte
	Err   error // why the file cannot be used, without its path; nil where Data is set. Reading it again gives the same
}

// Images reads the images of a unit one by one, in their order. An error ends it, and may pass: a failure of the disk or the network,
// or a canceled context. What an archive holds beside images is left out.
func (s *Set) Images(ctx context.Context, i int) iter.Seq2[File, error] {
	u := s.units[i]
	return func(yield func(File, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(File{}, err)
			return
		}
		if !s.Archive(i) {
			file, err := u.image(ctx)
			yield(file, err)
			return
		}
		a := &archive{ctx: ctx, unit: u, left: s.maxUnpacked, yield: func(f File) bool { return yield(f, nil) }}
		if err := a.read(); err != nil && !errors.Is(err, errStopped) {
			yield(File{}, fmt.Errorf("read %s: %w", u.name, err))
		}
	}
}

// trusted is up to how many bytes memory is taken as a size says; past that, as they come.
const trusted = 16 << 20

// image reads a unit that is one file.
func (u unit) image(ctx context.Context) (f File, err error) {
	f.Path, f.Label = u.name, u.label
	fail := func(err error) (File, error) {
		if u.transient(err) {
			return f, fmt.Errorf("read %s: %w", u.name, err)
		}
		f.Err = errors.New(plain(err))
		if errors.Is(err, fs.ErrNotExist) {
			f.Err = errors.New("there is no such file")
		}
		return f, nil
	}
	file, size, err := u.open(ctx, u.key)
	if err != nil {
		return fail(err)
	}
	defer file.Close()
	if f.Err = fits(size); f.Err != nil {
		return f, nil
	}
	data := bytes.NewBuffer(make([]byte, 0, min(size, trusted)+bytes.MinRead))
	n, err := data.ReadFrom(io.LimitReader(file, size))
	if err != nil {
		return fail(err)
	}
	if n < size {
		f.Err = fmt.Errorf("it became shorter while it was read (%d of %d bytes were there)", n, size)
		return f, nil
	}
	f.Data = data.Bytes()
	return f, nil
}

// fits tells what is wrong with the size of a file.
func fits(size int64) error {
	switch {
	case size <= 0:
		return errors.New("the file is empty")
	case size > imageio.MaxFileMiB<<20:
		return fmt.Errorf("too large: a file of %d MiB, and the limit is %d MiB", size>>20, imageio.MaxFileMiB)
	}
	return nil
}

// errStopped ends the reading of an archive whose reader wants no more.
var errStopped = errors.New("stopped")

// Limits of what is kept until a sample's label has been read: an archive of one sample would else be in memory as a whole.
const (
	maxSampleFiles = 16
	maxSampleBytes = 64 << 20
	maxLabel       = 1 << 10 // bytes
	maxName        = 4096    // bytes of a path, as Linux has it
)

// archive is a tar on its way.
type archive struct {
	unit
	ctx    context.Context
	yield  func(File) bool
	source *noted
	left   int64  // bytes that its files may still have
	images int    // given so far
	key    string // of the sample
	label  string
	held   []File // images of the sample
	bytes  int64  // of these
}

// noted is a stream that remembers its own error, so that a damaged archive is told from a broken connection.
type noted struct {
	io.Reader
	err error
}

func (n *noted) Read(p []byte) (int, error) {
	read, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.err = err
	}
	return read, err
}

// read gives the images. A damaged archive gives those before the damage, and a file that cannot be used in place of the rest.
func (a *archive) read() error {
	file, size, err := a.open(a.ctx, a.unit.key)
	if err != nil {
		return errors.New(plain(err))
	}
	defer file.Close()
	a.source, a.left = &noted{Reader: file}, cmp.Or(a.left, tarball.Limit(size))
	r, err := tarball.Open(a.source, a.unit.key, a.left)
	for err == nil {
		var header *tar.Header
		if err = a.ctx.Err(); err != nil {
			break
		}
		if header, err = r.Next(); err == nil {
			err = a.entry(header, r)
		}
	}
	switch {
	case errors.Is(err, errStopped):
		return err
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case a.source.err != nil:
		return a.source.err
	}
	if !a.flush() {
		return errStopped
	}
	if errors.Is(err, io.EOF) || a.yield(File{Path: a.name, Err: fmt.Errorf("the archive cannot be read past its first %d images: %w", a.images, err)}) {
		return nil
	}
	return errStopped
}

// entry takes one entry. An error ends the archive.
func (a *archive) entry(header *tar.Header, content io.Reader) error {
	name := path.Clean(header.Name)
	reason := tarball.Refuse(header.Name, tarball.Mode(header))
	if reason == "" && hidden(name) {
		return nil // it may stand between the files of a sample
	}
	key, extension := sampleOf(name)
	if key != a.key || len(a.held) >= maxSampleFiles || a.bytes > maxSampleBytes {
		if !a.flush() {
			return errStopped
		}
		if key != a.key {
			a.key, a.label = key, ""
		}
	}
	label := extension == "cls" && tarball.Mode(header).IsRegular()
	if !label && !isImage(name) || tarball.Mode(header).IsDir() {
		return nil
	}
	if label {
		text, err := io.ReadAll(io.LimitReader(content, maxLabel+1))
		if err == nil && len(text) <= maxLabel {
			a.label = strings.ToValidUTF8(strings.TrimSpace(string(text)), "\uFFFD")
		}
		return err
	}
	f := File{Path: path.Join(a.name, name)}
	switch {
	case len(header.Name) > maxName:
		f.Path, f.Err = a.name+"/"+header.Name[:100], fmt.Errorf("its name has %d bytes", len(header.Name))
	case reason != "":
		f.Path, f.Err = a.name+"/"+header.Name, errors.New(reason)
	default:
		if f.Err = fits(header.Size); f.Err != nil {
			break
		}
		if a.left -= header.Size; a.left < 0 {
			return tarball.ErrBomb
		}
		data, err := io.ReadAll(content) // which grows with what is there, and not with what the header says
		if err != nil {
			return err
		}
		f.Data = data
	}
	a.held, a.bytes = append(a.held, f), a.bytes+int64(len(f.Data))
	return nil
}

// flush gives the images of a sample; false ends the reading.
func (a *archive) flush() bool {
	held := a.held
	a.held, a.bytes = nil, 0
	for _, f := range held {
		f.Label = a.label
		a.images++
		if !a.yield(f) {
			return false
		}
	}
	return true
}

// sampleOf splits a name as WebDataset does: the sample's key ends at the first dot behind the last slash.
func sampleOf(name string) (key, extension string) {
	dir, base := path.Split(name)
	base, extension, _ = strings.Cut(base, ".")
	return dir + base, strings.ToLower(extension)
}
