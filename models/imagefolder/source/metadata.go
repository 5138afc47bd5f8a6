package source

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// openMetadata reads a folder with Hugging Face's metadata.csv or metadata.jsonl, at its top or in each folder of a split; false
// where there is none that gives labels.
func openMetadata(ctx context.Context, s *scanner, o Options) (Layout, bool, error) {
	var all []row
	var lists []string
	for _, file := range s.files {
		dir, name := path.Split(file.Path)
		if name != "metadata.csv" && name != "metadata.jsonl" {
			continue
		}
		split, ok := SplitName(path.Clean(dir))
		if dir != "" && !ok {
			continue
		}
		rows, err := readList(filepath.Join(s.root, filepath.FromSlash(file.Path)), o.MaxFiles)
		if err != nil {
			return Layout{}, false, fmt.Errorf("%s: %w", file.Path, err)
		}
		if len(rows) == 0 || !rows[0].named { // its columns are others: a caption, say
			continue
		}
		lists = append(lists, file.Path)
		for _, r := range rows {
			r.path = path.Join(dir, r.path)
			if dir != "" {
				r.split = split
			}
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return Layout{}, false, nil
	}
	l, err := arrangeList(ctx, s.root, all)
	if err == nil {
		l.skipUnnamed(s, lists)
	}
	return l, true, err
}

// skipUnnamed skips the files of a folder that no line of its lists names.
func (l *Layout) skipUnnamed(s *scanner, lists []string) {
	named := map[string]bool{}
	for _, c := range l.Candidates {
		named[c.Path] = true
	}
	for _, skipped := range l.Skipped {
		named[skipped.Path] = true
	}
	for _, list := range lists {
		named[list] = true
	}
	for _, file := range s.files {
		if !named[file.Path] {
			l.Skipped = append(l.Skipped, Skipped{file.Path, "no line of the metadata names it"})
		}
	}
	for _, skipped := range s.skips {
		if !named[skipped.Path] {
			l.Skipped = append(l.Skipped, skipped)
		}
	}
}

// parseJSONList reads a list with a JSON object in each line, which has a file_name and a label. The first object says under which names.
func parseJSONList(r io.Reader, maxRows int) ([]row, error) {
	reader := bufio.NewReader(UnicodeReader(r))
	var rows []row
	var fields *jsonFields
	for line := 1; ; line++ {
		text, readErr := reader.ReadBytes('\n')
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return nil, readErr
		}
		if len(bytes.TrimSpace(text)) > 0 {
			var object map[string]json.RawMessage
			if err := json.Unmarshal(text, &object); err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			if fields == nil {
				if fields = jsonFieldsOf(object); fields == nil {
					return nil, nil // other columns
				}
			}
			r, err := fields.row(object)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", line, err)
			}
			if len(rows) >= maxRows {
				return nil, fmt.Errorf("the list has more than %d lines: choose a smaller one or raise the limit", maxRows)
			}
			r.line, r.named = line, true
			rows = append(rows, r)
		}
		if readErr != nil {
			return rows, nil
		}
	}
}

// jsonFields are the names of what a list's objects say; split is empty where they do not name one.
type jsonFields struct{ path, label, split string }

// jsonFieldsOf finds the names in the first object; nil where it has no path or no label.
func jsonFieldsOf(object map[string]json.RawMessage) *jsonFields {
	names := slices.Sorted(maps.Keys(object)) // a map has no order, and each load must choose the same
	place, ok := namedColumns(names)
	if !ok {
		return nil
	}
	f := &jsonFields{path: names[place.path], label: names[place.label]}
	if place.split >= 0 {
		if _, ok := SplitName(strings.TrimSpace(jsonText(object[names[place.split]]))); ok { // else it is a set of something else
			f.split = names[place.split]
		}
	}
	return f
}

// row reads one object.
func (f jsonFields) row(object map[string]json.RawMessage) (row, error) {
	label := object[f.label]
	if bytes.HasPrefix(label, []byte("[")) || bytes.HasPrefix(label, []byte("{")) {
		return row{}, errors.New("the label is a list: an image has one label")
	}
	record, place := []string{jsonText(object[f.path]), jsonText(label)}, columns{path: 0, label: 1, split: -1}
	if f.split != "" {
		record, place.split = append(record, jsonText(object[f.split])), 2
	}
	return place.row(record)
}

// jsonText is a value as text: a number is its own name, and null is empty.
func jsonText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return string(raw)
	}
	return text
}
