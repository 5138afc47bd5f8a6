package source

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
)

// A row is one line of a list of images.
type row struct {
	line               int
	path, label, split string
	named              bool // the list names its columns
	first              bool // of a list whose columns are not known by their names: it may name them
}

// columns are the places of the fields in a list; split is -1 where there is none.
type columns struct{ path, label, split int }

// maxListMiB bounds a list; a line without an end would fill the memory.
const maxListMiB = 256

// openList reads a .csv, .tsv or .jsonl of paths and labels. Paths are relative to the list's folder, and stay in it.
func openList(ctx context.Context, file string, o Options) (Layout, error) {
	rows, err := readList(file, o.MaxFiles)
	if err != nil {
		return Layout{}, err
	}
	root, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return Layout{}, err
	}
	return arrangeList(ctx, root, rows)
}

func readList(file string, maxRows int) ([]row, error) {
	f, err := safefile.Open(file)
	if err != nil {
		return nil, errors.New(plain(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxListMiB<<20 {
		return nil, fmt.Errorf("a list has at most %d MiB: split it, or name the images' folder", maxListMiB)
	}
	if hasEnding(file, ".jsonl") {
		return parseJSONList(f, maxRows)
	}
	return parseList(f, maxRows)
}

// arrangeList finds the files of a list.
func arrangeList(ctx context.Context, root string, rows []row) (Layout, error) {
	l := Layout{Root: root, Listed: true}
	labels := map[string]string{} // by path
	twice := map[string]bool{}    // paths with two labels
	for n, r := range rows {
		if n%1000 == 0 && ctx.Err() != nil {
			return Layout{}, ctx.Err()
		}
		if (r.split != "") != (rows[len(rows)-1].split != "") && !r.first {
			return Layout{}, fmt.Errorf("line %d: either every line names its split, or none", r.line)
		}
		c, reason := r.find(root)
		if label, ok := labels[c.Path]; ok && reason == "" {
			reason = "the file stands in the list before"
			if label != c.Class {
				reason += ", with the label " + phrase.Printable(label)
				twice[c.Path] = true
			}
		}
		if reason != "" {
			l.Skipped = append(l.Skipped, Skipped{r.path, fmt.Sprintf("line %d: %s", r.line, reason)})
			continue
		}
		labels[c.Path] = c.Class
		l.Candidates = append(l.Candidates, c)
	}
	if len(twice) > 0 {
		files := slices.Sorted(maps.Keys(twice))
		l.Notes = append(l.Notes, diagnosis.Diagnosis{
			Severity: diagnosis.Warning, Code: CodeTwoLabels, Paths: files[:min(len(files), diagnosis.MaxPaths)], Fix: "Correct the list.",
			Sentence: fmt.Sprintf("The list gives more than one label to %s: the first counts.", phrase.Plural(len(files), "file", "files")),
		})
	}
	l.Given = len(rows) > 0 && rows[len(rows)-1].split != ""
	return l.finishList()
}

// find looks for a row's file, and says why it cannot be used.
func (r row) find(root string) (Candidate, string) {
	if r.label == "" {
		return Candidate{}, "it has no label"
	}
	file, reason := "", ""
	for _, name := range r.spellings(root) {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			reason = cmp.Or(reason, "the path leads out of the folder of the list")
			continue
		}
		if _, err := os.Lstat(filepath.Join(root, filepath.FromSlash(name))); err == nil {
			file = name
			break
		}
	}
	switch {
	case file != "":
	case reason != "":
		return Candidate{}, reason
	case r.first:
		return Candidate{}, "there is no such file; the line seems to name the columns"
	default:
		return Candidate{}, "there is no such file"
	}
	target, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return Candidate{}, "there is no such file"
	}
	if inside, err := filepath.Rel(root, target); err != nil || !filepath.IsLocal(inside) {
		return Candidate{}, "a symbolic link that leads out of the folder"
	}
	info, err := os.Stat(target)
	if err != nil || !info.Mode().IsRegular() {
		return Candidate{}, "it is not a file"
	}
	return Candidate{newFile(file, info), r.label, r.split, folderOf(file)}, ""
}

// spellings are the names under which a row's file may be found: as it is, from an absolute path to one below the list, with
// slashes for backslashes, in the encoding of old Windows programs, and with an ending that the list leaves out.
func (r row) spellings(root string) []string {
	name := r.path
	if filepath.IsAbs(filepath.FromSlash(name)) {
		if inside, err := filepath.Rel(root, filepath.FromSlash(name)); err == nil {
			name = filepath.ToSlash(inside)
		}
	}
	list := []string{name}
	if strings.Contains(name, `\`) {
		list = append(list, path.Clean(strings.ReplaceAll(name, `\`, "/")))
	}
	if !utf8.ValidString(name) {
		list = append(list, asText(name))
	}
	if path.Ext(name) == "" {
		for _, ending := range []string{".png", ".jpg", ".jpeg", ".JPG", ".tif", ".tiff", ".bmp", ".webp", ".gif"} {
			list = append(list, name+ending)
		}
	}
	return list
}

// asText is a field as it is, or read as Windows-1252, of which Latin-1 is a part, where it is not UTF-8.
func asText(field string) string {
	if utf8.ValidString(field) {
		return field
	}
	if text, err := charmap.Windows1252.NewDecoder().String(field); err == nil {
		return text
	}
	return field
}

// folderOf is the folder of a listed file; empty for one beside the list.
func folderOf(file string) string {
	if dir := path.Dir(file); dir != "." {
		return dir
	}
	return ""
}

func (l Layout) finishList() (Layout, error) {
	if len(l.Candidates) == 0 {
		if len(l.Skipped) > 0 {
			return Layout{}, fmt.Errorf("none of the files in the list can be used; the first: %s: %s", phrase.Printable(l.Skipped[0].Path), l.Skipped[0].Reason)
		}
		return Layout{}, errors.New("the list is empty")
	}
	slices.SortFunc(l.Candidates, func(a, b Candidate) int { return strings.Compare(a.Path, b.Path) })
	for _, c := range l.Candidates {
		l.Classes = append(l.Classes, c.Class)
	}
	slices.Sort(l.Classes)
	l.Classes = slices.Compact(l.Classes)
	return l, nil
}

// parseList reads the rows. The first line may name the columns; without names they are path, label and, where there are three,
// split. Commas, semicolons and tabs separate.
func parseList(r io.Reader, maxRows int) ([]row, error) {
	buffered := bufio.NewReader(UnicodeReader(r))
	head, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	reader := csv.NewReader(buffered)
	reader.Comma = separator(head)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	var rows []row
	var headErr error // of a first line that may name the columns
	named := false
	place := columns{path: 0, label: 1, split: -1}
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			if len(rows) == 0 && headErr != nil {
				return nil, headErr
			}
			return rows, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		if first {
			var found columns
			if found, named = namedColumns(record); named {
				place = found
				continue
			}
			if len(record) == 3 {
				place.split = 2
			}
		}
		line, _ := reader.FieldPos(0)
		parsed, err := place.row(record)
		if first && len(record) == 3 && err != nil {
			headErr = fmt.Errorf("line %d: %w", line, err)
			continue // the third field of a line of names is not a split
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		parsed.line, parsed.named, parsed.first = line, named, first
		if len(rows) >= maxRows {
			return nil, fmt.Errorf("the list has more than %d lines: choose a smaller one or raise the limit", maxRows)
		}
		rows = append(rows, parsed)
	}
}

// UnicodeReader reads UTF-8, and UTF-16 as spreadsheets save it. It leaves out a byte order mark.
func UnicodeReader(r io.Reader) io.Reader {
	buffered := bufio.NewReader(r)
	head, _ := buffered.Peek(4) // an error comes again when it is read
	switch {
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder().Reader(buffered)
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder().Reader(buffered)
	}
	return transform.NewReader(buffered, unicode.BOMOverride(transform.Nop))
}

// separator takes the most frequent of the usual ones in the first line.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best := ','
	for _, candidate := range ";\t" {
		if bytes.Count(line, []byte(string(candidate))) > bytes.Count(line, []byte(string(best))) {
			best = candidate
		}
	}
	return best
}

// namedColumns finds the columns by their names, in the spellings that published lists use. Of several that would do, a file's name comes
// before a number, whatever their order: "id" may be no more than the number of the line.
func namedColumns(record []string) (columns, bool) {
	c := columns{
		path: findColumn(record, "path", "file_name", "filename", "file", "filepath", "file_path", "image_path", "img_path", "image", "img",
			"image_name", "imagename", "fname", "image_id", "id_code", "name", "id"),
		label: findColumn(record, "label", "class", "category", "class_name", "label_name", "classname", "target",
			"diagnosis", "labels", "classes", "species", "breed", "class_id"),
		split: findColumn(record, "split", "set", "subset", "partition"),
	}
	return c, c.path >= 0 && c.label >= 0
}

// findColumn is the place of the first of the names that a record has; -1 where it has none.
func findColumn(record []string, names ...string) int {
	for _, name := range names {
		at := slices.IndexFunc(record, func(field string) bool { return strings.ToLower(strings.TrimSpace(field)) == name })
		if at >= 0 {
			return at
		}
	}
	return -1
}

func (c columns) row(record []string) (row, error) {
	if len(record) <= max(c.path, c.label, c.split) {
		return row{}, fmt.Errorf("it has %d fields, and %d are needed: path, label and, where the first line has it, split",
			len(record), max(c.path, c.label, c.split)+1)
	}
	name := strings.TrimSpace(record[c.path])
	if name == "" {
		return row{}, errors.New("it has no path")
	}
	// ReuseRecord: the strings are the reader's own copies, the slice is not.
	r := row{path: path.Clean(name), label: asText(strings.TrimSpace(record[c.label]))}
	if c.split >= 0 {
		side, ok := SplitName(strings.TrimSpace(record[c.split]))
		if !ok {
			return row{}, fmt.Errorf("unknown split %q: use train, val or test", record[c.split])
		}
		r.split = side
	}
	return r, nil
}
