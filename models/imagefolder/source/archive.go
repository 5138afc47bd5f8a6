package source

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/tarball"
	"github.com/headstart-nb/headstart/models/imageio"
)

func archiveEndings() []string {
	return append(tarball.Endings(), ".zip")
}

const (
	maxSkipped       = 256 << 20     // bytes
	unpacking        = ".unpacking-" // begins the name of a folder that is not whole yet
	skippedOfArchive = ".headstart-skipped.json"
)

// openArchive unpacks an archive below the state folder, once for each content, and reads the folder.
func openArchive(ctx context.Context, file string, o Options) (Layout, error) {
	if o.StateDir == "" {
		return Layout{}, errors.New("an archive needs a folder to unpack into: set a state folder, or unpack it yourself")
	}
	sum, size, err := digest.File(ctx, file)
	if err != nil {
		return Layout{}, errors.New(plain(err))
	}
	parent := filepath.Join(o.StateDir, "unpacked")
	target := filepath.Join(parent, sum[:32])
	if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return Layout{}, err
		}
		removeStale(parent)
		if err := unpack(ctx, file, tarball.Limit(size), target, o); err != nil {
			return Layout{}, fmt.Errorf("unpack: %w", err)
		}
	}
	list, err := safefile.ReadFile(filepath.Join(target, skippedOfArchive), maxSkipped)
	if err != nil {
		return Layout{}, err
	}
	var refused []Skipped
	if err := json.Unmarshal(list, &refused); err != nil {
		return Layout{}, fmt.Errorf("%s was changed: remove that folder, and load again", target)
	}
	root, err := onlyFolder(target)
	if err != nil {
		return Layout{}, err
	}
	l, err := openFolder(ctx, root, o)
	if errors.Is(err, errNoFiles) && len(refused) > 0 {
		return Layout{}, fmt.Errorf("none of its %s can be unpacked; the first: %s: %s", phrase.Plural(len(refused), "file", "files"),
			phrase.Printable(refused[0].Path), refused[0].Reason)
	}
	if err != nil {
		return Layout{}, err
	}
	l.Skipped = append(l.Skipped, refused...)
	return l, nil
}

// staleAfter is the age from which on a half unpacked archive is that of a process which was killed.
const staleAfter = 48 * time.Hour

// removeStale removes what killed processes have left. What cannot be removed stays.
func removeStale(parent string) {
	entries, _ := os.ReadDir(parent) // an error leaves everything
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && strings.HasPrefix(e.Name(), unpacking) && time.Since(info.ModTime()) > staleAfter {
			_ = os.RemoveAll(filepath.Join(parent, e.Name()))
		}
	}
}

// canceled is a reader that ends with its context.
type canceled struct {
	ctx context.Context
	io.Reader
}

func (c canceled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// onlyFolder goes down into the single folder that many archives wrap their content in, unless that is a class.
func onlyFolder(root string) (string, error) {
	for range maxDepth {
		folders, files, err := visible(root)
		if err != nil {
			return "", err
		}
		if len(folders) != 1 || files > 0 {
			return root, nil
		}
		inner := filepath.Join(root, folders[0])
		if below, _, err := visible(inner); err != nil || len(below) == 0 {
			return root, err
		}
		root = inner
	}
	return root, nil
}

func visible(dir string) (folders []string, files int, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		switch {
		case Ignored(e.Name()):
		case e.IsDir():
			folders = append(folders, e.Name())
		default:
			files++
		}
	}
	return folders, files, err
}

// An unpacker writes an archive's files into one folder, which os.Root keeps every path inside of.
type unpacker struct {
	ctx     context.Context
	root    *os.Root
	left    int64 // bytes that may still be written
	files   int   // that may still come
	skipped []Skipped
	o       Options
	done    int
}

