package imagefolder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// A row is one line of a list of images.
type row struct {
	line               int
	path, label, split string
}

// columns are the places of the fields in a list; split is -1 where there is none.
type columns struct{ path, label, split int }

// maxListMiB bounds a list; a line without an end would fill the memory.
const maxListMiB = 256

// openList reads a .csv or .tsv of paths and labels. Paths are relative to the list's folder, and stay in it.
func openList(ctx context.Context, file string, o Options) (layout, error) {
	f, err := safefile.Open(file)
	if err != nil {
		return layout{}, errors.New(plain(err))
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > maxListMiB<<20 {
		return layout{}, fmt.Errorf("a list has at most %d MiB: split it, or name the images' folder", maxListMiB)
	}
	rows, err := parseList(f, o.MaxFiles)
	if err != nil {
		return layout{}, err
	}
	root, err := filepath.EvalSymlinks(filepath.Dir(file))
	if err != nil {
		return layout{}, err
	}
	return arrangeList(ctx, root, rows)
}

// arrangeList finds the files of a list.
func arrangeList(ctx context.Context, root string, rows []row) (layout, error) {
	l := layout{root: root}
	seen := map[string]bool{}
	for n, r := range rows {
		if n%1000 == 0 && ctx.Err() != nil {
			return layout{}, ctx.Err()
		}
		if (r.split != "") != (rows[0].split != "") {
			return layout{}, fmt.Errorf("line %d: either every line names its split, or none", r.line)
		}
		aside := func(reason string) {
			l.aside = append(l.aside, Skipped{r.path, fmt.Sprintf("line %d: %s", r.line, reason)})
		}
		switch {
		case r.label == "":
			aside("it has no label")
			continue
		case !filepath.IsLocal(filepath.FromSlash(r.path)):
			aside("the path leads out of the folder of the list")
			continue
		case seen[r.path]:
			aside("the file stands in the list before")
			continue
		}
		seen[r.path] = true
		file, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(r.path)))
		if err != nil {
			aside("there is no such file")
			continue
		}
		if inside, err := filepath.Rel(root, file); err != nil || !filepath.IsLocal(inside) {
			aside("a symbolic link that leads out of the folder")
			continue
		}
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			aside("it is not a file")
			continue
		}
		l.candidates = append(l.candidates, candidate{found{r.path, info.Size(), info.ModTime().UnixNano()}, r.label, r.split})
	}
	l.given = len(rows) > 0 && rows[0].split != ""
	return l.finishList()
}

func (l layout) finishList() (layout, error) {
	if len(l.candidates) == 0 {
		if len(l.aside) > 0 {
			return layout{}, fmt.Errorf("none of the files in the list can be used; the first: %s: %s", Printable(l.aside[0].Path), l.aside[0].Reason)
		}
		return layout{}, errors.New("the list is empty")
	}
	slices.SortFunc(l.candidates, func(a, b candidate) int { return strings.Compare(a.path, b.path) })
	for _, c := range l.candidates {
		l.classes = append(l.classes, c.class)
	}
	slices.Sort(l.classes)
	l.classes = slices.Compact(l.classes)
	return l, nil
}

// parseList reads the rows. The first line may name the columns; without names they are path, label and, where there are three,
// split. Commas, semicolons and tabs separate.
func parseList(r io.Reader, maxRows int) ([]row, error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bom := []byte("\xef\xbb\xbf"); bytes.HasPrefix(head, bom) {
		if _, err := buffered.Discard(len(bom)); err != nil {
			return nil, err
		}
		head = head[len(bom):]
	}
	reader := csv.NewReader(buffered)
	reader.Comma = separator(head)
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	var rows []row
	place := columns{path: 0, label: 1, split: -1}
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err // names the line
		}
		if first {
			named, ok := namedColumns(record)
			if ok {
				place = named
				continue
			}
			if len(record) == 3 {
				place.split = 2
			}
		}
		line, _ := reader.FieldPos(0)
		parsed, err := place.row(record)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		parsed.line = line
		if len(rows) >= maxRows {
			return nil, fmt.Errorf("the list has more than %d lines: choose a smaller one or raise the limit", maxRows)
		}
		rows = append(rows, parsed)
	}
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

// namedColumns finds the columns by their names, in the spellings that published lists use.
func namedColumns(record []string) (columns, bool) {
	find := func(names ...string) int {
		return slices.IndexFunc(record, func(field string) bool {
			return slices.Contains(names, strings.ToLower(strings.TrimSpace(field)))
		})
	}
	c := columns{
		path:  find("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "image_id"),
		label: find("label", "class", "category", "target", "class_name", "label_name"),
		split: find("split", "set", "subset", "partition"),
	}
	return c, c.path >= 0 && c.label >= 0
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
	r := row{path: path.Clean(filepath.ToSlash(name)), label: strings.TrimSpace(record[c.label])}
	if c.split >= 0 {
		side, ok := splitName(strings.TrimSpace(record[c.split]))
		if !ok {
			return row{}, fmt.Errorf("unknown split %q: use train, val or test", record[c.split])
		}
		r.split = side
	}
	return r, nil
}
