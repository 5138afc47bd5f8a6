package imagefolder

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/internal/timeline"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio/room"
)

// Load reads, checks and splits the images at dir: a folder, a .csv file of paths and labels, or a .zip or .tar archive.
//
// Every file is decoded once; what cannot be used is skipped and does not fail the load. An error means that there is no
// dataset: nothing to read, no usable image, or the context canceled.
func Load(ctx context.Context, dir string, o Options) (*Dataset, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("load images from %s: %w", phrase.Printable(dir), err)
	}
	if o.Progress == nil {
		o.Progress = func(int, int, string) {}
	}
	d, err := load(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("load images from %s: %w", phrase.Printable(dir), err)
	}
	d.Options.Progress = nil // which shows this load, and not a later one by the same options
	return d, nil
}

func load(ctx context.Context, dir string, o Options) (*Dataset, error) {
	l, err := source.Open(ctx, dir, source.Options{FollowLinks: o.FollowLinks, MaxFiles: o.MaxFiles, StateDir: o.StateDir, Progress: o.Progress})
	if err != nil {
		return nil, err
	}
	if o.FollowSplit && !l.Given {
		return nil, errors.New("it has no train and val folders, so that there is no split to follow: leave that option out")
	}
	d := &Dataset{Root: l.Root, Name: cmp.Or(o.Name, source.Name(dir)), Options: o, GivenSplit: l.Given, Listed: l.Listed, Skipped: l.Skipped,
		Diagnoses: l.Notes,
		editsFile: cmp.Or(o.EditsFile, editsFileOf(l))}
	return d, d.build(ctx, l)
}

// An OptionError is a field of Options with a value that it does not take.
type OptionError struct {
	Field   string // val, test, size, max-pixels, max-files, workers
	Problem string // what it must be, and what it is
}

func (e *OptionError) Error() string { return e.Field + " " + e.Problem }

func (o Options) validate() error {
	for _, fraction := range []struct {
		field string
		value float64
	}{{"val", o.Val}, {"test", o.Test}} {
		if !(fraction.value >= 0 && fraction.value < 1) {
			return &OptionError{fraction.field, fmt.Sprintf("must be a fraction from 0 to below 1, got %g", fraction.value)}
		}
	}
	if o.Val+o.Test >= 1 {
		return &OptionError{"val", fmt.Sprintf("and test must leave something to train on, got %g and %g", o.Val, o.Test)}
	}
	for _, limit := range []struct {
		field string
		value int64
	}{{"max-pixels", o.MaxPixels}, {"max-files", int64(o.MaxFiles)}, {"workers", int64(o.Workers)}} {
		if limit.value < 1 {
			return &OptionError{limit.field, fmt.Sprintf("must be at least 1, got %d", limit.value)}
		}
	}
	if by := []GroupBy{GroupByNothing, GroupByFolder, GroupByPrefix}; !slices.Contains(by, o.GroupBy) {
		return &OptionError{"group-by", fmt.Sprintf("must be empty, %s or %s, got %q", GroupByFolder, GroupByPrefix, o.GroupBy)}
	}
	return Geometry{Size: o.Size, Method: o.Method, Decode: o.Decode}.Validate()
}

// build checks the candidates and fills the dataset.
func (d *Dataset) build(ctx context.Context, l source.Layout) error {
	if err := d.useClasses(ctx, &l); err != nil {
		return err
	}
	d.Classes = l.Classes
	d.list(l.Candidates)
	l.Candidates = nil // the memory that they take is used again
	known := memoryAt(d.Root, d.Options.StateDir, seen(d.Options).Decode)
	checked := timeline.Start(ctx, "check images")
	found, err := d.checkAll(ctx, known)
	if err != nil {
		d.rememberPart(found, known)
		return err
	}
	checked()
	unkept := d.remember(found, known)
	if err := d.dropRefused(found); err != nil {
		return err
	}
	d.Unread = known.unread
	if err := d.applyEdits(); err != nil {
		return err
	}
	if err := d.dropUnknownClasses(); err != nil {
		return err
	}
	if d.GivenSplit && !d.Options.FollowSplit {
		d.dropLeaks()
	}
	if len(d.Items) == 0 {
		return fmt.Errorf("edits have deleted every image that is left: remove the last lines of %s, or move it away", phrase.Printable(d.editsFile))
	}
	if len(d.Options.Classes) == 0 {
		d.dropEmptyClasses()
	}
	if !d.anyKept() {
		d.stamps = nil
	}
	clustered := timeline.Start(ctx, "find near-duplicates")
	clusters, err := d.findClusters(known)
	clustered()
	d.prints = nil
	if unkept = cmp.Or(unkept, err); unkept != nil {
		d.tell(diagnosis.Note, CodeSkipped, nil, "", "What was found about the files cannot be kept (%v): the next load checks them again.", unkept)
	}
	together := d.together(clusters)
	d.assign(together)
	for _, list := range together {
		if len(list) > 1 {
			d.Together = append(d.Together, list)
		}
	}
	d.describe(clusters, together)
	d.groups = nil
	d.finish()
	return nil
}

