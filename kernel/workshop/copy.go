package workshop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/safefile"
)

// copyable refuses what cannot be copied side by side, before anything is: sources whose copies would have one name, and one that the folder
// of its copy lies in, since the copy would be copied as well, without end.
func copyable(o Options) error {
	for _, part := range []struct {
		name    string
		sources []string
	}{{"weights", o.Weights}, {"datasets", o.Datasets}} {
		to, err := resolved(filepath.Join(o.Out, part.name))
		if err != nil {
			return fmt.Errorf("find where %s leads: %w", o.Out, err)
		}
		taken := map[string]string{} // the source of each copy
		for _, source := range part.sources {
			name := copyName(source)
			if other, ok := taken[name]; ok {
				return fmt.Errorf("copy %s: its copy would have the name of that of %s: rename one of them", source, other)
			}
			taken[name] = source
			from, err := resolved(source)
			if err != nil {
				return fmt.Errorf("find where %s leads: %w", source, err)
			}
			if relative, err := filepath.Rel(from, to); err == nil && filepath.IsLocal(relative) {
				return fmt.Errorf("copy %s to %s: the copy would lie in the folder itself: choose an --out outside of it", source, o.Out)
			}
		}
	}
	return nil
}

// resolved is a path without symbolic links, as far as it exists.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	whole, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return whole, err
	}
	parent, err := resolved(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// copyName is the name of a source's copy.
func copyName(source string) string { return filepath.Base(filepath.Clean(source)) }

// copyAll copies files and folders below a folder, each under its own name.
func copyAll(ctx context.Context, sources []string, to string) error {
	for _, source := range sources {
		info, err := os.Stat(source)
		if err != nil {
			return err
		}
		target := filepath.Join(to, copyName(source))
		if info.IsDir() {
			err = copyNamed(ctx, source, target)
		} else {
			err = copyFile(source, target)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyNamed copies a folder that a person named, also by a symbolic link, which a walk does not follow.
func copyNamed(ctx context.Context, from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	return copyTree(ctx, from, to)
}

// copyTree copies the regular files below a folder. Links and devices are left out, since they may lead elsewhere.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case entry.Type().IsRegular() && !strings.HasSuffix(path, ".lock"):
			return copyFile(path, target)
		}
		return nil
	})
}

// firstLink is the path in a folder of the first link that copyTree leaves out; empty for a folder without links.
func firstLink(folder string) (link string) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return ""
	}
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error { // what cannot be read has failed to be copied
		if err == nil && entry.Type()&fs.ModeSymlink != 0 {
			link, _ = filepath.Rel(root, path) // it is below
			return fs.SkipAll
		}
		return nil
	})
	return link
}

// copyFile copies a file unless the copy is there already, with the same size: an interrupted preparation goes on where it was.
func copyFile(from, to string) error {
	source, err := safefile.Open(from)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if there, err := os.Lstat(to); err == nil && there.Mode().IsRegular() && there.Size() == info.Size() && !there.ModTime().Before(info.ModTime()) {
		return nil
	}
	return atomicfile.WriteFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}

// measure counts the files of a part. Students of other accounts read them, so that they get the permission.
func measure(name, folder string) (Part, error) {
	part := Part{Name: name}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enterable(path)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		part.Files++
		part.Bytes += info.Size()
		return os.Chmod(path, 0o644)
	})
	return part, err
}

// enterable lets students of other accounts enter a folder, which a umask may have kept from them. A folder that lets them, and may be
// another person's, stays as it is.
func enterable(folder string) error {
	info, err := os.Stat(folder)
	if err != nil || info.Mode().Perm()&0o555 == 0o555 {
		return err
	}
	return os.Chmod(folder, info.Mode()|0o755)
}