// unpack fills target, whole or not at all, with limit bytes at the most.
func unpack(ctx context.Context, file string, limit int64, target string, o Options) error {
	temporary, err := os.MkdirTemp(filepath.Dir(target), unpacking+"*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary) // nothing is there after the rename
	root, err := os.OpenRoot(temporary)
	if err != nil {
		return err
	}
	defer root.Close()
	u := &unpacker{ctx: ctx, root: root, left: limit, files: o.MaxFiles, skipped: []Skipped{}, o: o}
	if hasEnding(file, ".zip") {
		err = u.zip(file)
	} else {
		err = u.tar(file)
	}
	if err != nil {
		return err
	}
	list, err := json.Marshal(u.skipped)
	if err != nil {
		return err
	}
	if err := root.WriteFile(skippedOfArchive, list, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (u *unpacker) zip(file string) error {
	f, err := safefile.Open(file)
	if err != nil {
		return errors.New(plain(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return errors.New(plain(err))
	}
	r, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("damaged zip: %w", err)
	}
	for _, entry := range r.File {
		name := entry.Name
		const encrypted = 1 << 0
		if entry.Flags&encrypted != 0 && !entry.Mode().IsDir() {
			u.skipped = append(u.skipped, Skipped{path.Clean(name), "protected by a password: unpack the archive yourself, and give the folder"})
			continue
		}
		if strings.Contains(name, `\`) && !strings.Contains(name, "/") {
			name = strings.ReplaceAll(name, `\`, "/") // some Windows programs write them so
		}
		if err := u.entry(name, entry.Mode(), entry.Open); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) tar(file string) error {
	f, err := safefile.Open(file)
	if err != nil {
		return errors.New(plain(err))
	}
	defer f.Close()
	r, err := tarball.Open(canceled{u.ctx, f}, file, u.left)
	if err != nil {
		return err
	}
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("damaged tar: %w", err)
		}
		if err := u.entry(header.Name, tarball.Mode(header), func() (io.ReadCloser, error) { return io.NopCloser(r), nil }); err != nil {
			return err
		}
	}
}

// entry writes one entry; what is no plain file inside the folder is skipped.
func (u *unpacker) entry(name string, mode fs.FileMode, open func() (io.ReadCloser, error)) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if u.files--; u.files < 0 {
		return fmt.Errorf("it holds more than %d files: choose a smaller one or raise the limit", u.o.MaxFiles)
	}
	clean := path.Clean(name)
	switch {
	case mode.IsDir() || strings.HasSuffix(name, "/"):
		return nil // folders come with their files
	case tarball.Refuse(name, mode) != "":
		u.skipped = append(u.skipped, Skipped{name, tarball.Refuse(name, mode)})
		return nil
	case Ignored(path.Base(clean)) || Ignored(strings.SplitN(clean, "/", 2)[0]):
		return nil
	}
	content, err := open()
	if err != nil {
		u.skipped = append(u.skipped, Skipped{clean, "cannot be unpacked: " + err.Error()})
		return nil
	}
	defer content.Close()
	if err := u.write(clean, content); err != nil {
		return err
	}
	if u.done++; u.done%200 == 0 {
		u.o.Progress(u.done, 0, "unpacking")
	}
	return nil
}

// write copies one file. A file that cannot be written or read to its end is skipped; only a bomb is an error.
func (u *unpacker) write(name string, content io.Reader) error {
	refuse := func(err error) error {
		u.skipped = append(u.skipped, Skipped{name, "cannot be unpacked: " + plain(err)})
		return nil
	}
	if err := u.root.MkdirAll(filepath.FromSlash(path.Dir(name)), 0o755); err != nil {
		return refuse(err)
	}
	f, err := u.root.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return refuse(err)
	}
	n, err := io.Copy(f, io.LimitReader(canceled{u.ctx, content}, min(u.left, imageio.MaxFileMiB<<20)+1))
	u.left -= n
	err = errors.Join(err, f.Close())
	switch {
	case u.ctx.Err() != nil:
		return u.ctx.Err()
	case u.left < 0:
		return tarball.ErrBomb
	case n > imageio.MaxFileMiB<<20:
		err = fmt.Errorf("it unpacks to more than %d MiB, which no image has", imageio.MaxFileMiB)
	}
	if err != nil {
		return errors.Join(refuse(err), u.root.Remove(filepath.FromSlash(name)))
	}
	return nil
}
