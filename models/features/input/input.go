// Package input reads the images whose features are computed: those of folders, lists of files, tar archives or object storage.
//
// A Set is made of units, each of which can be read by itself, on any machine: a file, or a tar archive with all that is in it, in
// WebDataset's layout or any other. Archives and objects are streams: nothing is unpacked or copied first, and nothing that an
// archive says is a path of this machine.
package input

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imagefolder/tarball"
)

// A Store is object storage.
type Store interface {
	// List gives the keys below a prefix, in their order.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[string, error]
	// Open streams an object. A reader's error, other than io.EOF, may pass; one of Open may pass where it is not fs.ErrNotExist.
	Open(ctx context.Context, bucket, key string) (object io.ReadCloser, size int64, err error)
}

// Scheme begins the address of an object: s3://BUCKET/KEY.
const Scheme = "s3://"

// Options are the choices of Open.
type Options struct {
	FollowLinks bool                  // read through symbolic links that stay inside a folder; else they are left out
	StateDir    string                // where zip archives are unpacked
	Store       func() (Store, error) // of addresses; called where there is one
	MaxUnits    int                   // 0 means DefaultMaxUnits
	MaxUnpacked int64                 // bytes of an archive's files; 0 means tarball.Limit of the archive
}

// DefaultMaxUnits is the most units of a set: their names are in memory, about 150 bytes each.
const DefaultMaxUnits = 100_000_000

// A Set is the units of a job, in their order.
type Set struct {
	name        string
	units       []unit
	maxUnpacked int64
}

// unit is a file or an archive in a place.
type unit struct {
	name string // as it is shown, with slashes; that of an archive begins the names of its images
	key  string // in the place
	place
	label string // that a list gives it; empty where none does
}

// place is where units are read.
type place interface {
	open(ctx context.Context, key string) (file io.ReadCloser, size int64, err error)
	// transient tells whether an error of open or of its file may pass.
	transient(err error) bool
	remote() bool
}

// Open finds the units of paths and addresses. Each is a folder of images, a list of paths and labels (.csv, .tsv, .jsonl), a list of
// paths or addresses, one in a line (.txt), a tar archive, an image, or the address of an object or of all objects below a prefix. One
// address or path may stand for many archives as WebDataset writes it: data-{000..063}.tar.
func Open(ctx context.Context, places []string, o Options) (*Set, error) {
	s := &Set{maxUnpacked: o.MaxUnpacked, name: strings.Join(places[:min(3, len(places))], ", ")}
	if len(places) > 3 {
		s.name += fmt.Sprintf(" and %d more", len(places)-3)
	}
	o.MaxUnits = cmp.Or(o.MaxUnits, DefaultMaxUnits)
	f := &finder{ctx: ctx, o: o, set: s}
	for _, given := range places {
		if err := f.find(given); err != nil {
			return nil, fmt.Errorf("find the images of %s: %w", phrase.Printable(given), err)
		}
	}
	if len(s.units) == 0 {
		return nil, fmt.Errorf("find the images of %s: there are none", s.name)
	}
	if len(f.single) > 0 {
		f.nameSingle()
	}
	return s, f.checkNames()
}

// Streamed tells whether Open reads what the paths and addresses name as a stream: all but one folder, one list with labels or one zip
// archive, which are datasets.
func Streamed(places []string) bool {
	if len(places) != 1 {
		return true
	}
	given := places[0]
	if info, err := os.Stat(given); err == nil {
		return !info.IsDir() && (tarball.Named(given) || isImage(given) || isList(given))
	}
	return strings.Contains(given, "://") || strings.Contains(given, "..") && strings.Contains(given, "{")
}

// Name is what was opened, for people.
func (s *Set) Name() string { return s.name }

// Len is how many units there are.
func (s *Set) Len() int { return len(s.units) }

// UnitName is the name of a unit.
func (s *Set) UnitName(unit int) string { return s.units[unit].name }

// Archive tells whether a unit is an archive, whose images are known only when it has been read.
func (s *Set) Archive(unit int) bool { return tarball.Named(s.units[unit].key) }

// Archives tells whether any unit is an archive.
func (s *Set) Archives() bool {
	for i := range s.units {
		if s.Archive(i) {
			return true
		}
	}
	return false
}

// Remote tells whether reading a unit mostly waits for another machine.
func (s *Set) Remote(unit int) bool { return s.units[unit].remote() }

// A finder collects the units of a set.
type finder struct {
	ctx    context.Context
	o      Options
	set    *Set
	store  Store
	inList bool  // a list is being read
	single []int // units that were given by themselves, which are named by what they do not have in common
}

func (f *finder) add(u unit) error {
	if len(f.set.units) >= f.o.MaxUnits {
		return fmt.Errorf("there are more than %d files: compute them in parts", f.o.MaxUnits)
	}
	f.set.units = append(f.set.units, u)
	return nil
}

