// Package capture adds the images of a camera to a dataset's folder.
//
// The images come from a browser, and the folder from whoever made it: names are made here, every image is decoded before it is
// written, nothing that exists is overwritten, and no symbolic link is followed inside the folder.
package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
)

const (
	// MaxBytes bounds an encoded image. In base64 it stays below the 10 MiB that Jupyter's server takes in a message.
	MaxBytes = 7 << 20
	// MaxImages bounds the images of a class: a camera that is left on must not fill a disk.
	MaxImages = 5000
	// MaxClasses bounds the classes of a folder.
	MaxClasses = 200
	// maxName bounds a class's name in bytes; file systems take 255.
	maxName = 100
)

// A Folder is a dataset's folder that images are added to.
type Folder struct {
	path string
	root *os.Root
}

// A Frame is one image of a camera.
type Frame struct {
	Data      []byte // encoded, in any format that imageio reads
	Recording int64  // a number that the images of one recording share, such as its start in milliseconds since 1970
	Number    int    // in the recording, from 1 on
}

// A Class is a folder of the dataset's folder.
type Class struct {
	Name   string `json:"name"`
	Images int    `json:"images"` // files that the log of edits does not exclude
}

// Create opens a folder, which is made where there is none.
func Create(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("create the folder %s: %w", imagefolder.Printable(path), plain(err))
	}
	return Open(path)
}

// Open opens a folder with one folder for each class, or an empty one.
func Open(path string) (*Folder, error) {
	root, err := os.OpenRoot(path)
	if err == nil {
		f := &Folder{path: path, root: root}
		if err = f.checkLayout(); err == nil {
			return f, nil
		}
		_ = root.Close() // only read
	}
	return nil, fmt.Errorf("open the folder %s: %w", imagefolder.Printable(path), plain(err))
}

// Close closes the folder.
func (f *Folder) Close() error { return f.root.Close() }

// checkLayout refuses a folder in which a new class folder would not become a class.
func (f *Folder) checkLayout() error {
	for _, name := range []string{"metadata.csv", "metadata.jsonl"} {
		if _, err := f.root.Lstat(name); err == nil {
			return fmt.Errorf("its file %s gives the labels, so that a folder is not a class", name)
		}
	}
	entries, err := fs.ReadDir(f.root.FS(), ".")
	for _, entry := range entries {
		if split, ok := source.SplitName(entry.Name()); ok && split == imagefolder.Train {
			return fmt.Errorf("it brings its own split: add the images to its folder %s", entry.Name())
		}
	}
	return err
}

// Classes lists the classes by name, and counts the edits of the folder's log that stand.
func (f *Folder) Classes() (list []Class, edits int, err error) {
	excluded, edits, err := f.log().Excluded()
	if err != nil {
		return nil, 0, err
	}
	entries, err := f.entries(".")
	if err != nil {
		return nil, 0, err
	}
	list = []Class{}
	for _, entry := range entries {
		if !entry.IsDir() || imagefolder.Ignored(entry.Name()) || len(list) == MaxClasses {
			continue
		}
		names, err := f.images(entry.Name(), excluded)
		if err != nil {
			return nil, 0, err
		}
		list = append(list, Class{Name: entry.Name(), Images: len(names)})
	}
	return list, edits, nil
}

// AddClass makes the folder of a class.
func (f *Folder) AddClass(name string) error {
	if err := CheckClass(name); err != nil {
		return err
	}
	classes, _, err := f.Classes()
	if err != nil {
		return err
	}
	if len(classes) >= MaxClasses {
		return fmt.Errorf("add the class %s: the folder has %d, and more cannot be made here", name, MaxClasses)
	}
	for _, c := range classes {
		if strings.EqualFold(c.Name, name) {
			return fmt.Errorf("add the class %s: there is a class %s already", name, c.Name)
		}
	}
	if err := f.root.Mkdir(name, 0o755); err != nil {
		return fmt.Errorf("add the class %s: %w", name, plain(err))
	}
	return nil
}

// CheckClass refuses a name that cannot be a class's folder everywhere, or that a dataset would read as something else.
func CheckClass(name string) error {
	invalid := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(`/\\:*?"<>|`, r) }
	switch {
	case name == "":
		return errors.New("add a class: it needs a name")
	case len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, invalid) || strings.TrimSpace(name) != name ||
		strings.HasSuffix(name, ".") || imagefolder.Ignored(name):
		return fmt.Errorf("add the class %q: a name has at most %d bytes, no dot in front or at the end, and none of / \\ : * ? \" < > |", name, maxName)
	}
	if _, ok := source.SplitName(name); ok {
		return fmt.Errorf("add the class %s: a folder of that name would be read as a split; choose another name", name)
	}
	return nil
}