// list makes the items of the candidates, which are not checked yet.
func (d *Dataset) list(candidates []source.Candidate) {
	labels := map[string]int{}
	for label, class := range d.Classes {
		labels[class] = label
	}
	d.Items, d.stamps = make([]Item, len(candidates)), make([]filestamp.Stamp, len(candidates))
	if d.Options.GroupBy != GroupByNothing {
		d.groups = make([]string, len(candidates))
	}
	for i := range candidates {
		c := &candidates[i]
		d.Items[i] = Item{Path: c.Path, Label: labels[c.Class], Split: c.Split}
		d.stamps[i] = c.Stamp
		if d.groups != nil {
			d.groups[i] = d.Options.GroupBy.key(*c)
		}
	}
}

// dropRefused leaves out what cannot be used, and tells of images without content. No image at all is an error.
func (d *Dataset) dropRefused(found *findings) error {
	var clear []int
	usable := 0
	d.drop(func(i int) string {
		if reason := found.refused[i]; reason != "" {
			return reason
		}
		if found.clear[i] {
			clear = append(clear, usable)
		}
		usable++
		return ""
	})
	if usable == 0 {
		return fmt.Errorf("none of its %d files is an image that can be read; the first: %s: %s",
			len(d.Skipped), phrase.Printable(d.Skipped[0].Path), d.Skipped[0].Reason)
	}
	if clear != nil {
		d.tell(diagnosis.Note, CodeTransparent, clear, "Delete them, or save them again without transparency.",
			"%s fully transparent, and white for the model.", phrase.Plural(len(clear), "image is", "images are"))
	}
	return nil
}

// findClusters finds the near-duplicates, or reads what was found of the same images. An error is that of keeping it.
func (d *Dataset) findClusters(known *memory) (neardup.Clusters, error) {
	contents := make([]digest.Sum, len(d.Items))
	for i := range contents {
		contents[i] = d.Items[i].SHA256
	}
	if known.file == "" {
		return neardup.Find(contents, d.prints, d.Options.NearBits), nil
	}
	return neardup.FindKept(known.file+".near", contents, d.prints, d.Options.NearBits)
}

