package transaction

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// An owned says what may be removed for an installation: what lies below its own folders. The manifest alone does not
// say so, since it may come with a folder of somebody else, or from before the folder was moved.
type owned struct {
	bases []string // absolute
	whole string   // below it, a whole folder may go
	own   []string // the bases' parents may go where they are empty
}

func ownedBy(site Site, asked Request) owned {
	o := owned{bases: site.Bases, whole: site.Root, own: []string{site.Root, site.Share}}
	if site.AskedShare && filepath.IsAbs(asked.Share) {
		o.bases, o.own = append([]string{asked.Share}, o.bases...), append(o.own, asked.Share)
	}
	return o
}

// base is the folder that a path lies below; empty where it lies outside, or is not written plainly.
func (o owned) base(path string) string {
	path, folder := strings.CutSuffix(path, string(filepath.Separator))
	if !filepath.IsAbs(path) || filepath.Clean(path) != path || folder && !below(o.whole, path) {
		return ""
	}
	for _, base := range o.bases {
		if below(base, path) {
			return base
		}
	}
	return ""
}

// below reports whether a path lies in a folder and is not the folder.
func below(dir, path string) bool { return dir != path && within(dir, path) }

// keep splits the entries of a manifest into those that may be removed and the others.
func (o owned) keep(m Manifest) (kept Manifest, foreign []string) {
	kept = Manifest{Asked: m.Asked}
	for _, file := range m.Files {
		if o.base(file) == "" {
			foreign = append(foreign, file)
			continue
		}
		kept.Files = append(kept.Files, file)
	}
	for _, folder := range m.Folders {
		parent := filepath.Clean(folder) == folder && slices.ContainsFunc(o.own, func(own string) bool { return within(folder, own) })
		if o.base(folder) == "" && !parent {
			foreign = append(foreign, folder)
			continue
		}
		kept.Folders = append(kept.Folders, folder)
	}
	return kept, foreign
}

// remove takes an entry of a manifest away, if it is still there. Links on the way do not lead out of the base.
func (o owned) remove(path string) error {
	base := o.base(path)
	if base == "" {
		return &fs.PathError{Op: "remove", Path: path, Err: errors.New("it is not part of this installation")}
	}
	root, err := os.OpenRoot(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close() // only names
	name, folder := strings.CutSuffix(path, string(filepath.Separator))
	if name, err = filepath.Rel(base, name); err != nil {
		return err
	}
	if folder {
		return removeTree(root, name)
	}
	if err := root.Remove(name); !errors.Is(err, fs.ErrNotExist) && !gone(path) {
		return err
	}
	return nil
}

// gone reports whether nothing is at a path, also behind a link that leads out of the installation.
func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// Removable reports a link on the way to a file that leads out of the installation's folders: behind it nothing could be
// removed again, and what is put in place by a rename may be on another disk.
func (s Site) Removable(files []string) error {
	o := ownedBy(s, Request{})
	seen := map[string]bool{}
	for _, file := range files {
		dir := filepath.Dir(strings.TrimSuffix(file, string(filepath.Separator)))
		base := o.base(file)
		if base == "" || seen[dir] {
			continue
		}
		seen[dir] = true
		root, err := os.OpenRoot(base)
		if err != nil {
			continue // it is not there yet, or making it will say what is wrong
		}
		err = throughLinks(root, base, dir)
		_ = root.Close() // only looked into
		if err != nil {
			return err
		}
	}
	return nil
}

// throughLinks follows the way from a root to a folder below it as far as it is there.
func throughLinks(root *os.Root, base, dir string) error {
	rel, err := filepath.Rel(base, dir)
	if err != nil {
		return err
	}
	at := ""
	for part := range strings.SplitSeq(rel, string(filepath.Separator)) {
		at = filepath.Join(at, part)
		info, err := root.Lstat(at)
		if err != nil {
			return nil // not there: the rest is to be made
		}
		if info.Mode().Type() != fs.ModeSymlink {
			continue
		}
		if _, err := root.Stat(at); err != nil && exists(filepath.Join(base, at)) {
			link := filepath.Join(base, at)
			target, _ := os.Readlink(link) // for the message only
			return fmt.Errorf("install behind %s: it is a link to %s, where uninstalling removes nothing: set JUPYTER_DATA_DIR to another folder, or choose one with --prefix",
				link, target)
		}
	}
	return nil
}

// removeTree also removes folders without write permission, such as a module cache's.
func removeTree(root *os.Root, name string) error {
	err := root.RemoveAll(name)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = fs.WalkDir(root.FS(), filepath.ToSlash(name), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = root.Chmod(filepath.FromSlash(path), 0o755)
		}
		return nil
	})
	return root.RemoveAll(name)
}
