// Package imagefolder turns a folder of images into a checked, labeled, split dataset.
//
// A class is a folder; images may lie at any depth below it. A folder in which train and val or test folders share classes
// brings its own split. Everything that cannot be used is skipped with a reason that a person understands; the same files and the
// same seed give the same split on every machine.
package imagefolder

import (
	"runtime"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/models/imagefolder/neardup"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imagefolder/source"
	"github.com/headstart-nb/headstart/models/imageio"
)

// The names of the subsets of a split.
const (
	Train = source.Train
	Val   = source.Val
	Test  = source.Test
)

// Geometry, Method and the methods are image's, under the name of the package that most callers import.
type (
	Geometry = imageio.Geometry
	Method   = imageio.Method
)

// The methods of image.Geometry.
const (
	Bilinear = imageio.Bilinear
	Nearest  = imageio.Nearest
	Crop     = imageio.Crop
)

// A Dataset is a set of labeled, checked images. It is read-only after Load.
type Dataset struct {
	Root       string                // the folder that the items' paths are relative to
	Name       string                // the short name that magics use
	Classes    []string              // sorted, unless Options.Classes says otherwise; an Item's label is an index into it
	Items      []Item                // sorted by path
	Skipped    []Skipped             // sorted by path
	Diagnoses  []diagnosis.Diagnosis // what a person should know, the most serious first
	Duplicates []Duplicate           // groups of equal or nearly equal images among Items
	Edits      []Edit                // the edits that stand, in order
	Digest     string                // SHA-256, hex, of classes, paths, contents, labels and split
	Together   [][]int               // lists of Items that belong into one subset or fold: copies, near-copies and Options.GroupBy's
	GivenSplit bool                  // whether the folders (or the CSV) brought their own split
	Listed     bool                  // whether a list gave the labels; else the folders did
	Options    Options               // as given, with the defaults filled in and without Progress

	Unread int // how many files were taken to be those of the last check, and not read again

	prints    []neardup.Fingerprint // of Items, until the near-duplicates are found
	stamps    []filestamp.Stamp     // of Items, as they were when they were checked; nil where no image is large enough to be kept
	groups    []string              // of Items, by Options.GroupBy, until they are described; empty for an item without one; nil without GroupBy
	editsFile string
	empty     []string // class folders without an image, which are not among Classes
}

// An Item is one usable image.
type Item struct {
	Path   string     `json:"path"` // relative to Root, with slashes; may hold any byte but NUL: see Printable
	Label  int        `json:"label"`
	Split  string     `json:"split"`  // Train, Val or Test
	SHA256 digest.Sum `json:"sha256"` // of the file's bytes
	Width  int        `json:"width"`  // upright, in pixels
	Height int        `json:"height"`
	// Reviewed says that a person has kept or relabeled it.
	Reviewed bool `json:"reviewed,omitempty"`
}

// A Skipped is a file that is not used.
type Skipped = source.Skipped

// Ignored tells whether a file or folder is of a kind that people do not mean: hidden, or left behind by a system or a tool.
func Ignored(name string) bool { return source.Ignored(name) }

// Printable is a file's or a class's name for people: as it is where every character can be seen, else quoted with escapes.
func Printable(name string) string { return phrase.Printable(name) }

// A Duplicate is a group of items that show the same image.
type Duplicate struct {
	Items  []int // indices into Dataset.Items, ascending
	Leader int   // the one of Items that each other is equal or nearly equal to
	Exact  bool  // the same bytes; else nearly equal by neardup.Fingerprint
}

// The codes of the diagnoses.
const (
	CodeFewImages   = "few-images"         // a class with too few images to learn or to judge
	CodeEmptyClass  = "empty-class"        // a class folder without a usable image, which is not a class
	CodeOneClass    = "one-class"          // nothing to tell apart
	CodeImbalance   = "imbalance"          // the largest class is many times the smallest
	CodeLeak        = "leak"               // train and val or test share images
	CodeTwoLabels   = source.CodeTwoLabels // the same image under two labels
	CodeDuplicates  = "duplicates"         // the same image more than once under one label
	CodeMissing     = "missing"            // a class is missing in val or test
	CodeSplit       = source.CodeSplit     // something about the split that was not as asked
	CodeSkipped     = "skipped"            // files that are not used
	CodeTransparent = "transparent"        // images of which nothing can be seen
	CodeClassNames  = "class-names"        // names that are easily confused, or in an unexpected order
	CodeGroups      = "groups"             // what Options.GroupBy keeps together
	CodeEdits       = "edits"              // edits that could not be applied
)

// Codes are all of them.
func Codes() []string {
	return []string{
		CodeFewImages, CodeEmptyClass, CodeOneClass, CodeImbalance, CodeLeak, CodeTwoLabels, CodeDuplicates, CodeMissing, CodeSplit, CodeSkipped,
		CodeTransparent, CodeClassNames, CodeGroups, CodeEdits,
	}
}

// Options are the choices of Load. Start with DefaultOptions: the zero value asks for images of no size.
type Options struct {
	Name        string           // empty: the folder's own name
	Val         float64          // the fraction of the images for validation; 0: none
	Test        float64          // the fraction for the test; 0: none
	Size        int              // side in pixels of what the model sees
	Method      Method           // how an image gets there; empty: as the model that gets it wants it
	Decode      imageio.Decoding // before that; empty: as the model that gets it wants it
	Seed        int64            // of the split; 0 is a seed like any other
	FollowSplit bool             // keep given train, val and test folders to the letter, shared images included; an error without them

	// Classes are the labels to use, in their order, as where a model is judged on another folder. Empty: the folders' names,
	// sorted. A folder of another name is an error.
	Classes []string

	// GroupBy keeps the images of a video or a patient in one subset, by the names of folders or files.
	GroupBy GroupBy

	MaxPixels   int64 // the largest width x height that is decoded
	NearBits    int   // fingerprints that differ in at most this many of 256 bits are near-duplicates (neardup.Find); negative: only equal bytes count
	FollowLinks bool  // read through symbolic links that stay inside the folder; else they are skipped
	MaxFiles    int   // refuse a folder with more files

	// StateDir keeps what the check of a file found (by path, size, times and inode, and by content), the near-duplicates, and unpacked
	// archives. Empty: nothing is kept, and an archive is refused.
	StateDir string
	// Rehash reads every file again. Else one whose size, times and inode are those of the last check is taken to be the same.
	Rehash bool

	// Pixels keeps large images at the sizes of Keep, so that they are decoded once. It may be nil.
	Pixels Pixels
	Keep   []Geometry

	// EditsFile is the log of edits. Empty: DefaultEditsFile in the folder or beside the file. NoEdits applies none.
	EditsFile string
	NoEdits   bool

	Workers  int                                // decoders at once
	Progress func(done, total int, what string) // called from one goroutine, a few times a second; total is 0 while unknown; may be nil
}

// DefaultOptions are a fifth of the images for validation, at the size of ImageNet's networks, decoded by all processors.
func DefaultOptions() Options {
	return Options{
		Val: 0.2, Size: 224, Seed: 42, MaxPixels: imageio.DefaultMaxPixels, NearBits: neardup.DefaultBits, MaxFiles: 2_000_000,
		Workers: runtime.GOMAXPROCS(0),
	}
}