// useClasses puts Options.Classes in the place of the folders' own. A file that is not an image does not make its folder a class; an
// image of a class that is not known is an error. Where there are edits, which may delete or relabel it, dropUnknownClasses says so.
func (d *Dataset) useClasses(ctx context.Context, l *source.Layout) error {
	classes := d.Options.Classes
	if len(classes) == 0 {
		return nil
	}
	edited, err := d.edited()
	if err != nil {
		return err
	}
	var unknown []string
	shared := room.New()
	kept := l.Candidates[:0]
	for _, c := range l.Candidates {
		if slices.Contains(classes, c.Class) {
			kept = append(kept, c)
			continue
		}
		if edited {
			kept = append(kept, c)
			if !slices.Contains(unknown, c.Class) {
				unknown = append(unknown, c.Class)
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		v := check(filepath.Join(d.Root, filepath.FromSlash(c.Path)), d.Options, shared, &memory{})
		if v.Reason == "" {
			return d.unknownClass(c.Class)
		}
		d.Skipped = append(d.Skipped, Skipped{Path: c.Path, Reason: v.Reason})
	}
	l.Candidates, l.Classes = kept, slices.Concat(classes, unknown)
	return nil
}

func (d *Dataset) unknownClass(class string) error {
	return fmt.Errorf("its class %s is not one of the %d known classes: rename the folder, or leave it out",
		phrase.Printable(class), len(d.Options.Classes))
}

// dropUnknownClasses leaves the classes of Options.Classes. An image that is still of another one is an error.
func (d *Dataset) dropUnknownClasses() error {
	known := len(d.Options.Classes)
	if known == 0 {
		return nil
	}
	for i := range d.Items {
		if label := d.Items[i].Label; label >= known {
			return d.unknownClass(d.Classes[label])
		}
	}
	d.Classes = d.Classes[:known:known]
	return nil
}

// dropEmptyClasses leaves out the classes without a usable image, and says so.
func (d *Dataset) dropEmptyClasses() {
	var kept []string
	label := make([]int, len(d.Classes)) // new, by old
	for old, n := range d.Count("") {
		if n == 0 {
			d.empty = append(d.empty, d.Classes[old])
			continue
		}
		label[old] = len(kept)
		kept = append(kept, d.Classes[old])
	}
	if d.empty == nil {
		return
	}
	for i := range d.Items {
		d.Items[i].Label = label[d.Items[i].Label]
	}
	d.Classes = kept
	var names []string
	for _, class := range d.empty {
		names = append(names, phrase.Printable(class))
	}
	d.tell(diagnosis.Warning, CodeEmptyClass, nil, "Add images, or remove the folder.",
		"%s no usable image, and so no class: %s.", phrase.Plural(len(names), "folder has", "folders have"), phrase.Listed(names))
}

// dropLeaks skips the images of a given split that are also in a subset that judges: a copy in test counts more than one
// in val, and that more than one in train.
func (d *Dataset) dropLeaks() {
	judges := map[digest.Sum]Item{} // by content
	for _, side := range []string{Val, Test} {
		for _, i := range d.Select(side) {
			if _, ok := judges[d.Items[i].SHA256]; !ok || side == Test {
				judges[d.Items[i].SHA256] = d.Items[i]
			}
		}
	}
	d.drop(func(i int) string {
		judge, ok := judges[d.Items[i].SHA256]
		if !ok || judge.Split == d.Items[i].Split {
			return ""
		}
		return fmt.Sprintf("the same image as %s: in two subsets it would make the score too good", phrase.Printable(judge.Path))
	})
}

// assign gives every item its subset.
func (d *Dataset) assign(together [][]int) {
	if !d.GivenSplit {
		split(d.Items, together, len(d.Classes), d.Options.Val, d.Options.Test, d.Options.Seed)
		return
	}
	given := len(d.Select(Val)) > 0
	d.noteFractions(given)
	if given || d.Options.Val == 0 {
		return
	}
	// Folders with train and test only: the validation images come out of train.
	var open [][]int
	for _, group := range together {
		if !slices.ContainsFunc(group, func(i int) bool { return d.Items[i].Split != Train }) {
			open = append(open, group)
		}
	}
	split(d.Items, open, len(d.Classes), d.Options.Val, 0, d.Options.Seed)
	d.tell(diagnosis.Note, CodeSplit, nil, "", "There is no val folder: %g %% of the training images validate.", 100*d.Options.Val)
}

// noteFractions names those fractions that somebody has asked for and that a given split leaves unused.
func (d *Dataset) noteFractions(val bool) {
	var unused []string
	if fraction := d.Options.Val; val && fraction != 0 && fraction != DefaultOptions().Val {
		unused = append(unused, fmt.Sprintf("validation (%g %%)", 100*fraction))
	}
	if fraction := d.Options.Test; fraction != 0 {
		unused = append(unused, fmt.Sprintf("test (%g %%)", 100*fraction))
	}
	if unused == nil {
		return
	}
	noun, verb := "fraction", "is"
	if len(unused) > 1 {
		noun, verb = "fractions", "are"
	}
	d.tell(diagnosis.Note, CodeSplit, nil, "Put the folders of the classes beside each other for a split by fractions.",
		"The folders or the list bring their own split: the %s for %s %s not used.", noun, strings.Join(unused, " and "), verb)
}

// finish puts everything in its final order, and seals it with the digest.
func (d *Dataset) finish() {
	slices.SortFunc(d.Skipped, func(a, b Skipped) int { return strings.Compare(a.Path, b.Path) })
	diagnosis.Sort(d.Diagnoses)
	hash := sha256.New()
	for _, class := range d.Classes {
		fmt.Fprintf(hash, "class %q\n", class)
	}
	var line []byte
	for _, item := range d.Items { // as fmt's "%s %d %s %q\n", which takes longer than the rest of a load where no file has changed
		line = append(hex.AppendEncode(line[:0], item.SHA256[:]), ' ')
		line = append(strconv.AppendInt(line, int64(item.Label), 10), ' ')
		line = append(append(line, item.Split...), ' ')
		line = append(strconv.AppendQuote(line, item.Path), '\n')
		_, _ = hash.Write(line) // a hash takes all
	}
	d.Digest = hex.EncodeToString(hash.Sum(nil))
}

// Geometry is what the items become for the model, by the options.
func (d *Dataset) Geometry() Geometry {
	return Geometry{Size: d.Options.Size, Method: d.Options.Method, Decode: d.Options.Decode}
}

func (d *Dataset) file(item int) string {
	return filepath.Join(d.Root, filepath.FromSlash(d.Items[item].Path))
}