// Add writes an image into the folder of a class, and returns its path relative to the dataset's folder.
func (f *Folder) Add(class string, frame Frame) (string, error) {
	added, err := f.add(class, frame)
	if err != nil {
		return "", fmt.Errorf("add an image to %s: %w", imagefolder.Printable(class), plain(err))
	}
	return added, nil
}

func (f *Folder) add(class string, frame Frame) (string, error) {
	if len(frame.Data) > MaxBytes {
		return "", fmt.Errorf("it has %d bytes, and the limit is %d MiB: use a smaller copy", len(frame.Data), MaxBytes>>20)
	}
	header, err := imageio.ReadHeader(frame.Data, imageio.Limits{})
	if err != nil {
		return "", err
	}
	if _, err := imageio.Decode(frame.Data, imageio.Limits{}); err != nil {
		return "", err
	}
	names, err := f.images(class, nil)
	if err != nil {
		return "", err
	}
	if len(names) >= MaxImages {
		return "", fmt.Errorf("it has %d images already, and more are not captured: delete the folder's files that are not used", len(names))
	}
	file, name, err := f.create(class, frame, "."+header.Format)
	if err != nil {
		return "", err
	}
	_, err = file.Write(frame.Data)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, f.root.Remove(name))
	}
	return name, nil
}

// create makes a new file. The images of one recording share the part of the name before their number, so that a dataset that
// groups by prefix keeps them in one subset.
func (f *Folder) create(class string, frame Frame, ending string) (*os.File, string, error) {
	const attempts = 1000
	number := max(frame.Number, 1)
	for n := range attempts {
		name := path.Join(class, fmt.Sprintf("frame%d_%04d%s", max(frame.Recording, 0), number+n, ending))
		file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return file, name, err
		}
	}
	return nil, "", fmt.Errorf("%d names are taken already", attempts)
}

// Exclude writes to the folder's log that an image is not used. The file stays.
func (f *Folder) Exclude(name string) error {
	data, err := f.Read(name)
	if err != nil {
		return err
	}
	return f.log().Exclude(name, digest.Of(data).String())
}

// Undo takes back the last edit of the folder's log.
func (f *Folder) Undo() error { return f.log().Undo() }

// Latest lists up to limit images of a class that are not excluded, the latest first.
func (f *Folder) Latest(class string, limit int) ([]string, error) {
	excluded, _, err := f.log().Excluded()
	if err != nil {
		return nil, err
	}
	names, err := f.images(class, excluded)
	if err != nil {
		return nil, err
	}
	slices.Reverse(names) // the names of frames are in the order of their times
	return names[:min(limit, len(names))], nil
}

// Read reads an image of a class by its path relative to the folder.
func (f *Folder) Read(name string) ([]byte, error) {
	data, err := f.read(name)
	if err != nil {
		return nil, fmt.Errorf("read the image %s: %w", imagefolder.Printable(name), plain(err))
	}
	return data, nil
}

func (f *Folder) read(name string) ([]byte, error) {
	class, _, ok := strings.Cut(name, "/")
	if !ok || !fs.ValidPath(name) {
		return nil, errors.New("it is not an image of this folder")
	}
	if err := f.checkClassFolder(class); err != nil {
		return nil, err
	}
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // first: to open a pipe is to wait for its other end
		return nil, safefile.ErrNotRegular
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	return safefile.ReadAll(file, imageio.MaxFileMiB<<20)
}

// images lists the files of a class that are not excluded, by name, relative to the folder.
func (f *Folder) images(class string, excluded map[string]bool) ([]string, error) {
	if err := f.checkClassFolder(class); err != nil {
		return nil, err
	}
	entries, err := f.entries(class)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := path.Join(class, entry.Name())
		if entry.Type().IsRegular() && !imagefolder.Ignored(entry.Name()) && !excluded[imagefolder.Printable(name)] {
			names = append(names, name)
		}
	}
	return names, nil
}

// checkClassFolder refuses what is not a folder directly below the dataset's, a symbolic link among it.
func (f *Folder) checkClassFolder(class string) error {
	if class == "" || class == "." || class == ".." || strings.ContainsAny(class, "/\\\x00") || imagefolder.Ignored(class) {
		return fmt.Errorf("%q is not a class", class)
	}
	info, err := f.root.Lstat(class)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no class %s", imagefolder.Printable(class))
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", imagefolder.Printable(class))
	}
	return nil
}

// entries lists a folder by name.
func (f *Folder) entries(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(f.root.FS(), name)
	if err != nil {
		return nil, fmt.Errorf("list the folder %s: %w", imagefolder.Printable(filepath.Join(f.path, name)), plain(err))
	}
	return list, nil
}

func (f *Folder) log() imagefolder.FolderLog { return imagefolder.FolderLog{Root: f.path} }

// plain is an error of the file system without the operation and the path, which the reader already knows.
func plain(err error) error {
	if found, ok := errors.AsType[*fs.PathError](err); ok {
		return found.Err
	}
	return err
}
