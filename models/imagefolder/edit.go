package imagefolder

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
)

// DefaultEditsFile is the name of the log of edits inside a dataset's folder; beside a .csv or an archive it follows that
// file's name.
const DefaultEditsFile = ".headstart-edits.jsonl"

// The actions of an Edit.
const (
	Keep    = "keep"    // looked at and found right: no longer proposed
	Delete  = "delete"  // not used; the file itself stays
	Relabel = "relabel" // used under another class
	Undo    = "undo"    // takes back the edit with the number Of
)

// An Edit is one decision of a person about one image. Files are never touched.
type Edit struct {
	Number int       `json:"number"` // counts from 1 within the log
	Action string    `json:"action"`
	Path   string    `json:"path,omitempty"`   // quoted as Printable does, where it is no plain text
	SHA256 string    `json:"sha256,omitempty"` // the edit follows the content when the file is renamed
	Copy   bool      `json:"copy,omitempty"`   // for Delete: images of the same content stay, so that it does not follow the content
	From   string    `json:"from,omitempty"`   // class, for Relabel
	To     string    `json:"to,omitempty"`     // class, for Relabel
	Of     int       `json:"of,omitempty"`     // the edit taken back, for Undo
	Time   time.Time `json:"time"`
}

// validate checks an edit against those before it.
func (e Edit) validate(before []Edit) error {
	if e.Number != len(before)+1 {
		return fmt.Errorf("it has the number %d, and number %d is next", e.Number, len(before)+1)
	}
	switch e.Action {
	case Keep, Delete:
		return nil
	case Relabel:
		if e.To == "" {
			return errors.New("it gives a new label, and names none")
		}
		return nil
	case Undo:
		for _, other := range standing(before) {
			if other.Number == e.Of {
				return nil
			}
		}
		return fmt.Errorf("it takes back edit %d, which does not stand", e.Of)
	}
	return fmt.Errorf("unknown action %q", e.Action)
}