// addSingle adds a file that was given by its own path or address.
func (f *finder) addSingle(u unit) error {
	f.single = append(f.single, len(f.set.units))
	return f.add(u)
}

// find adds the units of one path or address.
func (f *finder) find(given string) error {
	if given == "" {
		return errors.New("the path is empty")
	}
	if _, err := os.Stat(given); err == nil { // a file may well be called a{1..2}
		return f.local(given)
	}
	names, err := expand(given, f.o.MaxUnits)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.Contains(name, "://") {
			err = f.address(name)
		} else {
			err = f.local(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// local adds the units of a path.
func (f *finder) local(given string) error {
	absolute, err := filepath.Abs(given)
	if err != nil {
		return err
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return fmt.Errorf("%s; check the path, which leads to %s", plain(err), phrase.Printable(absolute))
	}
	switch {
	case info.Mode().IsRegular() && (tarball.Named(absolute) || isImage(absolute)):
		return f.addSingle(unit{name: filepath.ToSlash(absolute), key: absolute, place: folder{}})
	case info.Mode().IsRegular() && isList(absolute):
		return f.localList(absolute)
	}
	l, err := source.Open(f.ctx, absolute, source.Options{
		FollowLinks: f.o.FollowLinks, MaxFiles: math.MaxInt32, StateDir: f.o.StateDir, Progress: func(int, int, string) {},
	})
	if err != nil {
		return err
	}
	root := folder{l.Root}
	for _, c := range l.Candidates {
		u := unit{name: c.Path, key: c.Path, place: root}
		if l.Listed {
			u.label = c.Class
		}
		if err := f.add(u); err != nil {
			return err
		}
	}
	return nil
}

// address adds the units of s3://BUCKET/KEY.
func (f *finder) address(given string) error {
	bucket, key, err := parse(given)
	if err != nil {
		return err
	}
	if f.store == nil {
		if f.o.Store == nil {
			return errors.New("addresses are not read here: give files")
		}
		if f.store, err = f.o.Store(); err != nil {
			return err
		}
	}
	at := objects{f.store, bucket}
	switch {
	case tarball.Named(key) || isImage(key):
		return f.addSingle(unit{name: bucket + "/" + key, key: key, place: at})
	case isList(key):
		return f.objectList(at, key)
	}
	if key != "" && !strings.HasSuffix(key, "/") {
		key += "/" // a folder, not all that begins alike
	}
	found := 0
	for name, err := range f.store.List(f.ctx, bucket, key) {
		if err != nil {
			return err
		}
		if !tarball.Named(name) && !isImage(name) || hidden(strings.TrimPrefix(name, key)) {
			continue
		}
		if err := f.add(unit{name: strings.TrimPrefix(name, key), key: name, place: at}); err != nil {
			return err
		}
		found++
	}
	if found == 0 {
		return errors.New("no image and no tar archive is below it")
	}
	return nil
}

// parse splits s3://BUCKET/KEY.
func parse(address string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(address, Scheme)
	if !ok {
		scheme, _, _ := strings.Cut(address, "://")
		return "", "", fmt.Errorf("an address must begin with %s; got %s://", Scheme, phrase.Printable(scheme))
	}
	bucket, key, _ = strings.Cut(rest, "/")
	if bucket == "" || bucket != url.PathEscape(bucket) {
		return "", "", fmt.Errorf("an address must be %sBUCKET/KEY", Scheme)
	}
	return bucket, key, nil
}

// nameSingle names the files that were given by themselves by what their paths do not have in common.
func (f *finder) nameSingle() {
	units := f.set.units
	common := path.Dir(units[f.single[0]].name)
	for _, i := range f.single {
		for common != "." && common != "/" && !strings.HasPrefix(units[i].name, common+"/") {
			common = path.Dir(common)
		}
	}
	for _, i := range f.single {
		units[i].name = strings.TrimPrefix(strings.TrimPrefix(units[i].name, common), "/")
	}
}

// checkNames refuses two units of one name: nobody could tell their features apart.
func (f *finder) checkNames() error {
	names := make([]string, len(f.set.units))
	for i, u := range f.set.units {
		names[i] = u.name
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return fmt.Errorf("find the images of %s: two files have the name %s: give each once, or the folder above them",
				f.set.name, phrase.Printable(names[i]))
		}
	}
	return nil
}

// isImage tells whether a file is an image by its name; its content decides later.
func isImage(name string) bool {
	switch strings.ToLower(path.Ext(filepath.ToSlash(name))) {
	case ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff":
		return true
	}
	return false
}

func isList(name string) bool { return strings.EqualFold(path.Ext(filepath.ToSlash(name)), ".txt") }

// hidden tells whether any part of a path is one that people do not mean.
func hidden(name string) bool { return slices.ContainsFunc(strings.Split(name, "/"), source.Ignored) }
