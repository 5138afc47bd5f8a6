package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/models/parallel"
)

// A File is a file that the walk came across, in or out of a class folder.
type File struct {
	Path string // relative, with slashes
	filestamp.Stamp
}

func newFile(path string, info fs.FileInfo) File { return File{path, filestamp.Of(info)} }

// Same tells whether a file below a root still is what was seen of it.
func Same(root string, f File) bool {
	info, err := os.Stat(filepath.Join(root, filepath.FromSlash(f.Path)))
	return err == nil && info.Mode().IsRegular() && newFile(f.Path, info) == f
}

// A scanner walks a folder. It never opens a file, holds names only, and stops at limits.
type scanner struct {
	ctx      context.Context
	root     string // absolute, links resolved
	follow   bool
	maxFiles int
	progress func(done, total int, what string)

	files   []File
	folders []string // every folder below the root, relative
	skips   []Skipped
	links   []link          // which are decided on when all folders are listed
	seen    map[string]bool // folders reached through links, by resolved path
}

// A link is a symbolic link, and in how many folders it lies.
type link struct {
	name  string
	depth int
}

const (
	maxDepth = 64   // folders in folders; a hostile archive can nest thousands
	chunk    = 1024 // directory entries read at once

	statsAtOnce = 8
)

func scan(ctx context.Context, root string, o Options) (*scanner, error) {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	s := &scanner{ctx: ctx, root: resolved, follow: o.FollowLinks, maxFiles: o.MaxFiles, progress: o.Progress,
		seen: map[string]bool{resolved: true}}
	if err := s.folder("", 0); err != nil {
		return nil, err
	}
	if err := s.followLinks(); err != nil {
		return nil, err
	}
	if err := s.stat(); err != nil {
		return nil, err
	}
	slices.SortFunc(s.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.Sort(s.folders)
	return s, nil
}

func (s *scanner) skipped(path, reason string) {
	s.skips = append(s.skips, Skipped{path, reason})
}

// folder walks one folder; only what keeps the whole walk from going on is an error.
func (s *scanner) folder(name string, depth int) error {
	if depth > maxDepth {
		s.skipped(name, fmt.Sprintf("more than %d folders deep", maxDepth))
		return nil
	}
	dir, err := os.OpenFile(s.abs(name), os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		if name == "" {
			return err
		}
		s.skipped(name, "the folder cannot be read: "+plain(err))
		return nil
	}
	defer dir.Close()
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		entries, err := dir.ReadDir(chunk)
		for _, entry := range entries {
			below := entry.Name()
			if name != "" {
				below = name + "/" + below
			}
			if err := s.entry(below, entry, depth); err != nil {
				return err
			}
		}
		s.progress(len(s.files), 0, "listing files")
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			s.skipped(name, "the folder cannot be read to its end: "+plain(err))
			return nil
		}
	}
}

func (s *scanner) entry(name string, entry fs.DirEntry, depth int) error {
	if Ignored(entry.Name()) {
		return nil
	}
	if entry.Type()&fs.ModeSymlink != 0 {
		s.links = append(s.links, link{name, depth})
		return s.limit()
	}
	return s.found(name, entry.Type(), depth)
}

// limit refuses a folder that holds too much.
func (s *scanner) limit() error {
	if len(s.files)+len(s.skips)+len(s.links) > s.maxFiles {
		return fmt.Errorf("the folder holds more than %d files; choose a smaller folder or raise the limit", s.maxFiles)
	}
	return nil
}

// followLinks decides on the links in the order of their paths: a folder that several lead to is read through the first, and a file system
// lists them in any order.
func (s *scanner) followLinks() error {
	for len(s.links) > 0 {
		links := s.links
		s.links = nil // those of the folders that these lead to
		slices.SortFunc(links, func(a, b link) int { return strings.Compare(a.name, b.name) })
		for _, l := range links {
			target, ok := s.link(l.name)
			if !ok {
				continue
			}
			if err := s.found(l.name, target, l.depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// found takes a file, or walks a folder.
func (s *scanner) found(name string, kind fs.FileMode, depth int) error {
	switch {
	case kind.IsDir():
		s.folders = append(s.folders, name)
		return s.folder(name, depth+1)
	case !kind.IsRegular():
		s.skipped(name, "not a file but a device, a socket or a pipe")
		return nil
	}
	s.files = append(s.files, File{Path: name})
	return s.limit()
}

// stat asks the file system for what it knows of each file, several at once: on a disk in a network each answer takes its time.
func (s *scanner) stat() error {
	failed := make([]error, len(s.files))
	err := parallel.Each(s.ctx, max(statsAtOnce, runtime.GOMAXPROCS(0)), len(s.files), func(int) { s.progress(len(s.files), 0, "listing files") },
		func(i int) error {
			info, err := os.Stat(s.abs(s.files[i].Path))
			if err != nil {
				failed[i] = err
				return nil
			}
			s.files[i] = newFile(s.files[i].Path, info)
			return nil
		})
	if err != nil {
		return err
	}
	read := s.files[:0]
	for i, file := range s.files {
		if failed[i] != nil {
			s.skipped(file.Path, "cannot be read: "+plain(failed[i]))
			continue
		}
		read = append(read, file)
	}
	s.files = read
	return nil
}

// link decides on a symbolic link: what it leads to, or false where it is skipped.
func (s *scanner) link(name string) (fs.FileMode, bool) {
	if !s.follow {
		s.skipped(name, "a symbolic link; links are not followed unless you ask for it")
		return 0, false
	}
	target, err := filepath.EvalSymlinks(s.abs(name))
	if err != nil {
		s.skipped(name, "a symbolic link that leads nowhere, or in a circle")
		return 0, false
	}
	if inside, err := filepath.Rel(s.root, target); err != nil || !filepath.IsLocal(inside) {
		s.skipped(name, "a symbolic link that leads out of the folder")
		return 0, false
	}
	info, err := os.Stat(target)
	if err != nil {
		s.skipped(name, "a symbolic link that cannot be read: "+plain(err))
		return 0, false
	}
	if info.IsDir() {
		if s.above(target, name) {
			s.skipped(name, "a symbolic link to a folder that is read already, in which it lies")
			return 0, false
		}
		if s.seen[target] {
			s.skipped(name, "a symbolic link to a folder that is read already")
			return 0, false
		}
		s.seen[target] = true
	}
	return info.Mode().Type(), true
}

// above tells whether a resolved folder is one that a link lies in: behind the link, its files would come a second time.
func (s *scanner) above(folder, link string) bool {
	parent, err := filepath.EvalSymlinks(filepath.Dir(s.abs(link)))
	if err != nil {
		return false
	}
	inside, err := filepath.Rel(folder, parent)
	return err == nil && filepath.IsLocal(inside)
}

func (s *scanner) abs(name string) string { return filepath.Join(s.root, filepath.FromSlash(name)) }

// Ignored tells whether a file or folder is one that people do not mean: a hidden one, or what systems and tools leave behind.
func Ignored(name string) bool {
	switch strings.ToLower(name) {
	case "thumbs.db", "ehthumbs.db", "desktop.ini", // Windows, files
		"$recycle.bin", "recycler", "system volume information", // Windows, folders
		"__macosx",                                     // macOS, in archives
		"lost+found", "@eadir", "@recycle", "#recycle", // file systems and network storage
		"__pycache__":
		return true
	}
	return strings.HasPrefix(name, ".")
}

// plain is the cause of a file error without the operation and the path.
func plain(err error) string {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return err.Error()
}