// standing returns the edits that are not taken back, in order, without the Undos.
func standing(edits []Edit) []Edit {
	undone := map[int]bool{}
	for _, e := range edits {
		if e.Action == Undo {
			undone[e.Of] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(edits), func(e Edit) bool { return e.Action == Undo || undone[e.Number] })
}

// EditsFile is where the dataset's edits are kept.
func (d *Dataset) EditsFile() string { return d.editsFile }

// editsFileOf is the default place of the log of a dataset.
func editsFileOf(l source.Layout) string {
	if l.Folder {
		return filepath.Join(l.Source, DefaultEditsFile)
	}
	return l.Source + DefaultEditsFile
}

// RelabelClasses are the classes that an image can be relabeled to: also those of folders without an image.
func (d *Dataset) RelabelClasses() []string { return slices.Concat(d.Classes, d.empty) }

// A Decision is an Edit of some items at once.
type Decision struct {
	Action string // Keep, Delete or Relabel
	Items  []int
	To     string // the class of Relabel
}

// check refuses a decision that makes no sense by itself.
func (d *Dataset) check(c Decision) error {
	if c.Action != Keep && c.Action != Delete && c.Action != Relabel {
		return fmt.Errorf("edit %s: unknown action %q: choose %s, %s or %s", phrase.Printable(d.Name), c.Action, Keep, Delete, Relabel)
	}
	if c.Action == Relabel && !slices.Contains(d.RelabelClasses(), c.To) {
		return fmt.Errorf("edit %s: there is no class %s to relabel to", phrase.Printable(d.Name), phrase.Printable(c.To))
	}
	for _, i := range c.Items {
		if i < 0 || i >= len(d.Items) {
			return fmt.Errorf("edit %s: there is no item %d", phrase.Printable(d.Name), i)
		}
	}
	return nil
}

// Edit writes a decision about items to the log: Keep, Delete, or Relabel to a class. The dataset itself stays as it is; load it
// again to see the effect.
func (d *Dataset) Edit(action string, items []int, to string) error {
	return d.EditAll(Decision{Action: action, Items: items, To: to})
}

// EditAll is Edit for several decisions: all of them are written, or none. Together they leave an image.
func (d *Dataset) EditAll(decisions ...Decision) error {
	deleted := map[int]bool{}
	for _, c := range decisions {
		if err := d.check(c); err != nil {
			return err
		}
		for _, i := range c.Items {
			if c.Action == Delete {
				deleted[i] = true
			}
		}
	}
	if len(deleted) > 0 && len(deleted) == len(d.Items) {
		return fmt.Errorf("edit %s: no image would be left: keep one", phrase.Printable(d.Name))
	}
	stay := map[digest.Sum]bool{} // contents of images that are not deleted
	if len(deleted) > 0 {
		stay = d.contentsWithout(deleted)
	}
	var edits []Edit
	for _, c := range decisions {
		for _, i := range c.Items {
			e := Edit{Action: c.Action, Path: phrase.Printable(d.Items[i].Path), SHA256: d.Items[i].SHA256.String(), Time: time.Now().UTC()}
			switch c.Action {
			case Delete:
				e.Copy = stay[d.Items[i].SHA256]
			case Relabel:
				e.From, e.To = d.Classes[d.Items[i].Label], c.To
			}
			edits = append(edits, e)
		}
	}
	return appendEdits(d.editsFile, edits)
}

// contentsWithout are the contents of all items but some.
func (d *Dataset) contentsWithout(some map[int]bool) map[digest.Sum]bool {
	contents := map[digest.Sum]bool{}
	for i := range d.Items {
		if !some[i] {
			contents[d.Items[i].SHA256] = true
		}
	}
	return contents
}

// Undo takes back the edit with a number, or the last one that stands for 0.
func (d *Dataset) Undo(number int) error { return undo(d.editsFile, d.Name, number) }

func undo(file, name string, number int) error {
	edits, err := ReadEdits(file)
	if err != nil {
		return err
	}
	stand := standing(edits)
	if len(stand) == 0 {
		return fmt.Errorf("undo an edit of %s: there is none", phrase.Printable(name))
	}
	if number == 0 {
		number = stand[len(stand)-1].Number
	}
	return appendEdits(file, []Edit{{Action: Undo, Of: number, Time: time.Now().UTC()}})
}

// A FolderLog is the log of edits of a folder that need not be loaded, such as one that still grows.
type FolderLog struct{ Root string }

func (l FolderLog) file() string { return filepath.Join(l.Root, DefaultEditsFile) }

// Exclude writes that an image is not used. path is relative to the folder, with slashes; sha256 is that of its bytes, in hex.
func (l FolderLog) Exclude(path, sha256 string) error {
	return appendEdits(l.file(), []Edit{{Action: Delete, Path: phrase.Printable(path), SHA256: sha256, Time: time.Now().UTC()}})
}

// Undo takes back the last edit that stands.
func (l FolderLog) Undo() error { return undo(l.file(), filepath.Base(l.Root), 0) }

// Excluded counts the edits that stand, and tells which paths they exclude, by their names for people.
func (l FolderLog) Excluded() (paths map[string]bool, edits int, err error) {
	all, err := ReadEdits(l.file())
	if err != nil {
		return nil, 0, err
	}
	paths = map[string]bool{}
	stand := standing(all)
	for _, e := range stand {
		paths[e.Path] = e.Action == Delete // the last edit of an image counts
	}
	return paths, len(stand), nil
}

// edited tells whether the log has edits that are applied.
func (d *Dataset) edited() (bool, error) {
	if d.Options.NoEdits {
		return false, nil
	}
	edits, err := ReadEdits(d.editsFile)
	return len(standing(edits)) > 0, err
}

// applyEdits replays the log on the items, which are in the order of their paths and not yet split.
func (d *Dataset) applyEdits() error {
	if d.Options.NoEdits {
		return nil
	}
	edits, err := ReadEdits(d.editsFile)
	if err != nil {
		return err
	}
	d.Edits = standing(edits)
	var stale []int
	deleted := map[int]int{} // item to edit
	for _, e := range d.Edits {
		label := slices.Index(d.Classes, e.To)
		items := d.meant(e)
		if len(items) == 0 || e.Action == Relabel && label < 0 {
			stale = append(stale, e.Number)
			continue
		}
		for _, i := range items {
			delete(deleted, i) // the last edit of an image counts
			switch e.Action {
			case Delete:
				deleted[i] = e.Number
			case Relabel:
				d.Items[i].Label = label
				d.Items[i].Reviewed = true
			case Keep:
				d.Items[i].Reviewed = true
			}
		}
	}
	d.drop(func(i int) string {
		if number, ok := deleted[i]; ok {
			return fmt.Sprintf("deleted in edit %d of the log; undo it to use the image again", number)
		}
		return ""
	})
	if len(stale) > 0 {
		d.tell(diagnosis.Warning, CodeEdits, nil, "", "Edits %v of the log are about images or classes that are not here any more.", stale)
	}
	return nil
}

// meant finds an edit's items: the file under its path, else every file with its content. A copy whose file is gone was renamed or
// removed: which, its content does not tell, and an image that was to stay is not deleted for it.
func (d *Dataset) meant(e Edit) []int {
	sum, err := digest.Parse(e.SHA256)
	if err != nil {
		return nil
	}
	var same []int
	for i := range d.Items {
		if d.Items[i].SHA256 != sum {
			continue
		}
		if phrase.Printable(d.Items[i].Path) == e.Path {
			return []int{i}
		}
		same = append(same, i)
	}
	if e.Copy {
		return nil
	}
	return same
}

// drop skips the items for which reason gives one. It asks in order.
func (d *Dataset) drop(reason func(item int) string) {
	n := 0
	for i := range d.Items {
		if text := reason(i); text != "" {
			d.Skipped = append(d.Skipped, Skipped{Path: d.Items[i].Path, Reason: text})
			continue
		}
		d.Items[n], d.prints[n], d.stamps[n] = d.Items[i], d.prints[i], d.stamps[i]
		if d.groups != nil {
			d.groups[n] = d.groups[i]
		}
		n++
	}
	clear(d.Items[n:])
	d.Items, d.prints, d.stamps = d.Items[:n], d.prints[:n], d.stamps[:n]
	if d.groups != nil {
		d.groups = d.groups[:n]
	}
}
