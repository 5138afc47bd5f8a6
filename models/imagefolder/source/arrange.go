package source

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// SplitName returns the subset that a folder's name stands for.
func SplitName(folder string) (string, bool) {
	switch strings.ToLower(folder) {
	case "train", "training":
		return Train, true
	case "val", "valid", "validation", "dev":
		return Val, true
	case "test", "testing":
		return Test, true
	}
	return "", false
}

// arrange reads labels from folders: class/..., or train/class/... where the top folders are a split.
func arrange(s *scanner) Layout {
	tops := topFolders(s.folders)
	l := Layout{Root: s.root, Given: givesSplit(tops), Skipped: s.skips}
	if l.Given {
		l.noteIgnored(l.arrangeFiles(s, 2))
	} else {
		l.arrangeFiles(s, 1)
		l.noteNoSplit(tops)
	}
	return l
}

// arrangeFiles takes the classes from the folders at a depth, and the files below them. It returns the top folders that are
// not used.
func (l *Layout) arrangeFiles(s *scanner, depth int) (unused []string) {
	for _, folder := range s.folders {
		if parts := strings.Split(folder, "/"); len(parts) == depth && l.counts(parts[0]) {
			l.Classes = append(l.Classes, parts[depth-1])
		}
	}
	slices.Sort(l.Classes)
	l.Classes = slices.Compact(l.Classes)
	ignored := map[string]int{} // files, by top folder
	for _, folder := range s.folders {
		if !l.counts(folder) && !strings.Contains(folder, "/") {
			ignored[folder] = 0
		}
	}
	for _, file := range s.files {
		parts := strings.SplitN(file.Path, "/", depth+1)
		if len(parts) > 1 && !l.counts(parts[0]) {
			ignored[parts[0]]++
			continue
		}
		if len(parts) <= depth {
			l.Skipped = append(l.Skipped, Skipped{file.Path, "lies outside of any class folder"})
			continue
		}
		c := Candidate{File: file, Class: parts[depth-1], Group: firstFolder(parts[depth])}
		if l.Given {
			c.Split, _ = SplitName(parts[0])
		}
		l.Candidates = append(l.Candidates, c)
	}
	unused = slices.Sorted(maps.Keys(ignored))
	for _, folder := range unused {
		reason := "the folder is not part of the split; " + phrase.Plural(ignored[folder], "file in it is", "files in it are") + " not used"
		l.Skipped = append(l.Skipped, Skipped{folder, reason})
	}
	return unused
}

// counts says whether files below a top folder are used: where there is a split, only those of its subsets.
func (l *Layout) counts(top string) bool {
	if !l.Given {
		return true
	}
	_, ok := SplitName(strings.SplitN(top, "/", 2)[0])
	return ok
}

// firstFolder is the first folder of a path below its class folder; empty for a file that lies in the class folder itself.
func firstFolder(below string) string {
	if folder, _, ok := strings.Cut(below, "/"); ok {
		return folder
	}
	return ""
}

// noteIgnored says which folders beside those of the split are not used.
func (l *Layout) noteIgnored(unused []string) {
	if len(unused) == 0 {
		return
	}
	names := make([]string, len(unused))
	for i, folder := range unused {
		names[i] = phrase.Printable(folder)
	}
	l.Notes = append(l.Notes, diagnosis.Diagnosis{
		Severity: diagnosis.Note, Code: CodeSplit, Paths: names[:min(len(names), diagnosis.MaxPaths)],
		Sentence: fmt.Sprintf("The folders bring their own split; what is beside its folders is ignored: %s.", phrase.Listed(names)),
		Fix:      "Move them into a class folder of train to use their images.",
	})
}

// noteNoSplit warns where folders are named as those of a split and count as classes.
func (l *Layout) noteNoSplit(tops map[string][]string) {
	var names []string
	train := false
	for _, top := range slices.Sorted(maps.Keys(tops)) {
		if side, ok := SplitName(top); ok {
			names = append(names, phrase.Printable(top))
			train = train || side == Train
		}
	}
	if !train || len(names) < 2 {
		return
	}
	l.Notes = append(l.Notes, diagnosis.Diagnosis{
		Severity: diagnosis.Warning, Code: CodeSplit,
		Sentence: fmt.Sprintf("The folders %s count as classes, not as a split: no class folder is in two of them.", strings.Join(names, ", ")),
		Fix:      "For a split, put the same class folders into each of them.",
	})
}

// topFolders are the folders directly below the root, with the names of those inside each.
func topFolders(folders []string) map[string][]string {
	tops := map[string][]string{}
	for _, folder := range folders {
		parts := strings.Split(folder, "/")
		switch len(parts) {
		case 1:
			tops[parts[0]] = append(tops[parts[0]], []string{}...)
		case 2:
			tops[parts[0]] = append(tops[parts[0]], parts[1])
		}
	}
	return tops
}

// givesSplit says whether top folders are a split. They are where a train folder with class folders stands beside a val or a
// test folder, and the two share a class; or where train has class folders and nothing but folders of a split is beside it.
func givesSplit(tops map[string][]string) bool {
	classes := map[string]map[string]bool{Train: {}, Val: {}, Test: {}}
	others := 0
	for top, inside := range tops {
		side, ok := SplitName(top)
		if !ok {
			others++
			continue
		}
		for _, class := range inside {
			classes[side][class] = true
		}
	}
	if len(classes[Train]) == 0 {
		return false
	}
	for class := range classes[Train] {
		if classes[Val][class] || classes[Test][class] {
			return true
		}
	}
	return others == 0
}
