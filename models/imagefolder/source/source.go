// Package source finds the images of a dataset with their labels: in a folder, in a list of paths, or in an archive.
//
// It opens no image. What cannot be used is skipped with a reason.
package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// The names of the subsets of a split.
const (
	Train = "train"
	Val   = "val"
	Test  = "test"
)

// The codes of the diagnoses.
const (
	CodeTwoLabels = "two-labels" // a list gives a file two labels
	CodeSplit     = "split"      // folders that are not part of the split, or look like one
)

// A Layout is what a source says: which file has which label, and which subset of a given split.
type Layout struct {
	Source     string // what was opened, as an absolute path
	Folder     bool   // whether that is a folder; else it is a list or an archive
	Root       string // the folder that the paths are relative to
	Candidates []Candidate
	Classes    []string // sorted; also those without a file
	Given      bool     // whether the source brings a split
	Listed     bool     // whether a list gives the labels; else the folders do
	Skipped    []Skipped
	Notes      []diagnosis.Diagnosis // about the source itself
}

// A Candidate is a file that stands under a label, before it is checked.
type Candidate struct {
	File
	Class string
	Split string // empty: still to be split
	Group string // the folder between the class folder and the file; in a list, the file's folder; empty where there is none
}

// A Skipped is a file that is not used.
type Skipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"` // a sentence for a person
}

// Options are the choices of Open.
type Options struct {
	FollowLinks bool                               // read through symbolic links that stay inside the folder; else they are skipped
	MaxFiles    int                                // refuse a source with more files
	StateDir    string                             // where archives are unpacked; empty: an archive is refused
	Progress    func(done, total int, what string) // called from one goroutine; total is 0; not nil
}

// Open finds the images of a folder, a list or an archive, and their labels.
func Open(ctx context.Context, dir string, o Options) (Layout, error) {
	if strings.Contains(dir, "://") {
		return Layout{}, errors.New("addresses are not fetched: download it, and give the folder or the archive")
	}
	if dir == "" {
		return Layout{}, errors.New("the path is empty: give a folder, such as . for the current one")
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Layout{}, err
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return Layout{}, fmt.Errorf("%s; check the path, which leads to %s", plain(err), phrase.Printable(absolute))
	}
	var l Layout
	switch {
	case info.IsDir():
		l, err = openFolder(ctx, absolute, o)
	case hasEnding(absolute, ".csv", ".tsv", ".jsonl"):
		l, err = openList(ctx, absolute, o)
	case hasEnding(absolute, archiveEndings()...):
		l, err = openArchive(ctx, absolute, o)
	default:
		err = errors.New("it is a file: give a folder, a .csv or .jsonl of paths and labels, a .zip or a .tar")
	}
	l.Source, l.Folder = absolute, info.IsDir()
	return l, err
}

func hasEnding(file string, endings ...string) bool {
	lower := strings.ToLower(file)
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(lower, e) })
}

func openFolder(ctx context.Context, dir string, o Options) (Layout, error) {
	s, err := scan(ctx, dir, o)
	if err != nil {
		return Layout{}, err
	}
	if l, ok, err := openMetadata(ctx, s, o); ok || err != nil {
		return l, err
	}
	l := arrange(s)
	if len(l.Candidates) == 0 {
		return Layout{}, noImages(s)
	}
	return l, nil
}

var errNoFiles = errors.New("there are no files in it: put the images of each class into a folder named after the class")

func noImages(s *scanner) error {
	if len(s.files) > 0 {
		return errors.New("the images lie in no class folder: put those of each class into a folder named after it")
	}
	return errNoFiles
}

// Name is the short name of a source: the folder's, or the file's without its ending.
func Name(dir string) string {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	base := filepath.Base(dir)
	for _, ending := range append(archiveEndings(), ".csv", ".tsv", ".jsonl") {
		if cut := len(base) - len(ending); cut > 0 && strings.EqualFold(base[cut:], ending) {
			return base[:cut]
		}
	}
	return base
}
